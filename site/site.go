// Package site is the shipped site: one host with the preflight of the paper
// environment and the whole pipeline, as in docker-compose.yml.
package site

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/packs/trading"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// Site returns the site. It includes the checks in the preflight.yml of the
// working folder.
func Site() preflight.Site { return With(config()) }

// With returns the site with the checks in a preflight.yml. An empty path adds
// none.
func With(config string) preflight.Site {
	return preflight.Site{
		Name: "arbitrage",
		Packs: []preflight.Pack{
			trading.Pack(trading.Options{Config: config}),
			pipeline.Pack(pipeline.Options{}).With(beforeTrading()...),
		},
		Envs:   []string{"paper"},
		Timing: metrics.Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second},
		ExternalLabels: map[string][]string{
			"environment": {"paper"},
			"cluster":     {"local"},
			"project":     {trading.Namespace},
		},
		Jobs: []preflight.Job{
			{Name: "arbitrage_exporter", ByEnv: map[string][]string{"paper": {"host.docker.internal:9100"}}},
			// node_exporter serves the results of the preflight, so its scrape
			// interval is shorter.
			{Name: "node_exporter", Targets: []string{"node-exporter:9100"}, Interval: "5s"},
			{Name: "prometheus", Targets: []string{"prometheus:9090"}},
			{Name: "alertmanager", Targets: []string{"alertmanager:9093"}},
			{Name: "webhook", Targets: []string{"webhook:9917"}},
			{Name: "preflight", Targets: []string{"preflight:9916"}},
		},
		Severities:   routing.Priorities(),
		Urgent:       []string{"PreflightCheckFailed", "UrgentUndelivered"},
		Levels:       levels(),
		Routing:      notifications(),
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917", Token: routing.Secret("webhook_token")},
		Grafana:      preflight.Grafana{URL: "http://localhost:3000"},
		RunbookURL:   "https://github.com/alertnative/preflight/blob/main/generated/runbooks",
	}
}

// config returns the path of the working folder's preflight.yml, or "" if there
// is none.
func config() string {
	const file = "preflight.yml"
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return file
}

// beforeTrading adds the consequences for trading to alerts of the pipeline.
func beforeTrading() []preflight.Change {
	return []preflight.Change{
		preflight.Override{Alert: "TargetDown", Edit: func(a *rules.Alert) {
			a.Actions = append(a.Actions, `{{ if eq $labels.job "node_exporter" }}results of the preflight no longer arrive: do not start trading{{ end }}`)
			ko := a.Translations["ko"]
			ko.Actions = append(ko.Actions, `{{ if eq $labels.job "node_exporter" }}프리플라이트 결과가 수집되지 않으므로 거래를 시작하지 말 것{{ end }}`)
			a.Translations["ko"] = ko
			a.About += " For node_exporter these are the results of every preflight."
		}},
		preflight.Override{Alert: "UrgentUndelivered", Edit: func(a *rules.Alert) {
			a.Actions = append([]string{"do not trade"}, a.Actions...)
			a.Summary = withCheck(a.Summary)
			ko := a.Translations["ko"]
			ko.Summary = withCheck(ko.Summary)
			ko.Actions = append([]string{"거래하지 말 것"}, ko.Actions...)
			a.Translations["ko"] = ko
		}},
	}
}

// withCheck adds the failed check to the name of the undelivered alert.
func withCheck(summary string) string {
	const alert = "{{ $labels.undelivered }}"
	return strings.Replace(summary, alert, alert+"{{ if $labels.check }} ({{ $labels.check }}, {{ $labels.target }}){{ end }}", 1)
}
