package codegen

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// ReadPreflight is the shipped pack with the checks that a preflight.yml adds.
// Without the file it is the shipped pack alone.
func ReadPreflight(file string) (Pack, error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return Preflight(), nil
	}
	config, err := checks.ReadConfig(file)
	if err != nil {
		return Pack{}, err
	}
	return Preflight(config.Specs()[len(checks.Shipped()):]...), nil
}

// Preflight is the shipped pack, the preflight of the arbitrage system, with
// checks of one's own after the shipped ones.
func Preflight(own ...checks.Spec) Pack {
	specs := append(checks.Shipped(), own...)
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
			Fallback: rules.Fallback{
				BotTokenFile: "/run/secrets/telegram_bot_token",
				ChatIDFile:   "/run/secrets/telegram_fallback_chat_id",
			},
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
		Exporters:  slices.Concat(metrics.Exporters(), api.NewFamilies().All(), metrics.NewChecker().All()),
		Checks:     specs,
		Groups:     []rules.Group{rules.Preflight(), rules.Performance(), rules.Pipeline(), rules.Watchdog(), rules.Webhook(), rules.Checker()},
		Routing:    rules.Routes(),
		Dashboards: []dashgen.Dashboard{dashgen.SystemHealth()},
	}
}
