package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// heartbeat adds an alert that always fires, with its route to the webhook.
func heartbeat(r routing.Route) change {
	return func(s *preflight.Site) {
		g := &s.Packs[0].Groups[0]
		g.Alerts = append(g.Alerts, rules.Alert{Name: "Watchdog", Expr: "vector(1)", Untested: "it always fires"})
		s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "heartbeat", Watchdog: true})
		r.Match, r.Receiver = `alertname="Watchdog"`, "heartbeat"
		s.Routing.Route.Routes = append(s.Routing.Route.Routes, r)
	}
}

// often is a route with a short enough interval for the heartbeat.
var often = routing.Route{GroupWait: "1s", GroupInterval: "10s", RepeatInterval: "30s"}

// With or without promises, an urgent alert must make a message, and the
// heartbeat must arrive in time.
func TestUrgentAlertsMakeMessages(t *testing.T) {
	t.Parallel()
	first := func(edit func(r *routing.Receiver)) change {
		return func(s *preflight.Site) { edit(&s.Routing.Receivers[0]) }
	}
	times := func(list ...routing.TimeInterval) change {
		return func(s *preflight.Site) { s.Routing.TimeIntervals = list }
	}
	to := func(match string, receiver routing.Receiver) change {
		return func(s *preflight.Site) {
			receiver.Name = "other"
			s.Routing.Receivers = append(s.Routing.Receivers, receiver)
			s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: match, Receiver: "other"})
		}
	}
	muted := func(route string, r routing.Route) change {
		return func(s *preflight.Site) {
			s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: route, Receiver: "chat", Mute: r.Mute, Active: r.Active})
		}
	}
	nights := routing.TimeInterval{Name: "nights", Times: []string{"00:00-08:00"}, Location: "Asia/Seoul"}
	days := routing.TimeInterval{Name: "days", Times: []string{"08:00-24:00"}, Location: "Asia/Seoul"}
	const page = `severity="page"`
	for name, tt := range map[string]struct {
		plant change
		want  string
	}{
		"a chat":                {all(), ""},
		"the history":           {to(page, routing.Receiver{Sound: routing.NoMessage}), `alert "DiskFull": AM001: with {alertname="DiskFull"`},
		"the history, no more":  {first(func(r *routing.Receiver) { r.Sound, r.Chats = routing.NoMessage, nil }), `it is urgent and makes no message: the receiver "chat" writes to the history only`},
		"the level's own sound": {all(first(func(r *routing.Receiver) { r.Sound = "" }), func(s *preflight.Site) { s.Severities.Levels[0].Sound = routing.NoMessage }), `the Sound of the level "page" is NoMessage`},
		"a receiver that rings whatever the level says": {func(s *preflight.Site) { s.Severities.Levels[0].Sound = routing.NoMessage }, ""},
		"the history as well": {func(s *preflight.Site) {
			to(page, routing.Receiver{Sound: routing.NoMessage})(s)
			s.Routing.Route.Routes[0].Continue = true
			s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: page, Receiver: "chat"})
		}, ""},
		"a ticket for the history": {all(in("DiskFull", func(a *rules.Alert) { a.Severity = "ticket" }), first(func(r *routing.Receiver) { r.Sound, r.Chats = routing.NoMessage, nil })), ""},

		"the heartbeat's receiver":             {to(page, routing.Receiver{Watchdog: true}), `alert "DiskFull": AM001: with {alertname="DiskFull"`},
		"the heartbeat's receiver, a ticket":   {all(in("DiskFull", func(a *rules.Alert) { a.Severity = "ticket" }), to(`severity="ticket"`, routing.Receiver{Watchdog: true})), "it goes to other, which is for the heartbeat"},
		"the heartbeat's receiver, by default": {func(s *preflight.Site) { s.Routing.Receivers[0] = routing.Receiver{Name: "chat", Watchdog: true} }, "it goes to chat, which is for the heartbeat"},

		"always muted":          {all(times(routing.TimeInterval{Name: "always", Times: []string{"00:00-24:00"}}), muted(page, routing.Route{Mute: []string{"always"}})), `routing, {severity="page"}: AM001: its Mute and Active leave no time`},
		"muted by two":          {all(times(nights, days), muted(page, routing.Route{Mute: []string{"nights", "days"}})), "leave no time"},
		"never active":          {all(times(nights), muted(page, routing.Route{Mute: []string{"nights"}, Active: []string{"nights"}})), "leave no time"},
		"active in the past":    {all(times(routing.TimeInterval{Name: "then", Years: []string{"2020:2021"}}), muted(page, routing.Route{Active: []string{"then"}})), "leave no time"},
		"muted at night":        {all(times(nights), muted(page, routing.Route{Mute: []string{"nights"}})), ""},
		"active at night":       {all(times(nights), muted(page, routing.Route{Active: []string{"nights"}})), ""},
		"muted on all weekdays": {all(times(routing.TimeInterval{Name: "week", Weekdays: []string{"monday:friday"}}), muted(page, routing.Route{Mute: []string{"week"}})), ""},

		"a heartbeat":                       {heartbeat(often), ""},
		"a heartbeat that waits":            {heartbeat(routing.Route{GroupWait: "10m", GroupInterval: "10s", RepeatInterval: "30s"}), `routing, {alertname="Watchdog"}: AM011: the heartbeat Watchdog: it is sent first after up to 11m`},
		"a heartbeat twice a day":           {heartbeat(routing.Route{GroupWait: "1s", GroupInterval: "10s", RepeatInterval: "12h"}), `AM011: the heartbeat Watchdog: it is sent once in up to 12h`},
		"a heartbeat each 3m by groups":     {heartbeat(routing.Route{GroupWait: "1s", GroupInterval: "3m", RepeatInterval: "30s"}), "AM011"},
		"a heartbeat that is muted":         {all(times(nights), heartbeat(routing.Route{GroupWait: "1s", GroupInterval: "10s", RepeatInterval: "30s", Mute: []string{"nights"}})), "AM011: the heartbeat Watchdog: it is not sent at all times"},
		"a heartbeat of a group of minutes": {all(heartbeat(often), func(s *preflight.Site) { s.Packs[0].Groups[0].Interval = "2m" }), "AM011"},
	} {
		s := paged("page")
		s.Routing.Promises = nil
		tt.plant(&s)
		found := findings(t, s)
		if tt.want == "" && found != "" || tt.want != "" && (!strings.Contains(found, tt.want) || strings.Count(found, ": AM") != 1) {
			t.Errorf("%s: want %q alone, got %q", name, tt.want, found)
		}
	}
}

// The webhook expects a heartbeat only if an alert that always fires is sent to
// its path.
func TestHeartbeatIsExpectedIfSent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		plant change
		want  string
	}{
		"sent": {heartbeat(often), "watchdog: true"},
		"of a severity": {all(heartbeat(often), func(s *preflight.Site) {
			s.Packs[0].Groups[0].Alerts[1].Severity = "ticket"
		}), "watchdog: true"},
		"none": {all(), "watchdog: false"},
		"to a receiver that another program reads": {all(heartbeat(often), func(s *preflight.Site) {
			s.Routing.Receivers[1] = routing.Receiver{Name: "heartbeat", Sound: routing.NoMessage}
			s.Packs[0].Groups[0].Alerts[1].Severity = "ticket"
		}), "watchdog: false"},
	} {
		s := paged("page")
		s.Routing.Promises = nil
		tt.plant(&s)
		if text := file(t, s, "webhook/webhook.yml"); !strings.Contains(text, tt.want) {
			t.Errorf("%s: want %s in\n%s", name, tt.want, text)
		}
	}
}
