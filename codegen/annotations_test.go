package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/rules"
)

// linked returns a site whose alerts have links to runbooks and panels.
func linked() preflight.Site {
	s := queueSite()
	s.Grafana.URL, s.RunbookURL = "https://g.example", "https://w.example/runbooks"
	return s
}

// An annotation that a field gives may not be written by hand.
func TestAnnotationsThatAnotherFieldGives(t *testing.T) {
	t.Parallel()
	annotated := func(name string, more ...func(a *rules.Alert)) change {
		return in("QueueLong", func(a *rules.Alert) {
			a.Annotations = map[string]string{name: "by hand"}
			for _, edit := range more {
				edit(a)
			}
		})
	}
	korean := func(a *rules.Alert) {
		a.Title, a.Translations = "Queue long", map[string]rules.Translation{"ko": {Title: "대기열 증가"}}
	}
	const at = `alert "QueueLong", annotation `
	plantEach(t, linked, map[string]planted{
		"another annotation":     {annotated("team"), ""},
		"a summary alone":        {annotated("summary"), ""},
		"a summary twice":        {annotated("summary", func(a *rules.Alert) { a.Summary = "long" }), at + `"summary": DF007: Annotations sets it, and Summary gives it`},
		"a title by the name":    {annotated("title"), at + `"title": DF007: Annotations sets it, and without Title it is the name of the alert`},
		"a reason twice":         {annotated("reason", func(a *rules.Alert) { a.Reason = "full" }), at + `"reason": DF007`},
		"actions twice":          {annotated("actions", func(a *rules.Alert) { a.Actions = []string{"drain it"} }), at + `"actions": DF007`},
		"the runbook":            {annotated("runbook_url"), at + `"runbook_url": DF007: Annotations sets it, and the RunbookURL of the site gives it`},
		"the panel":              {annotated("dashboard_url"), at + `"dashboard_url": DF007: Annotations sets it, and it is the link to the panel`},
		"a translation twice":    {annotated("title_ko", korean), at + `"title_ko": DF007: Annotations sets it, and Translations gives it`},
		"an evaluation":          {annotated("evaluated_at"), at + `"evaluated_at": DF007: Annotations sets it, and the generator gives it`},
		"an evaluation unread":   {all(annotated("evaluated_at"), unhooked), ""},
		"a runbook without ours": {all(annotated("runbook_url"), func(s *preflight.Site) { s.RunbookURL = "" }), ""},
		"a panel without ours":   {all(annotated("dashboard_url"), func(s *preflight.Site) { s.Grafana.URL = "" }), ""},
		"of a rule file":         {ruleFile("{alert: X, expr: queue_up == 0, labels: {sev: grey}, annotations: {runbook_url: 'https://r.example/x', dashboard_url: 'https://g.example/x', summary: down}}"), ""},
		"about a label":          {in("QueueLong", func(a *rules.Alert) { a.About = "the queue {{ $labels.queue }} is above {{ $threshold }}" }), ""},
		"about a label not there": {in("QueueLong", func(a *rules.Alert) { a.About = "the queue {{ $labels.zzz }} is long" }),
			`alert "QueueLong", About: PQ030: the label "zzz" is not in the expression's result`},
	})
	// Links in a rule file take precedence.
	s := linked()
	ruleFile("{alert: X, expr: queue_up == 0, labels: {sev: grey}, annotations: {runbook_url: 'https://r.example/x', dashboard_url: 'https://d.example/x'}}")(&s)
	contains(t, file(t, s, "prometheus/rules/a.yml"), "runbook_url: https://r.example/x", "dashboard_url: https://d.example/x")
}

// The key of a translation is a language in the form of an annotation's suffix.
func TestLanguagesOfTranslations(t *testing.T) {
	t.Parallel()
	in := func(language string) change {
		return in("QueueLong", func(a *rules.Alert) {
			a.Title, a.Translations = "Queue long", map[string]rules.Translation{language: {Title: "대기열 증가"}}
		})
	}
	const at = `alert "QueueLong", Translations["`
	plantEach(t, queueSite, map[string]planted{
		"ko":    {in("ko"), ""},
		"pt_BR": {in("pt_BR"), ""},
		"none":  {in(""), at + `"]: DF013: a language has no name`},
		"en":    {in("en"), at + `en"]: DF013: English is the language of the alert's own texts`},
		"a b":   {in("a b"), at + `a b"]: DF013: it is no language`},
		"pt-BR": {in("pt-BR"), at + `pt-BR"]: DF013: its texts are annotations that end in the name of the language: write "pt_BR"`},
		"KO":    {in("KO"), `write "ko"`},
		"zz":    {in("qzq"), "it is no language"},
		"of a change": {taken(preflight.Override{Alert: "QueueLong", Translations: map[string]rules.Translation{"a b": {About: "x"}}}),
			at + `a b"]: DF013: it is no language`},
		"of a check": {func(s *preflight.Site) {
			alert(s, "QueueLong").Reason = "load"
			s.Packs[0].Checks = []spec.Spec{{Name: "A", Looks: "y", Translations: map[string]spec.Translation{"a b": {Name: "B"}}}}
		}, `check "A", Translations["a b"]: DF013: it is no language`},
	})
}

// Links reach the pages for any address of Grafana and any name.
func TestLinksOfAlerts(t *testing.T) {
	t.Parallel()
	s := linked()
	s.Grafana.URL = "https://g.example/sub/?orgId=2"
	ruleFile("{alert: 'Диск полон & more', expr: queue_up == 0, labels: {sev: grey}}")(&s)
	made := files(t, s)
	contains(t, made["prometheus/rules/queue.yml"], "dashboard_url: https://g.example/sub/d/queue?orgId=2&viewPanel=")
	contains(t, made["prometheus/rules/a.yml"], "runbook_url: https://w.example/runbooks/%D0%94%D0%B8%D1%81%D0%BA-%D0%BF%D0%BE%D0%BB%D0%BE%D0%BD---more.md")
	if made["runbooks/Диск-полон---more.md"] == "" {
		t.Errorf("no such page in %v", paths(made))
	}
	for name, text := range made {
		lacks(t, text, "orgId=2/d/")
		if strings.Contains(text, "?orgId=2?") {
			t.Errorf("%s has two queries in a link", name)
		}
	}
}
