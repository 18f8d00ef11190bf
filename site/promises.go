package site

import "github.com/alertnative/preflight/routing"

// promises state what people rely on, with their own numbers and labels, so
// that a changed route is noticed. Within includes the evaluation interval: 5 s
// for the preflight's rules, and at most a minute for others.
func promises() []routing.Promise {
	return []routing.Promise{
		{
			Match: `priority="P0", source!="pipeline"`, Receiver: loud, Sound: routing.Loud, GroupBy: []string{"env", "priority"},
			Gather: "200ms", Within: "6s", Again: "1h1s", NotAgain: "1h", Resolved: true,
		},
		{
			Match: `priority="P0", source="pipeline", alertname!="UrgentUndelivered"`, Receiver: loud, Sound: routing.Loud, GroupBy: []string{"env", "priority"},
			Gather: "200ms", Within: "1m1s", Again: "1h1s", NotAgain: "1h", Resolved: true,
		},
		{
			Match: `priority="P1", source!="pipeline"`, Receiver: loud, Sound: routing.Loud, GroupBy: []string{"env", "priority"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
		{
			Match: `priority="P2", source!="pipeline"`, Receiver: silent, Sound: routing.Silent, GroupBy: []string{"env", "alertname"},
			Gather: "5m", Within: "31m", Again: "24h30m", NotAgain: "24h", Resolved: true,
		},
		{
			Match: `priority="P3", source!="pipeline"`, Receiver: history, Sound: routing.NoMessage, GroupBy: []string{"env", "alertname"},
			Gather: "5m", Within: "1h1m", Again: "73h", NotAgain: "72h", Resolved: true,
		},

		{
			Match: `priority="P1", source="pipeline"`, Receiver: loud, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
		{
			Match: `priority="P2", source="pipeline"`, Receiver: silent, Sound: routing.Silent, GroupBy: []string{"alertname", "job"},
			Gather: "5m", Within: "31m", Again: "24h30m", NotAgain: "24h", Resolved: true,
		},
		{
			Match: `priority="P3", source="pipeline"`, Receiver: history, Sound: routing.NoMessage, GroupBy: []string{"alertname", "job"},
			Gather: "5m", Within: "1h1m", Again: "73h", NotAgain: "72h", Resolved: true,
		},

		// Alertmanager sends these itself too, because the webhook may have
		// failed.
		{
			Match: `source="pipeline", alertname="TargetDown", job="webhook"`, Receiver: fallbackLoud, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
		{
			Match: `source="pipeline", alertname="NotificationsFailing", job="alertmanager"`, Receiver: fallbackLoud, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
		{
			Match: `source="pipeline", alertname="SpoolNotWritable"`, Receiver: fallbackLoud, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
		{
			Match: `source="pipeline", alertname="WebhookUnauthorized"`, Receiver: fallbackLoud, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
		{
			Match: `source="pipeline", alertname="WebhookInboxStuck"`, Receiver: fallbackBegin, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", FiringOnly: true,
		},
		{
			Match: `source="pipeline", alertname="TelegramFailing"`, Receiver: fallbackBegin, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", FiringOnly: true,
		},
		{
			Match: `source="pipeline", alertname="MessagesRefused"`, Receiver: fallbackBegin, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", FiringOnly: true,
		},
		{
			Match: `source="pipeline", alertname="WebhookBacklog"`, Receiver: fallbackSilent, Sound: routing.Silent, GroupBy: []string{"alertname", "job"},
			Gather: "5m", Within: "31m", Again: "24h30m", NotAgain: "24h", FiringOnly: true,
		},
		{
			Match: `source="pipeline", alertname="UrgentUndelivered"`, Receiver: fallbackBegin, Sound: routing.Loud, GroupBy: []string{"alertname", "job"},
			Gather: "200ms", Within: "1m1s", Again: "1h1s", NotAgain: "1h", FiringOnly: true,
		},
		{
			Match: `source="pipeline", alertname="UrgentUndelivered"`, Receiver: history, Sound: routing.NoMessage, GroupBy: []string{"alertname", "job"},
			Gather: "200ms", Within: "1m1s", Again: "1h1s", NotAgain: "1h", Resolved: true,
		},

		// Alerts of other rules, without a priority.
		{
			Match: `priority!~"P0|P1|P2|P3", alertname!="Watchdog"`, Receiver: loud, Sound: routing.Loud, GroupBy: []string{"alertname"},
			Gather: "30s", Within: "6m", Again: "12h5m", NotAgain: "12h", Resolved: true,
		},
	}
}
