package pipeline

import (
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// heartbeat is the group of the Watchdog. Prometheus sends a firing alert again
// at the first evaluation after its resend delay of a minute, so the group is
// evaluated every few seconds.
func heartbeat() rules.Group {
	return rules.Group{
		Name:     "watchdog",
		Interval: "5s",
		Labels:   map[string]string{api.Source: api.Pipeline},
		Alerts:   []rules.Alert{watchdog},
	}
}

var watchdog = rules.Alert{
	Name: api.Watchdog,
	Expr: `vector(1)`,
	About: "This alert always fires and makes no message. It is the heartbeat that the webhook expects, and it carries the time of its evaluation. " +
		"When no newer evaluation arrives, the webhook reports in the chat that alerting does not work. " +
		"Until the heartbeat is back, it shows no alert as resolved: without Prometheus, alerts expire in Alertmanager although their cause may persist.",
	Scenarios: []rules.Scenario{{
		Name:   "always fires",
		Expect: []rules.Expect{rules.Fires("0m"), rules.Fires("60m")},
	}},
	Equivalents: []finding.Equivalent{
		{Mutant: "1 → 0", Why: anyValue},
		{Mutant: "1 → 2", Why: anyValue},
	},
}

const anyValue = "any value fires, and no text shows it"

// heartbeatRouting sends the Watchdog to the webhook's heartbeat path every 15
// seconds, so that the webhook learns of each evaluation soon. If elsewhere is
// set, an external service gets it too.
func heartbeatRouting(elsewhere routing.Credential) routing.Routing {
	const receiver, alert = "watchdog", `alertname="` + api.Watchdog + `"`
	to := routing.Receiver{Name: receiver, Watchdog: true, FiringOnly: true}
	if !elsewhere.Empty() || elsewhere.Nameless() { // an empty name is a finding
		to.Webhook = []routing.Webhook{{URL: elsewhere}}
	}
	return routing.Routing{
		Receivers: []routing.Receiver{to},
		Route: routing.Route{Routes: []routing.Route{{
			Match: alert, Receiver: receiver, GroupBy: []string{"alertname"},
			GroupWait: "0s", GroupInterval: "5s", RepeatInterval: "15s",
		}}},
		Promises: []routing.Promise{{
			Match: alert, Receiver: receiver, GroupBy: []string{"alertname"}, Gather: "0s", Within: "10s", Again: "20s", NotAgain: "15s",
		}},
	}
}
