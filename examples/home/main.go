// Command home generates the alerting of one VM and a trading bot.
package main

import (
	_ "embed"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

//go:embed bot.prom
var bot string // curl localhost:8000/metrics > bot.prom

func main() { codegen.Main(site()) }

func site() preflight.Site {
	return preflight.Site{
		Name: "home",
		Packs: []preflight.Pack{{
			Name:      "bot",
			Metrics:   metrics.Exposition(bot),
			Exporters: metrics.Exporters("node_exporter"),
			Groups: []rules.Group{{Name: "bot", Alerts: []rules.Alert{
				{Name: "BotStuck", Severity: "critical", Expr: `time() - bot_last_tick_timestamp_seconds > 300`},
				{Name: "BotErrors", Severity: "warning", Expr: `rate(bot_errors_total[5m]) > 0.1`, For: "5m"},
				{Name: "DiskFull", Severity: "critical", Expr: `node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1`, For: "10m"},
			}}},
		}},
		Jobs: []preflight.Job{
			{Name: "node", Targets: []string{"localhost:9100"}},
			{Name: "bot", Targets: []string{"localhost:8000"}},
		},
		Urgent:       []string{"BotStuck", "DiskFull"},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"localhost:9093"}},
		Webhook:      preflight.Webhook{URL: "http://localhost:9917"},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{Name: "me", Chats: []routing.Chat{{Telegram: "$CHAT"}}}},
			Route:     routing.Route{Receiver: "me", GroupBy: []string{"alertname"}},
		},
	}
}
