package rules

import (
	"strings"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/webhook/api"
)

// Links are the public addresses that messages point to. An empty one is left
// out.
type Links struct {
	Dashboard func(uid string, panel int) string
	Runbook   func(alert string) string
}

// Annotations returns the annotations of the alert's rule by name, templates
// included; t expands the units of the queries in them.
func (a Alert) Annotations(t metrics.Timing, links Links) map[string]string {
	out := map[string]string{}
	set := func(name, value string) {
		if value != "" {
			out[name] = t.ExpandTemplate(value)
		}
	}
	text := func(name string, value Text) {
		set(name, value.EN)
		set(name+"_ko", value.KO)
	}
	text("title", a.Title)
	text("summary", a.Summary)
	set("reason", a.Reason)
	set("counts", a.Counts)
	set(api.EvaluatedAt, a.EvaluatedAt)
	text("actions", a.actions())
	if links.Runbook != nil {
		set("runbook_url", links.Runbook(a.Name))
	}
	if links.Dashboard != nil && a.Dashboard != "" {
		set("dashboard_url", links.Dashboard(a.Dashboard, a.Panel))
	}
	return out
}

// actions joins the actions, one a line. They are shown in Korean only when
// every one of them is translated.
func (a Alert) actions() Text {
	var en, ko []string
	for _, action := range a.Actions {
		en = append(en, action.EN)
		if action.KO != "" {
			ko = append(ko, action.KO)
		}
	}
	if len(ko) < len(en) {
		ko = nil
	}
	return Text{EN: strings.Join(en, "\n"), KO: strings.Join(ko, "\n")}
}
