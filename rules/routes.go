package rules

import (
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// The receivers of the shipped routing.
const (
	ReceiverLoud     = "telegram-loud"
	ReceiverSilent   = "telegram-silent"
	ReceiverHistory  = "history"
	ReceiverWatchdog = "watchdog"

	ReceiverFallbackLoud   = "fallback-loud"
	ReceiverFallbackBegin  = "fallback-begin"
	ReceiverFallbackSilent = "fallback-silent"
)

// How long Alertmanager waits, by priority. P0 waits 200ms, not 0s, so that
// alerts of one evaluation are one message.
var (
	timingP0 = Timing{GroupWait: 200 * time.Millisecond, GroupInterval: time.Second, Repeat: time.Hour}
	timingP1 = Timing{GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, Repeat: 12 * time.Hour}
	timingP2 = Timing{GroupWait: 5 * time.Minute, GroupInterval: 30 * time.Minute, Repeat: 24 * time.Hour}
	timingP3 = Timing{GroupWait: 5 * time.Minute, GroupInterval: time.Hour, Repeat: 72 * time.Hour}
	// Every 15s: what is known of Prometheus must not be much older than what it
	// sends, and that is once a minute.
	timingWatchdog = Timing{GroupWait: 0, GroupInterval: 5 * time.Second, Repeat: 12 * time.Second}
)

// Routes is the shipped routing.
func Routes() Routing {
	var (
		priority = func(p Priority) Matcher { return Matcher{"priority", string(p)} }
		pipeline = Matcher{"source", "pipeline"}
		byEnv    = []string{"env", "priority"}
		byAlert  = []string{"env", "alertname"}
		byJob    = []string{"alertname", "job"}
	)
	return Routing{
		Receivers: []Receiver{
			{Name: ReceiverLoud, Path: api.NotifyPath(Loud)},
			{Name: ReceiverSilent, Path: api.NotifyPath(Silent)},
			{Name: ReceiverHistory, Path: api.NotifyPath(None)},
			{Name: ReceiverWatchdog, Path: api.WatchdogPath, Heartbeat: true, FiringOnly: true},
			{Name: ReceiverFallbackLoud, Fallback: Loud},
			{Name: ReceiverFallbackBegin, Fallback: Loud, FiringOnly: true},
			{Name: ReceiverFallbackSilent, Fallback: Silent, FiringOnly: true},
		},
		// An alert without a priority is somebody's who did not know of
		// priorities: it is told like a P1.
		Default: Route{Receiver: ReceiverLoud, GroupBy: []string{"alertname"}, Timing: timingP1},
		Routes: append(fallbackRoutes(byJob), []Route{
			{
				Match: []Matcher{{"alertname", "Watchdog"}}, Receiver: ReceiverWatchdog, GroupBy: []string{"alertname"},
				Timing: timingWatchdog,
			},
			// A webhook that is back tells the P0 itself.
			{Match: []Matcher{pipeline, {"alertname", "UrgentUntold"}}, Receiver: ReceiverHistory, GroupBy: byJob, Timing: timingP1},
			{Match: []Matcher{pipeline, priority(P1)}, Receiver: ReceiverLoud, GroupBy: byJob, Timing: timingP1},
			{Match: []Matcher{pipeline, priority(P2)}, Receiver: ReceiverSilent, GroupBy: byJob, Timing: timingP2},
			{Match: []Matcher{pipeline, priority(P3)}, Receiver: ReceiverHistory, GroupBy: byJob, Timing: timingP3},
			{Match: []Matcher{priority(P0)}, Receiver: ReceiverLoud, GroupBy: byEnv, Timing: timingP0},
			{Match: []Matcher{priority(P1)}, Receiver: ReceiverLoud, GroupBy: byEnv, Timing: timingP1},
			{Match: []Matcher{priority(P2)}, Receiver: ReceiverSilent, GroupBy: byAlert, Timing: timingP2},
			{Match: []Matcher{priority(P3)}, Receiver: ReceiverHistory, GroupBy: byAlert, Timing: timingP3},
		}...),
		// Only where a missing resolution does no harm: a P2 about an
		// environment whose P0 tells more.
		Inhibit: []Inhibit{{
			Source: []Matcher{{"alertname", "PreflightCheckFailed"}},
			Target: []Matcher{{"alertname", "PreflightFlapping"}},
			Equal:  []string{"env"},
		}},
		Promises: promises(),
		Quiet:    quiet(),
	}
}

// fallbackRoutes send the alerts that put the webhook in doubt through
// Alertmanager's own Telegram integration as well. They are named one by one:
// whatever else is wrong, the webhook is there to tell it, and a second message
// about it would only be noise. While all is well none of these fires, so that
// nothing is told twice.
//
// Alertmanager's end of an alert would ring like its begin. It is only told
// where the webhook, which tells it quietly, may never have heard of the begin.
func fallbackRoutes(groupBy []string) []Route {
	var (
		loud   = Route{Receiver: ReceiverFallbackLoud, Timing: timingP1}
		begin  = Route{Receiver: ReceiverFallbackBegin, Timing: timingP1}
		silent = Route{Receiver: ReceiverFallbackSilent, Timing: timingP2}
	)
	var routes []Route
	for _, doubt := range []struct {
		alert string
		job   string // of an alert that can be about others
		route Route
	}{
		{"TargetDown", "webhook", loud},
		{"NotificationsFailing", "alertmanager", loud}, // cannot reach the webhook
		{"UrgentUntold", "", begin},
		{"SpoolNotWritable", "", loud},
		{"TelegramFailing", "", begin},
		{"MessagesRefused", "", begin},
		{"WebhookBacklog", "", silent},
	} {
		route := doubt.route
		route.Match = []Matcher{{"source", "pipeline"}, {"alertname", doubt.alert}}
		if doubt.job != "" {
			route.Match = append(route.Match, Matcher{"job", doubt.job})
		}
		route.GroupBy, route.Continue = groupBy, true
		routes = append(routes, route)
	}
	return routes
}
