package codegen_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

// promising states promises.
func promising(list ...routing.Promise) change {
	return func(s *preflight.Site) { s.Routing.Promises = append(s.Routing.Promises, list...) }
}

func receivers(list ...routing.Receiver) change {
	return func(s *preflight.Site) { s.Routing.Receivers = append(s.Routing.Receivers, list...) }
}

// plantAny makes each change in a new site. There may be further findings about
// other or future alerts.
func plantAny(t *testing.T, list map[string]planted) {
	t.Helper()
	for name, p := range list {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := queueSite()
			p.change(&s)
			found := findings(t, s)
			if p.want == "" && found != "" || p.want != "" && !strings.Contains(found, p.want) {
				t.Errorf("want %q, got:\n%s", p.want, found)
			}
		})
	}
}

// Promises that say too little about an urgent alert, or that do not hold for one
// of several receivers.
func TestPromisesThatSayTooLittle(t *testing.T) {
	t.Parallel()
	const amber, red = `sev="amber"`, `sev="red"`
	whole := routing.Promise{Match: red, Receiver: "mq", Within: "10m"}
	tickets := routing.Promise{Match: amber, Receiver: "mq"}
	second := receivers(routing.Receiver{Name: "second", Chats: []routing.Chat{{Telegram: "$SECOND"}}})
	both := routed(routing.Route{Match: amber, Receiver: "second", Mute: []string{"night"}, Continue: true}, routing.Route{Match: amber, Mute: []string{"noon"}}, routing.Route{Match: red})
	hours := nightly(
		routing.TimeInterval{Name: "night", Times: []string{"00:00-06:00"}}, routing.TimeInterval{Name: "noon", Times: []string{"12:00-13:00"}},
		routing.TimeInterval{Name: "promised", Times: []string{"00:00-06:00"}},
	)
	inTime := func(receiver string, notIn ...string) routing.Promise {
		return routing.Promise{Match: amber, Receiver: receiver, Within: "1h", NotIn: notIn}
	}
	plantAny(t, map[string]planted{
		"receiver and time":           {promising(whole, tickets), ""},
		"the time by another promise": {promising(routing.Promise{Match: red, Receiver: "mq"}, routing.Promise{Match: red, Within: "10m"}, tickets), ""},
		"no time":                     {promising(routing.Promise{Match: red, Receiver: "mq"}, tickets), ""},
		"a grouping alone":            {promising(routing.Promise{GroupBy: []string{"alertname"}}, tickets), "it is urgent and no promise says that it arrives"},
		"a receiver that gets none":   {all(second, promising(routing.Promise{Match: red, Never: "second"}, tickets)), "it is urgent and no promise says that it arrives"},
		"muted, and no time": {
			all(second, hours, routed(routing.Route{Match: red, Receiver: "second", Continue: true, Mute: []string{"night"}}, routing.Route{Match: red}),
				promising(whole, routing.Promise{Match: red, Receiver: "second"}, tickets, routing.Promise{Match: `sev="grey"`, NotIn: []string{"promised"}})),
			"promised to second, and its route is mute at times (Mute night): it is urgent",
		},

		"each receiver has its time": {all(second, hours, both, promising(whole, inTime("second", "promised"), inTime("mq", "noon"))), ""},
		"the time of the other":      {all(second, hours, both, promising(whole, inTime("second", "noon"), inTime("mq", "promised"))), "AM008"},
		"one time for both":          {all(second, hours, both, promising(whole, inTime("second", "promised", "noon"), inTime("mq"), routing.Promise{Match: red, NotIn: nil, Again: "4h1m"})), "AM008"},
		"for all receivers":          {all(second, hours, both, promising(whole, inTime("second"), inTime("mq"), routing.Promise{Match: amber, Again: "1w", NotIn: []string{"promised", "noon"}})), "promised not to be sent in"},
	})
}

// A receiver of another name may notify the same people.
func TestNeverIsAboutPeople(t *testing.T) {
	t.Parallel()
	const amber = `sev="amber"`
	pager := func(name, key string) routing.Receiver {
		return routing.Receiver{Name: name, PagerDuty: []routing.PagerDuty{{RoutingKey: routing.Secret(key), YAML: "severity: critical"}}}
	}
	slack := func(name, channel string) routing.Receiver {
		return routing.Receiver{Name: name, Slack: []routing.Slack{{Channel: channel, APIURL: routing.Secret("slack"), YAML: "username: " + name}}}
	}
	to := func(a, b routing.Receiver) change {
		return all(receivers(a, b), routed(routing.Route{Match: amber, Receiver: b.Name}, routing.Route{Match: `sev="red"`, Receiver: a.Name}),
			promising(routing.Promise{Match: `sev="red"`, Receiver: a.Name, Within: "10m"}, routing.Promise{Match: amber, Receiver: b.Name}, routing.Promise{Match: amber, Never: a.Name}))
	}
	plantAny(t, map[string]planted{
		"another key":     {to(pager("page", "key"), pager("low", "low_key")), ""},
		"the same key":    {to(pager("page", "key"), pager("low", "key")), "AM008"},
		"another channel": {to(slack("page", "#a"), slack("low", "#b")), ""},
		"the same one":    {to(slack("page", "#a"), slack("low", "#a")), `promised never to page, and goes to low, which has the same slack address`},
	})
}

