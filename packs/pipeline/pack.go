// Package pipeline watches the pipeline itself: the scrapes, Prometheus,
// Alertmanager, the webhook, and the heartbeat that proves that alerts get
// through. Any site can take it.
package pipeline

import (
	"cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/packs/internal/jobs"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// None stands for a job that a site does not have.
const None = jobs.None

// Options fit the pack to a site.
type Options struct {
	// Names of scrape jobs; an empty one is the name in the comment. The alerts
	// on a job that is [None] are left out.
	Prometheus   string // prometheus
	Alertmanager string // alertmanager
	Webhook      string // webhook
	NodeExporter string // node_exporter
	// Heartbeat is the URL of a service elsewhere that also gets the heartbeat.
	// It raises the alarm when the whole machine is gone.
	Heartbeat routing.Credential
}

// withDefaults returns the options with every name given.
func (o Options) withDefaults() Options {
	return Options{
		Prometheus:   cmp.Or(o.Prometheus, "prometheus"),
		Alertmanager: cmp.Or(o.Alertmanager, "alertmanager"),
		Webhook:      cmp.Or(o.Webhook, "webhook"),
		NodeExporter: cmp.Or(o.NodeExporter, "node_exporter"),
		Heartbeat:    o.Heartbeat,
	}
}

// Pack returns the pack.
func Pack(o Options) preflight.Pack {
	o = o.withDefaults()
	p := preflight.Pack{
		Name:      "pipeline",
		Exporters: metrics.Exporters("prometheus", "alertmanager", "node_exporter"),
		Groups:    []rules.Group{programs(o)},
	}
	if o.Webhook != None || !o.Heartbeat.Empty() || o.Heartbeat.Nameless() {
		p.Groups = append(p.Groups, heartbeat())
		p.Routing = heartbeatRouting(o.Heartbeat)
	}
	if o.Webhook != None {
		p.Exporters = append(p.Exporters, api.Metrics()...)
		p.Groups = append(p.Groups, delivery())
	}
	p.Dashboards = []dashgen.Dashboard{board(p.Groups)}
	return jobs.Rename(p, map[string]string{
		"prometheus":    o.Prometheus,
		"alertmanager":  o.Alertmanager,
		"webhook":       o.Webhook,
		"node_exporter": o.NodeExporter,
	})
}

// programs is the group of alerts on the programs that collect and route.
func programs(o Options) rules.Group {
	g := rules.Group{
		Name:   "pipeline",
		Labels: map[string]string{api.Source: api.Pipeline},
		Alerts: []rules.Alert{targetDown(o)},
	}
	if o.NodeExporter != None {
		g.Alerts = append(g.Alerts, textfileScrapeError)
	}
	if o.Prometheus != None {
		g.Alerts = append(g.Alerts, ruleEvaluationFailing)
	}
	if o.Prometheus != None || o.Alertmanager != None {
		g.Alerts = append(g.Alerts, notificationsFailing(o), configReloadFailed(o))
	}
	return g
}

// delivery is the group of alerts on the webhook.
func delivery() rules.Group {
	return rules.Group{
		Name:   "webhook",
		Labels: map[string]string{api.Source: api.Pipeline},
		Alerts: []rules.Alert{
			urgentUndelivered, webhookBacklog, telegramFailing, spoolNotWritable,
			messagesRefused, messagesAmbiguous, historyLagging,
		},
	}
}

// direct labels an alert that the webhook may be unable to deliver. It must
// reach a receiver that does not go through the webhook.
func direct() map[string]string { return map[string]string{api.Delivery: api.Direct} }
