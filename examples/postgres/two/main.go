// Command two monitors the databases of two teams with one pack.
package main

import (
	"time"

	"acme.example/observability/postgres/pack"
	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

func main() { codegen.Main(site()) }

func site() preflight.Site {
	return preflight.Site{
		Name:   "databases",
		Packs:  []preflight.Pack{orders(), billing()},
		Timing: metrics.Timing{Scrape: 15 * time.Second, Evaluation: 15 * time.Second},
		Jobs: []preflight.Job{
			{Name: "orders-db", Targets: []string{"orders-1:9187", "orders-2:9187"}},
			{Name: "billing-db", Targets: []string{"billing:9187"}},
		},
		Urgent:       []string{"PostgresDown"},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917"},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{Name: "databases", Chats: []routing.Chat{{Telegram: "$DATABASES_CHAT"}}}},
			Route:     routing.Route{Receiver: "databases", GroupBy: []string{"alertname", "team"}},
		},
	}
}

func orders() preflight.Pack {
	return postgres.Pack(postgres.Options{Job: "orders-db", Connections: "0.9"}).With(
		preflight.As("orders"), preflight.Labels{"team": "orders"})
}

// billing returns the pack with a shorter delay and the bank's severity.
func billing() preflight.Pack {
	return postgres.Pack(postgres.Options{Job: "billing-db", Replication: true}).With(
		preflight.As("billing"), preflight.Labels{"team": "billing"},
		preflight.Override{
			Alert: "PostgresDown", For: "30s",
			Translations: map[string]rules.Translation{"ko": {Title: "결제 DB 중단", Actions: []string{"서버 로그 확인", "은행에 연락"}}},
			Scenarios: []rules.Scenario{{
				Name:   "half a minute is enough",
				Step:   "15s",
				Series: `pg_up{job="billing-db", instance="db:9187"} 1 0x9 1x9`,
				Expect: []rules.Expect{rules.Quiet("30s"), rules.Fires("1m", `job="billing-db", instance="db:9187"`), rules.Quiet("3m")},
			}},
			Edit: func(a *rules.Alert) { a.Actions = append(a.Actions, "call the bank") },
		})
}
