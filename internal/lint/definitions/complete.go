package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/rules"
)

var alertName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// complete returns the mistakes in rules that do not depend on PromQL.
func (c *Checked) complete() []finding.Finding {
	var out []finding.Finding
	for g, r := range c.Records {
		where := fmt.Sprintf("record %q", r.Name)
		if r.Expr == "" {
			out = append(out, finding.Finding{Code: finding.Incomplete, Where: where, Reason: "has no Expr"})
		}
		out = append(out, c.durations(where, map[string]string{"Interval of its group": g.Interval, "QueryOffset of its group": g.QueryOffset})...)
	}
	for g, a := range c.Context.Alerts {
		out = append(out, c.alertProblems(g, a)...)
	}
	return append(out, c.chapters()...)
}

// chapters reports chapters of runbooks for unknown alerts.
func (c *Checked) chapters() []finding.Finding {
	var names []string
	for _, a := range c.Context.Alerts {
		names = append(names, a.Name)
	}
	var out []finding.Finding
	for _, r := range c.Runbooks {
		if len(r.Alerts) == 0 {
			out = append(out, finding.Finding{Code: finding.NothingChanged, Where: "runbook", Text: r.Markdown, Reason: "a chapter names no alert in Alerts: no runbook would contain it"})
		}
		for _, name := range r.Alerts {
			if !slices.Contains(names, name) {
				out = append(out, finding.Finding{Code: finding.NothingChanged, Where: "runbook",
					Reason: fmt.Sprintf("a chapter is for the alert %q, which no pack has", name), Suggestion: suggest.Nearest(name, names)})
			}
		}
	}
	return out
}

// durations reports durations that do not parse.
func (c *Checked) durations(where string, texts map[string]string) []finding.Finding {
	var out []finding.Finding
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		if _, err := c.Duration(texts[field]); err != nil {
			out = append(out, finding.Finding{
				Code: finding.Unreadable, Where: where, Part: field, Text: texts[field], To: len(texts[field]), Reason: err.Error(),
			})
		}
	}
	return out
}

// alertProblems returns the missing fields of an alert. It does not check names
// and labels in rule files, which have other authors.
func (c *Checked) alertProblems(g site.Group, a rules.Alert) []finding.Finding {
	where := fmt.Sprintf("alert %q", a.Name)
	out := c.durations(where, map[string]string{
		"For": a.For, "KeepFiringFor": a.KeepFiringFor, "Interval of its group": g.Interval, "QueryOffset of its group": g.QueryOffset,
	})
	need := func(code finding.Code, ok bool, problem string, args ...any) {
		if !ok {
			out = append(out, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(problem, args...)})
		}
	}
	need(finding.Incomplete, a.Expr != "", "has no Expr")
	need(finding.Incomplete, g.FromFile != "" || alertName.MatchString(a.Name), "its name must be in CamelCase")
	severities := []string{a.Severity}
	for i, cond := range a.Also {
		need(finding.Incomplete, cond.Expr != "", "Also %d has no Expr", i+1)
		need(finding.Incomplete, cond.Severity != "", "Also %d has no Severity", i+1)
		for before, severity := range severities {
			with := "the alert"
			if before > 0 {
				with = fmt.Sprintf("Also %d", before)
			}
			need(finding.Incomplete, cond.Severity == "" || cond.Severity != severity,
				"Also %d has the level of %s, %s: give it a severity of another level, or join the two expressions with or", i+1, with, severity)
		}
		severities = append(severities, cond.Severity)
	}
	need(finding.Clash, g.FromFile != "" || a.Labels[c.Scale.Label] == "", "Labels sets %q, which holds the severity: use Severity", c.Scale.Label)
	if _, set := c.AlertLabels(g, a)["env"]; a.PerEnv {
		need(finding.Clash, !set, "Labels sets \"env\", which PerEnv sets to each environment: leave it out")
	}
	if a.Untested != "" {
		need(finding.NoScenario, len(a.Scenarios) == 0, "it has scenarios, and Untested gives a reason for having none: delete Untested")
	}
	fires, quiet := false, false
	for _, s := range a.Scenarios {
		need(finding.NoScenario, s.Name != "", "a scenario has no Name")
		need(finding.NoScenario, len(s.Expect) > 0, "the scenario %q expects nothing", s.Name)
		for _, e := range s.Expect {
			fires = fires || len(e.Instances) > 0
			quiet = quiet || len(e.Instances) == 0
		}
	}
	if len(a.Scenarios) > 0 {
		need(finding.NoScenario, fires, "no scenario makes it fire")
		need(finding.NoScenario, quiet || a.Severity == "", "no scenario keeps it quiet")
	}
	return append(out, translations(where, a)...)
}

// translations reports untranslated texts of a translated alert.
func translations(where string, a rules.Alert) []finding.Finding {
	var out []finding.Finding
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		t := a.Translations[language]
		if reason := badLanguage(language); reason != "" {
			out = append(out, finding.Finding{Code: finding.NoTranslation, Where: where, Part: fmt.Sprintf("Translations[%q]", language), Reason: reason})
			continue
		}
		missing := func(text string) {
			out = append(out, finding.Finding{Code: finding.NoTranslation, Where: where,
				Reason: fmt.Sprintf("Translations[%q] has no %s, so a message would be in two languages", language, text)})
		}
		for _, text := range []struct{ name, own, twin string }{
			{"Title", a.Title, t.Title}, {"Summary", a.Summary, t.Summary}, {"Headline", a.Headline, t.Headline}, {"ListTitle", a.ListTitle, t.ListTitle},
		} {
			if text.own != "" && text.twin == "" {
				missing(text.name)
			}
			if text.own == "" && text.twin != "" && text.name != "Title" {
				out = append(out, finding.Finding{Code: finding.NoTranslation, Where: where,
					Reason: fmt.Sprintf("Translations[%q] has a %s, and the alert has none", language, text.name)})
			}
		}
		if len(t.Actions) != len(a.Actions) {
			out = append(out, finding.Finding{Code: finding.NoTranslation, Where: where,
				Reason: fmt.Sprintf("Translations[%q] has %d actions, and the alert has %d", language, len(t.Actions), len(a.Actions))})
		}
	}
	return out
}