// Only alerts that can be inhibited are reported as such.
func TestInhibitionsOfUrgentAlerts(t *testing.T) {
	t.Parallel()
	const amber, red = `sev="amber"`, `sev="red"`
	beat := func(source string) change {
		return all(heartbeat(often), inhibition(source, `alertname="Watchdog"`), quiet(routing.Quiet{While: source, Match: `alertname="Watchdog"`}))
	}
	plantAny(t, map[string]planted{
		// A red alert matches both sides, so another one does not inhibit it.
		"an alert of both sides": {func(s *preflight.Site) {
			s.Routing.Inhibit = []routing.Inhibit{{Source: red, Target: `sev=~"amber|red"`, Equal: []string{"env"}}}
			s.Routing.Quiet = []routing.Quiet{{While: red, Match: `sev=~"amber|red"`, Equal: []string{"env"}}}
		}, ""},
		"by another":    {all(inhibition(amber, `sev=~"amber|red"`), quiet(routing.Quiet{While: amber, Match: red})), "it holds back BrokerDown, whose severity"},
		"the heartbeat": {beat(red), "it holds back the heartbeat Watchdog"},
	})
}

// The labels of an instance are those of one job.
func TestLabelsOfOneJob(t *testing.T) {
	t.Parallel()
	jobs := func(s *preflight.Site) {
		s.Jobs[0].Labels = map[string]string{"team": "queues", "tier": "back"}
		s.Jobs = append(s.Jobs, preflight.Job{Name: "web", Targets: []string{"w:80"}, Labels: map[string]string{"team": "web", "tier": "front"}})
	}
	web := receivers(routing.Receiver{Name: "web", Chats: []routing.Chat{{Telegram: "$WEB"}}})
	route := func(match string) change { return routed(routing.Route{Match: match, Receiver: "web"}) }
	unstated := func(s *preflight.Site) { s.Jobs[0].YAML = "relabel_configs: [{target_label: rack, replacement: a}]" }
	plantAny(t, map[string]planted{
		"both labels of a job":      {all(jobs, web, route(`team="web", tier="front"`)), ""},
		"labels of two jobs":        {all(jobs, web, route(`team="web", tier="back"`)), `routing, {team="web",tier="back"}: AM002`},
		"a job that relabels":       {all(jobs, unstated, web, route(`team="web", tier="back"`)), ""},
		"a promise for the other":   {all(jobs, web, route(`tier="front"`), promising(routing.Promise{Receiver: "mq", Match: `team="queues"`, Within: "10m"}, routing.Promise{Match: `team!="queues"`, Within: "10m"}, routing.Promise{Match: `team!="queues",tier!="front"`, Receiver: "mq"}, routing.Promise{Match: `team!="queues",tier="front"`, Receiver: "web"})), "AM008"},
		"a promise for what exists": {all(jobs, web, route(`tier="front", team!="queues"`), promising(routing.Promise{Receiver: "mq", Match: `team="queues"`, Within: "10m"}, routing.Promise{Match: `team!="queues"`, Within: "10m"}, routing.Promise{Match: `team!="queues",tier!="front"`, Receiver: "mq"}, routing.Promise{Match: `team!="queues",tier="front"`, Receiver: "web"})), ""},
	})
}

// A route may be for future alerts that a promise names.
func TestRoutesForFutureAlerts(t *testing.T) {
	t.Parallel()
	const amber, red = `sev="amber"`, `sev="red"`
	second := receivers(routing.Receiver{Name: "second", Chats: []routing.Chat{{Telegram: "$SECOND"}}})
	teams := jobLabels(map[string]string{"team": "queues"})
	chatsFirst := routed(routing.Route{Match: red + `, team="queues"`, Receiver: "second", Continue: true}, routing.Route{Match: red}, routing.Route{Match: amber}, routing.Route{Match: `team="queues"`, Receiver: "second"})
	pages := promising(routing.Promise{Match: red, Receiver: "mq", Within: "10m"}, routing.Promise{Match: red + `, team="queues"`, Receiver: "second", Within: "10m"}, routing.Promise{Match: amber, Receiver: "mq"})
	plantAny(t, map[string]planted{
		"promised to them": {all(second, teams, chatsFirst, pages, promising(routing.Promise{Match: `team="queues", sev=""`, Receiver: "second"})), ""},
		"not promised":     {all(second, teams, chatsFirst, pages), `routing, {team="queues"}: AM002`},
	})
}
