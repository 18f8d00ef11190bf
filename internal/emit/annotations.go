package emit

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/texts"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// Annotations returns the annotations of one rule of an alert by name, as
// templates, with the units of their queries expanded.
func (c *Context) Annotations(g site.Group, a rules.Alert, cond Condition) map[string]string {
	var vars texts.Vars
	if c.Vars != nil {
		vars = c.Vars(cond.Expr, cond.For)
	}
	out := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			out[name] = c.Timing.ExpandTemplate(texts.Expand(value, vars))
		}
	}
	link := set
	set = func(name, value string) { link(name, inEnv(value, cond.Env)) }
	for name, value := range a.Annotations {
		set(name, value)
	}
	title := a.Title
	if title == "" && g.FromFile == "" && a.Severity != "" {
		title = InWords(a.Name)
	}
	set(api.Title, title)
	set(api.Summary, a.Summary)
	set(api.Reason, a.Reason)
	set(api.Headline, a.Headline)
	set(api.ListTitle, a.ListTitle)
	set(api.Actions, strings.Join(a.Actions, "\n"))
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		t := a.Translations[language]
		set(api.In(api.Title, language), t.Title)
		set(api.In(api.Summary, language), t.Summary)
		set(api.In(api.Headline, language), t.Headline)
		set(api.In(api.ListTitle, language), t.ListTitle)
		set(api.In(api.Actions, language), strings.Join(t.Actions, "\n"))
	}
	if c.Runbook != nil && !linked(g, a, api.RunbookURL) {
		link(api.RunbookURL, c.Runbook(g, a))
	}
	if c.Dashboard != nil && !linked(g, a, api.Dashboard) {
		link(api.Dashboard, c.Dashboard(g, a))
	}
	if c.Webhook.URL != "" && g.FromFile == "" {
		out[api.EvaluatedAt] = EvaluatedAt
		c.ends(g, a, out)
	}
	return out
}

// EvaluatedAt is the template of the annotation with the time of an evaluation.
const EvaluatedAt = `{{ (now | toTime).Format "` + EvaluatedAtLayout + `" }}`

// EvaluatedAtLayout is the layout of the times of evaluations.
const EvaluatedAtLayout = "2006-01-02T15:04:05.000Z"

// late is how much later than planned an evaluation may end an alert.
const late = 15 * time.Second

// ends adds the longest time from the last evaluation that found an alert to its
// real end, and the shortest if keep_firing_for holds the alert: meanwhile
// Prometheus does not expand annotations.
func (c *Context) ends(g site.Group, a rules.Alert, out map[string]string) {
	keep, _ := c.Duration(a.KeepFiringFor) // another check reports a bad duration
	out[api.ResolveWithin] = model.Duration(c.Interval(g) + keep + late).String()
	if keep > 0 {
		out[api.ResolveAfter] = model.Duration(keep).String()
	}
}

// linked reports whether the alert of a rule file has the link already. The
// author's link takes precedence.
func linked(g site.Group, a rules.Alert, name string) bool {
	return g.FromFile != "" && a.Annotations[name] != ""
}

// About returns the description of an alert as plain text, with the numbers of
// its first condition.
func (c *Context) About(g site.Group, a rules.Alert) string {
	return texts.Plain(c.AboutTemplate(g, a))
}

// AboutTemplate returns the description of an alert as a template, with the
// numbers of its first condition.
func (c *Context) AboutTemplate(g site.Group, a rules.Alert) string {
	text := strings.TrimSpace(a.About)
	if a.PerEnv {
		text = inEnv(text, anyEnv)
	}
	if conditions := c.Conditions(g, a, false); c.Vars != nil && len(conditions) > 0 {
		text = texts.Expand(text, c.Vars(conditions[0].Expr, conditions[0].For))
	}
	return c.Timing.ExpandTemplate(text)
}

// InWords returns a name in CamelCase as words: "PostgresDown" is "Postgres
// down".
func InWords(name string) string {
	var out []rune
	letters := []rune(name)
	for i, r := range letters {
		next := i+1 < len(letters) && unicode.IsLower(letters[i+1])
		if i > 0 && unicode.IsUpper(r) && (next || unicode.IsLower(letters[i-1])) {
			out = append(out, ' ')
			if next {
				r = unicode.ToLower(r)
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// textsNameEnv reports whether a message text of an alert contains ENV.
func textsNameEnv(a rules.Alert) bool {
	list := slices.Concat([]string{a.Title, a.Summary, a.Reason, a.Headline, a.ListTitle}, a.Actions, slices.Collect(maps.Values(a.Annotations)))
	for _, t := range a.Translations {
		list = slices.Concat(list, []string{t.Title, t.Summary, t.Headline, t.ListTitle}, t.Actions)
	}
	return slices.ContainsFunc(list, envWord.MatchString)
}
