package main

import (
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/routing"
)

// site returns the deployment of ACME: staging and production.
func site() preflight.Site {
	return preflight.Site{
		Name: "acme",
		Packs: []preflight.Pack{
			shop(),
			pipeline.Pack(pipeline.Options{NodeExporter: "node"}).With(
				preflight.Override{Alert: "TargetDown", For: "3m"},
				preflight.Without{Alert: "HistoryLagging", Why: "ACME keeps no history"},
			),
		},
		Envs:   []string{"staging", "prod"},
		Timing: metrics.Timing{Run: time.Minute, Scrape: 15 * time.Second, Evaluation: 30 * time.Second},
		Jobs: []preflight.Job{
			{
				Name: "api", Labels: map[string]string{"team": "payments"},
				ByEnv: map[string][]string{"staging": {"api.staging:8080"}, "prod": {"api-1:8080", "api-2:8080"}},
			},
			{Name: "node", Targets: []string{"n1:9100"}, Labels: map[string]string{"team": "infra"}},
			{Name: "prometheus", Targets: []string{"prometheus:9090"}},
			{Name: "alertmanager", Targets: []string{"alertmanager:9093"}},
			{Name: "webhook", Targets: []string{"webhook:9917"}},
		},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917"},
		Grafana:      preflight.Grafana{URL: "https://grafana.acme.example"},
		RunbookURL:   "https://wiki.acme.example/runbooks",
		Severities: routing.Severities{Label: "severity", Levels: []routing.Level{
			{Name: "page", Icon: "🚨", Urgent: true, Sound: routing.Loud, Takes: []string{"P0"}},
			{Name: "ticket", Icon: "🎫", Sound: routing.Silent, Takes: []string{"P1", "P2", "P3"}},
		}},
		Urgent:  []string{"ErrorBudgetBurn", "UrgentUndelivered"},
		Levels:  map[string][]string{"page": {"ErrorBudgetBurn"}, "ticket": {"LatencyHigh"}},
		Routing: notifications(),
	}
}

func notifications() routing.Routing {
	const night = "night"
	return routing.Routing{
		Receivers: []routing.Receiver{
			{Name: "pagerduty", PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret("pagerduty_key")}}},
			{Name: "payments", Chats: []routing.Chat{{Telegram: "$PAYMENTS_CHAT"}}},
			{Name: "infra", Chats: []routing.Chat{{Telegram: "$INFRA_CHAT"}}},
			// Alertmanager sends these itself: the webhook may be unable to.
			{Name: "direct", Telegram: []routing.Telegram{{BotToken: routing.Secret("telegram_token"), ChatIDFile: routing.Secret("infra_chat")}}},
		},
		TimeIntervals: []routing.TimeInterval{
			{Name: night, Times: []string{"22:00-24:00", "00:00-07:00"}, Location: "Europe/Berlin"},
			// The promises have a night of their own, so that a mistake in the other is found.
			{Name: "promised-night", Times: []string{"00:00-07:00", "22:00-24:00"}, Location: "Europe/Berlin"},
		},

		// Pages go to PagerDuty and to the team's chat, tickets only to the chat.
		Route: routing.Route{
			Receiver: "infra", GroupBy: []string{"alertname", "env", "team"},
			GroupWait: "10s", GroupInterval: "1m", RepeatInterval: "4h",
			Routes: []routing.Route{
				{Match: `severity="page"`, Receiver: "pagerduty", Continue: true},
				{Match: `severity="ticket", delivery="direct"`, Receiver: "direct"},
				{Match: `severity="ticket", team="payments"`, Receiver: "payments", RepeatInterval: "24h", Mute: []string{night}},
				{Match: `severity="ticket"`, RepeatInterval: "24h", Mute: []string{night}},
				{Match: `team="payments"`, Receiver: "payments"},
				routing.Raw(`{matchers: [source="legacy"], receiver: infra, group_by: [alertname, host]}`),
				{Match: `team=~"infra|"`},
			},
		},
		Inhibit: []routing.Inhibit{{Source: `severity="page", team!="", env!=""`, Target: `severity="ticket"`, Equal: []string{"env", "team"}}},

		// The generator proves these promises for every alert of the site.
		Promises: []routing.Promise{
			{GroupBy: []string{"alertname", "env", "team"}, Gather: "10s", Resolved: true, Match: `alertname!="Watchdog", source!="legacy"`},
			{Match: `severity="page"`, Receiver: "pagerduty", Within: "2m", Again: "4h1m", NotAgain: "4h"},
			{Match: `severity="page", team="payments"`, Receiver: "payments", Within: "2m", Again: "4h1m", Sound: routing.Loud},
			{Match: `severity="page", team=~"infra|"`, Receiver: "infra", Within: "2m", Again: "4h1m", Sound: routing.Loud},
			{Match: `severity="ticket", delivery="direct"`, Receiver: "direct", Within: "2m", Again: "4h1m", NotAgain: "4h"},
			ticket(`team="payments"`, "payments"),
			ticket(`team!="payments"`, "infra"),
			{Match: `severity!="page"`, Never: "pagerduty"},
			{Match: `team="payments"`, Never: "infra"},
			{Match: `team="infra"`, Never: "payments"},
			{Match: `source="legacy", severity="", team="", alertname!="Watchdog"`, Receiver: "infra", GroupBy: []string{"alertname", "host"}, Within: "2m"},
		},
		Others: []string{`source="legacy", severity=""`}, // an older system sends to this Alertmanager
		Quiet:  []routing.Quiet{{Match: `severity="ticket"`, While: `severity="page", team!="", env!=""`, Equal: []string{"env", "team"}}},
	}
}

// ticket promises that tickets arrive in a chat without sound, and not at night.
func ticket(team, receiver string) routing.Promise {
	return routing.Promise{
		Match: `severity="ticket", delivery!="direct", ` + team, Receiver: receiver, Sound: routing.Silent,
		Within: "2m", Again: "24h1m", NotAgain: "24h", NotIn: []string{"promised-night"},
	}
}
