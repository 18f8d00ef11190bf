package rules

import "time"

// promises are what the shipped routing is for, in numbers of their own: a
// route that changes is noticed here.
func promises() []Promise {
	var (
		of       = func(ms ...Matcher) []Matcher { return ms }
		alert    = func(name string) Matcher { return Matcher{"alertname", name} }
		priority = func(p Priority) Matcher { return Matcher{"priority", string(p)} }
		pipeline = Matcher{"source", "pipeline"}

		env = []string{"env", "priority"}
		one = []string{"env", "alertname"}
		job = []string{"alertname", "job"}
	)
	const (
		ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour

		loud, silent, history = ReceiverLoud, ReceiverSilent, ReceiverHistory
	)
	return []Promise{
		{Of: of(priority(P0)), Receiver: loud, GroupBy: env, Timing: Timing{200 * ms, 1 * s, 1 * h}},
		{Of: of(priority(P1)), Receiver: loud, GroupBy: env, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Of: of(priority(P2)), Receiver: silent, GroupBy: one, Timing: Timing{5 * m, 30 * m, 24 * h}},
		{Of: of(priority(P3)), Receiver: history, GroupBy: one, Timing: Timing{5 * m, 1 * h, 72 * h}},

		// What is wrong with the pipeline has a job more often than an
		// environment.
		{Of: of(pipeline, priority(P1)), Receiver: loud, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Of: of(pipeline, priority(P2)), Receiver: silent, GroupBy: job, Timing: Timing{5 * m, 30 * m, 24 * h}},
		{Of: of(pipeline, priority(P3)), Receiver: history, GroupBy: job, Timing: Timing{5 * m, 1 * h, 72 * h}},
		{Of: of(pipeline, priority(P1), alert("UrgentUntold")), Receiver: history, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Of: of(alert("Watchdog")), Receiver: ReceiverWatchdog, GroupBy: []string{"alertname"}, Timing: Timing{0, 5 * s, 12 * s}},

		// When the webhook itself may be what fails, Alertmanager tells too.
		{Also: true, Of: of(pipeline, alert("TargetDown"), Matcher{"job", "webhook"}), Receiver: ReceiverFallbackLoud, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Also: true, Of: of(pipeline, alert("NotificationsFailing"), Matcher{"job", "alertmanager"}), Receiver: ReceiverFallbackLoud, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Also: true, Of: of(pipeline, alert("UrgentUntold")), Receiver: ReceiverFallbackBegin, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Also: true, Of: of(pipeline, alert("SpoolNotWritable")), Receiver: ReceiverFallbackLoud, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Also: true, Of: of(pipeline, alert("TelegramFailing")), Receiver: ReceiverFallbackBegin, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Also: true, Of: of(pipeline, alert("MessagesRefused")), Receiver: ReceiverFallbackBegin, GroupBy: job, Timing: Timing{30 * s, 5 * m, 12 * h}},
		{Also: true, Of: of(pipeline, alert("WebhookBacklog")), Receiver: ReceiverFallbackSilent, GroupBy: job, Timing: Timing{5 * m, 30 * m, 24 * h}},

		// Alerts of others, who know of no priorities.
		{Receiver: loud, GroupBy: []string{"alertname"}, Timing: Timing{30 * s, 5 * m, 12 * h}},
	}
}

// quiet is all that is kept back.
func quiet() []Quiet {
	return []Quiet{{Alert: "PreflightFlapping", While: "PreflightCheckFailed", Same: []string{"env"}}}
}
