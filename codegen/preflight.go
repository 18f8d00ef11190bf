package codegen

import (
	"slices"
	"time"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// Preflight is the shipped pack: the preflight of the arbitrage system.
func Preflight() Pack {
	specs := checks.Shipped()
	return Pack{
		Namespace: metrics.Namespace,
		Envs:      []string{"paper"},
		Timing:    metrics.DefaultTiming(),
		ExternalLabels: map[string]string{
			"environment": "paper",
			"cluster":     "local",
			"project":     metrics.Namespace,
		},
		Endpoints: Endpoints{
			Targets: map[string][]string{
				"arbitrage_exporter": {"host.docker.internal:9100"},
				"node_exporter":      {"node-exporter:9100"},
				"prometheus":         {"prometheus:9090"},
				"alertmanager":       {"alertmanager:9093"},
				"webhook":            {"webhook:9917"},
				"preflight":          {"preflight:9916"},
			},
			Alertmanagers:    []string{"alertmanager:9093"},
			Webhook:          "http://webhook:9917",
			Grafana:          "http://localhost:3000",
			Runbooks:         "https://github.com/alertnative/preflight/blob/main/generated/runbooks",
			WebhookTokenFile: "/run/secrets/webhook_token",
		},
		Jobs: []Job{
			{Name: "arbitrage_exporter", Labels: map[string]string{"env": "paper"}},
			// node_exporter hands on the results of the preflight, so it is
			// read more often than the rest.
			{Name: "node_exporter", Interval: 5 * time.Second},
			{Name: "prometheus"},
			{Name: "alertmanager"},
			{Name: "webhook"},
			{Name: "preflight"},
		},
		Metrics:    metrics.NewPreflight(metrics.Namespace, checks.Vocabulary(specs...)).All(),
		Exporters:  slices.Concat(metrics.Exporters(), metrics.NewWebhook().All(), metrics.NewChecker().All()),
		Checks:     specs,
		Groups:     []rules.Group{rules.Preflight(), rules.Performance(), rules.Pipeline(), rules.Checker()},
		Routing:    rules.Routes(),
		Dashboards: []dashgen.Dashboard{dashgen.SystemHealth()},
	}
}
