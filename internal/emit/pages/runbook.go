package pages

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/routes"
	"github.com/alertnative/preflight/webhook/api"
)

var (
	//go:embed runbook.md.tmpl
	runbookText string
	//go:embed runbooks.md.tmpl
	runbooksText string
)

// runbookPage is the content of an alert's page.
type runbookPage struct {
	*definitions.Alert
	Title, Summary, Means string
	Does                  []string // actions
	Conditions            []runbookCondition
	Notified              []routes.Notification
	Checks                []spec.Spec // checks whose reasons the alert shows
	Chapters              []string
	Dashboard             string
	Languages             []runbookLanguage
}

type runbookCondition struct{ Severity, Expr, For string }

type runbookLanguage struct {
	Name           string
	Title, Summary string
	Does           []string
}

// languages maps language codes to their own names.
var languages = map[string]string{"ko": "한국어", "ja": "日本語", "zh": "中文", "de": "Deutsch", "fr": "Français", "es": "Español"}

// Runbook returns the page of an alert.
func (p Pages) Runbook(a *definitions.Alert) ([]byte, error) {
	emitted, err := p.AlertRules(a.Group, a.Alert)
	if err != nil {
		return nil, err
	}
	conditions := p.Conditions(a.Group, a.Alert, true)
	annotations := p.Annotations(a.Group, a.Alert, p.ForAnyEnv(conditions[0]))
	page := runbookPage{
		Alert: a, Title: annotations[api.Title], Summary: annotations[api.Summary], Means: p.About(a.Group, a.Alert),
		Notified: p.Routes.Notified(a), Dashboard: p.BoardLink(*a), Chapters: p.chapters(a.Name),
		Does: actions(annotations[api.Actions]),
	}
	for i, r := range emitted {
		if conditions[i].Env != "" && conditions[i].Env != p.Envs[0] {
			continue
		}
		page.Conditions = append(page.Conditions, runbookCondition{r.Labels[p.Scale.Label], r.Expr, r.For.String()})
	}
	page.Checks = p.Explained(*a)
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		name := languages[language]
		if name == "" {
			name = language
		}
		page.Languages = append(page.Languages, runbookLanguage{
			name, annotations[api.In(api.Title, language)], annotations[api.In(api.Summary, language)], actions(annotations[api.In(api.Actions, language)]),
		})
	}
	return genfile.Render("runbook", runbookText, funcs(p), page)
}

func actions(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// chapters returns the chapters that packs add to the page of an alert.
func (p Pages) chapters(alert string) []string {
	var out []string
	for _, r := range p.Runbooks {
		if slices.Contains(r.Alerts, alert) {
			out = append(out, strings.TrimSpace(r.Markdown))
		}
	}
	return out
}

// Index returns the page that lists all alerts.
func (p Pages) Index() ([]byte, error) {
	return genfile.Render("runbooks", runbooksText, funcs(p), p)
}

func funcs(p Pages) map[string]any {
	return map[string]any{
		"plain": texts.Plain,
		"file":  func(a definitions.Alert) string { return p.FileName(a.Group, a.Name) },
		"title": func(a definitions.Alert) string { return p.summary(a) },
	}
}

// summary returns the meaning of an alert in one line.
func (p Pages) summary(a definitions.Alert) string {
	if a.Summary == "" && a.Severity == "" {
		return "the heartbeat of the pipeline"
	}
	conditions := p.Conditions(a.Group, a.Alert, false)
	return texts.Plain(p.Annotations(a.Group, a.Alert, p.ForAnyEnv(conditions[0]))[api.Summary])
}
