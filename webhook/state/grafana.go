package state

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
)

// GrafanaOrigin is the way by which an alert of a Grafana rule arrived.
type GrafanaOrigin int

// The origins.
const (
	NotGrafana      GrafanaOrigin = iota
	ViaAlertmanager               // Grafana gave it to an Alertmanager
	PostedByGrafana               // Grafana posted it itself, so no Alertmanager knows it
)

// OfGrafana reports whether Grafana evaluates the rule of an alert, so that no
// Prometheus has the rule.
func OfGrafana(a template.Alert) GrafanaOrigin {
	switch {
	case a.Annotations[api.SentBy] == api.Grafana:
		return PostedByGrafana
	case a.Annotations[message.OrgID] != "", a.Annotations[message.ValueString] != "", a.Labels["__alert_rule_uid__"] != "":
		return ViaAlertmanager
	default:
		return NotGrafana
	}
}

// maxValueText is the maximum length of the values of an alert, in bytes.
const maxValueText = 4 << 10

// grafanaAlert are the fields that Grafana adds to an alert.
type grafanaAlert struct {
	SilenceURL   anyText         `json:"silenceURL"`
	DashboardURL anyText         `json:"dashboardURL"`
	PanelURL     anyText         `json:"panelURL"`
	ImageURL     anyText         `json:"imageURL"`
	Values       json.RawMessage `json:"values"`
	ValueString  anyText         `json:"valueString"`
}

// annotate keeps the fields as annotations, unless the rule has those itself. Every
// version of the webhook can read them.
func (g grafanaAlert) annotate(a *template.Alert) {
	values := ""
	if len(g.Values) <= maxValueText && json.Unmarshal(g.Values, &map[string]float64{}) == nil && string(g.Values) != "null" {
		values = string(g.Values)
	}
	text := string(g.ValueString)
	if len(text) > maxValueText {
		text = ""
	}
	annotate(a, map[string]string{
		api.SilenceURL: string(g.SilenceURL), api.Dashboard: cmp.Or(string(g.PanelURL), string(g.DashboardURL)), api.ImageURL: string(g.ImageURL),
		message.Values: values, message.ValueString: text,
	})
}

// annotate adds annotations that an alert lacks.
func annotate(a *template.Alert, texts map[string]string) {
	for name, text := range texts {
		if text == "" || a.Annotations[name] != "" {
			continue
		}
		if a.Annotations == nil {
			a.Annotations = template.KV{}
		}
		a.Annotations[name] = text
	}
}

// grafanaPayload are the fields that Grafana adds to a notification, and those of
// its alerting before version 9, which has one alert without a list.
type grafanaPayload struct {
	OrgID   anyText `json:"orgId"`
	Title   anyText `json:"title"`
	State   anyText `json:"state"`
	Message anyText `json:"message"`

	RuleName    anyText         `json:"ruleName"`
	RuleURL     anyText         `json:"ruleUrl"`
	ImageURL    anyText         `json:"imageUrl"`
	Tags        anyTexts        `json:"tags"`
	EvalMatches json.RawMessage `json:"evalMatches"`
}

// sent reports whether Grafana posted the notification.
func (g *grafanaPayload) sent() bool { return g.State != "" && (g.OrgID != "" || g.RuleName != "") }

// complete adds to the alerts of a notification of Grafana what stands beside
// them.
func (g *grafanaPayload) complete(p *Payload) {
	if !g.sent() {
		return
	}
	for i := range p.Alerts {
		annotate(&p.Alerts[i], map[string]string{api.SentBy: api.Grafana, message.OrgID: string(g.OrgID)})
	}
	if g.RuleName != "" && p.GroupKey == "" {
		p.GroupKey = "grafana: " + string(g.RuleName)
	}
	// Organisations have groups of the same key.
	if org := string(g.OrgID); org != "" && org != "1" && p.GroupKey != "" {
		p.GroupKey = "org " + org + ": " + p.GroupKey
	}
	if len(p.Alerts) != 1 {
		return
	}
	a := &p.Alerts[0]
	if a.Labels[model.AlertNameLabel] == "" {
		annotate(a, map[string]string{api.Title: string(g.Title)})
	}
	if a.Annotations[api.Summary] == "" && a.Annotations[api.Description] == "" && !isDefaultMessage(string(g.Message)) {
		annotate(a, map[string]string{api.Message: string(g.Message)})
	}
}

// isDefaultMessage reports whether the message is of Grafana's own template, which
// repeats all labels and annotations.
func isDefaultMessage(text string) bool {
	return strings.HasPrefix(text, "**Firing**") || strings.HasPrefix(text, "**Resolved**")
}

// legacyStates are the states of an alert of Grafana before version 9.
var legacyStates = map[string]string{
	"alerting": string(model.AlertFiring), "no_data": string(model.AlertFiring), "pending": string(model.AlertFiring),
	"ok": string(model.AlertResolved), "paused": string(model.AlertResolved),
}

// legacyAlert returns the alert of a notification that has no list of alerts, or
// none if it is not one of Grafana.
func (g *grafanaPayload) legacyAlert() anyAlerts {
	status, known := legacyStates[strings.ToLower(string(g.State))]
	if !known || g.RuleName == "" {
		return nil
	}
	a := template.Alert{Status: status, Labels: template.KV{}, GeneratorURL: string(g.RuleURL)}
	maps.Copy(a.Labels, template.KV(g.Tags))
	a.Labels[model.AlertNameLabel] = string(g.RuleName)
	a.Fingerprint = Fingerprint(a.Labels)
	texts := map[string]string{api.Summary: string(g.Message), api.ImageURL: string(g.ImageURL), message.Values: g.matches()}
	if strings.EqualFold(string(g.State), "no_data") {
		texts[message.StateReason] = "NoData"
	}
	annotate(&a, texts)
	return anyAlerts{a}
}

// matches returns the values of the metrics that met the condition, as
// [message.Values].
func (g *grafanaPayload) matches() string {
	var list []struct {
		Metric string            `json:"metric"`
		Value  float64           `json:"value"`
		Tags   map[string]string `json:"tags"`
	}
	if json.Unmarshal(g.EvalMatches, &list) != nil || len(list) == 0 {
		return ""
	}
	values := map[string]float64{}
	for _, m := range list[:min(len(list), 10)] {
		name := m.Metric
		if _, known := values[name]; known { // of another host
			name = strings.Join(append([]string{name}, slices.Sorted(maps.Values(m.Tags))...), " ")
		}
		values[name] = m.Value
	}
	text, err := json.Marshal(values)
	if err != nil {
		return ""
	}
	return string(text)
}
