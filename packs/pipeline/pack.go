// Package pipeline monitors the pipeline itself: scrapes, Prometheus,
// Alertmanager, the webhook, and the heartbeat that proves the delivery of
// alerts. Any site can use it.
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

// None means that a site does not have the job.
const None = jobs.None

// Options adapt the pack to a site.
type Options struct {
	// Names of scrape jobs, with the defaults in the comments. The pack omits
	// the alerts on a job that is [None].
	Prometheus   string // prometheus
	Alertmanager string // alertmanager
	Webhook      string // webhook
	NodeExporter string // node_exporter
	// Heartbeat is the URL of an external service that also gets the heartbeat.
	// It can alert when the whole machine is down.
	Heartbeat routing.Credential
}

// withDefaults returns the options with default names.
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

// programs returns the group of alerts on the programs that collect and route.
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

// delivery returns the group of alerts on the webhook.
func delivery() rules.Group {
	return rules.Group{
		Name:   "webhook",
		Labels: map[string]string{api.Source: api.Pipeline},
		Alerts: []rules.Alert{
			urgentUndelivered, webhookBacklog, telegramFailing, spoolNotWritable, spoolNotDurable, spoolReplaced, itemsSetAside,
			webhookUnauthorized, receiverUnknown, webhookUnprotected, webhookInboxStuck, messagesRefused, messagesAmbiguous, historyLagging, clockOff, alertFlapping,
		},
	}
}

// direct returns the label of alerts that the webhook may be unable to deliver.
// They must reach a receiver that does not use the webhook.
func direct() map[string]string { return map[string]string{api.Delivery: api.Direct} }
