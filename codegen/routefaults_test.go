package codegen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
)

// routed returns a small site with these routes below the root.
func routed(routes ...routing.Route) change {
	return func(s *preflight.Site) { s.Routing.Route.Routes = routes }
}

// nightly adds time intervals.
func nightly(list ...routing.TimeInterval) change {
	return func(s *preflight.Site) { s.Routing.TimeIntervals = list }
}

// quiet states the inhibitions of the site.
func quiet(list ...routing.Quiet) change {
	return func(s *preflight.Site) { s.Routing.Quiet = list }
}

func root(edit func(r *routing.Route)) change {
	return func(s *preflight.Site) { edit(&s.Routing.Route) }
}

// Routes, inhibitions and time intervals that Alertmanager accepts, and that do
// not do what they say.
func TestFaultsOfRoutes(t *testing.T) {
	t.Parallel()
	amber, red := `sev="amber"`, `sev="red"`
	night := routing.TimeInterval{Name: "night", Times: []string{"00:00-06:00"}}
	other := func(s *preflight.Site) {
		s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "other", Chats: []routing.Chat{{Telegram: "$OTHER"}}})
	}
	waits := func(interval, repeat string) change {
		return root(func(r *routing.Route) { r.GroupInterval, r.RepeatInterval = interval, repeat })
	}
	muted := func(mute ...string) change { return routed(routing.Route{Match: amber, Mute: mute}) }
	plantEach(t, queueSite, map[string]planted{
		"repeated below the interval":   {waits("5m", "1m"), "RepeatInterval 1m is shorter than GroupInterval 5m: it repeats after 5m"},
		"repeated between two flushes":  {waits("5m", "7m"), "RepeatInterval 7m is no multiple of GroupInterval 5m: it repeats after 10m"},
		"a multiple":                    {waits("5m", "10m"), ""},
		"repeated after the retention":  {waits("1h", "14d"), "RepeatInterval 2w is longer than Alertmanager keeps its notifications, 5d: it repeats after 5d"},
		"within a longer retention":     {all(waits("1h", "14d"), func(s *preflight.Site) { s.Alertmanager.Retention = "360h" }), ""},
		"after a shorter retention":     {all(waits("1h", "4d"), func(s *preflight.Site) { s.Alertmanager.Retention = "3d" }), "longer than Alertmanager keeps its notifications, 3d"},
		"a retention without a unit":    {func(s *preflight.Site) { s.Alertmanager.Retention = "5" }, "Alertmanager.Retention: \"5\" is no duration"},
		"an interval in a child":        {routed(routing.Route{Match: amber, GroupInterval: "90m"}), "RepeatInterval 4h is no multiple of GroupInterval 1h30m: it repeats after 4h30m"},
		"31 February":                   {all(nightly(routing.TimeInterval{Name: "x", Days: []string{"31"}, Months: []string{"february"}}), muted("x")), "contains no time at all"},
		"29 February":                   {all(nightly(routing.TimeInterval{Name: "x", Days: []string{"29"}, Months: []string{"february"}}), muted("x")), ""},
		"the last day of a month":       {all(nightly(routing.TimeInterval{Name: "x", Days: []string{"-1"}}), muted("x")), ""},
		"all days of the week":          {all(nightly(routing.TimeInterval{Name: "x", Weekdays: []string{"monday:sunday", "saturday"}}), muted("x")), "leave no time"},
		"all times, in two ranges":      {all(nightly(routing.TimeInterval{Name: "x", Times: []string{"00:00-12:00", "12:00-24:00"}}), muted("x")), "leave no time"},
		"an unused interval":            {nightly(night), "no route and no promise uses it"},
		"active only while it is muted": {all(nightly(night), routed(routing.Route{Match: amber, Mute: []string{"night"}, Active: []string{"night"}})), "leave no time"},
		"a muted parent":                {all(nightly(night), routed(routing.Route{Match: red, Mute: []string{"night"}, Routes: []routing.Route{{Match: `env="prod"`}}})), "AM014"},
		"a muted parent and child":      {all(nightly(night), routed(routing.Route{Match: red, Mute: []string{"night"}, Routes: []routing.Route{{Match: `env="prod"`, Mute: []string{"night"}}}})), ""},
		"an active parent":              {all(nightly(night), routed(routing.Route{Match: red, Active: []string{"night"}, Routes: []routing.Route{{Match: `env="prod"`}}})), "AM014"},
		"a shadowed route":              {routed(routing.Route{Match: `sev=~"amber|red"`}, routing.Route{Match: amber, GroupWait: "1m"}), `{sev=~"amber|red"} takes all of them before`},
		"a route shadowed by two":       {routed(routing.Route{Match: red + `, env="prod"`}, routing.Route{Match: red + `, env!="prod"`, GroupWait: "1m"}, routing.Route{Match: red, GroupWait: "2m"}), "take all of them before"},
		"a shadowed subtree":            {routed(routing.Route{Match: amber}, routing.Raw(`{matchers: [sev="amber", env="prod"], group_wait: 1m}`)), "takes all of them before"},
		"a child that contradicts":      {routed(routing.Route{Match: amber, Routes: []routing.Route{{Match: red, GroupWait: "1m"}}}), `sev cannot be both "red" and "amber"`},
		"a pattern that excludes":       {routed(routing.Route{Match: `env="prod", env!~"p.*"`}), "exclude each other"},
		"a child without alerts":        {routed(routing.Route{Match: red, Routes: []routing.Route{{Match: `env="test"`, GroupWait: "1m"}}}), `no alert has env="test"`},
		"a value that no alert has":     {routed(routing.Route{Match: `team=~"mqq|mqr"`, GroupWait: "1m"}), `no alert has team=~"mqq|mqr"`},
		"an inhibition of itself":       {all(inhibition(amber, amber), quiet()), "source and target are the same alerts"},
		"an equal label that both lack": {all(func(s *preflight.Site) {
			s.Routing.Inhibit = []routing.Inhibit{{Source: red, Target: amber, Equal: []string{"queue"}}}
		}, quiet(routing.Quiet{While: red, Match: amber, Equal: []string{"queue"}})), `Equal has "queue"`},
		"an urgent alert is held back":  {all(inhibition(amber, red), quiet(routing.Quiet{While: amber, Match: red})), "urgent alert is never inhibited"},
		"an inhibition without a quiet": {inhibition(red, amber), "must be sent, and is inhibited while"},
		"an inhibition with its quiet":  {all(inhibition(red, amber), quiet(routing.Quiet{While: red, Match: amber})), ""},
		"a quiet of a wider inhibition": {all(inhibition(red, amber), quiet(routing.Quiet{While: red + `, env="prod"`, Match: amber})), "must be sent, and is inhibited while"},
		"a quiet that is not kept":      {all(inhibition(red+`, env="prod"`, amber), quiet(routing.Quiet{While: red, Match: amber})), "must be inhibited while"},
		"a receiver without a route":    {other, `receiver "other": AM002: no route sends anything to it`},
		"receivers that are the same": {all(func(s *preflight.Site) {
			s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "twin", Chats: []routing.Chat{{Telegram: "$MQ"}}})
		}, routed(routing.Route{Match: amber, Receiver: "twin"})), `receiver "twin": DF017: it is the same as "mq"`},
		"one target twice":            {func(s *preflight.Site) { s.Jobs[0].Targets = []string{"q1:9400", "q1:9400"} }, `the target "q1:9400" is there twice`},
		"one Alertmanager twice":      {func(s *preflight.Site) { s.Alertmanager.Addresses = []string{"am:9093", "am:9093"} }, `"am:9093" is there twice`},
		"no Alertmanager":             {func(s *preflight.Site) { s.Alertmanager.Addresses = nil }, "there is no Alertmanager in it"},
		"a webhook's URL with a path": {func(s *preflight.Site) { s.Webhook.URL += "/api/v1/alerts" }, "it has a path"},
		"a promise names the first":   {all(other, routed(routing.Route{Match: `sev=~"a.*"`}, routing.Route{Match: amber, Receiver: "other", GroupWait: "1m"})), "takes all of them before"},
	})
}

// A proof looks at all combinations of label values: one of four labels with four
// values is enough.
func TestEveryCombinationOfLabels(t *testing.T) {
	t.Parallel()
	s := queueSite()
	var all []string
	for _, label := range []string{"a", "b", "c", "d", "e", "f"} {
		var values []string
		for i := range 4 {
			values = append(values, fmt.Sprint(label, i))
		}
		s.TargetLabels = append(s.TargetLabels, metrics.Label{Name: label, Values: values, Optional: true})
		all = append(all, fmt.Sprintf("%s=%q", label, values[3]))
	}
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "history", Sound: routing.NoMessage})
	s.Routing.Route.Routes = []routing.Route{{Match: strings.Join(all, ", "), Receiver: "history"}}
	for _, label := range []string{"a", "b", "c", "d", "e", "f"} {
		s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: fmt.Sprintf(`%s=%q`, label, label+"2"), GroupWait: "15s"})
	}
	s.Routing.Promises = []routing.Promise{{Match: `sev="red"`, Receiver: "mq"}}
	contains(t, findings(t, s), `alert "BrokerDown": AM001: with {a="a3", alertname="BrokerDown", b="b3", c="c3", d="d3", e="e3", f="f3"`)
}

// Routes that divide an alert into too many kinds are reported, not skipped.
func TestTooManyKindsOfAnAlert(t *testing.T) {
	t.Parallel()
	s := queueSite()
	for i := range 14 {
		label := fmt.Sprint("l", i)
		s.TargetLabels = append(s.TargetLabels, metrics.Label{Name: label, Values: []string{"x"}, Optional: true})
		name := fmt.Sprint("r", i)
		s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: name, Chats: []routing.Chat{{Telegram: fmt.Sprint(-i - 1)}}})
		s.Routing.Route.Routes = append(s.Routing.Route.Routes, routing.Route{Match: label + `="x"`, Receiver: name, Continue: true})
	}
	contains(t, findings(t, s), `alert "BrokerDown": DF017: the routes divide its instances into more than 10000 kinds`)
}

// A time interval of an alertmanager.yml without ranges never applies.
func TestIntervalWithoutRanges(t *testing.T) {
	t.Parallel()
	s := queueSite()
	s.Routing.YAML = "time_intervals: [{name: never}]\n"
	s.Routing.Route.Routes = []routing.Route{{Match: `sev="amber"`, Mute: []string{"never"}}}
	contains(t, findings(t, s), `routing, time interval "never": DF017: it has no ranges, so it never applies`)
}

// Instances of scenarios have the external labels, as Prometheus sends them.
func TestScenariosHaveExternalLabels(t *testing.T) {
	t.Parallel()
	s := queueSite()
	s.ExternalLabels = map[string][]string{"region": {"eu"}}
	s.Routing.Promises = []routing.Promise{{Match: `region="eu"`, Receiver: "mq"}}
	if found := findings(t, s); found != "" {
		t.Error(found)
	}
	for _, row := range strings.Split(file(t, s, "alertmanager/route_tests.txt"), "\n") {
		if strings.Contains(row, `alertname="QueueLong"`) && !strings.Contains(row, `region="eu"`) {
			t.Errorf("without an external label: %s", row)
		}
	}
}

// A site whose heartbeat is sent elsewhere is not generated. One that leaves the
// alert out, with a reason, gets a note.
func TestDroppedHeartbeat(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]planted{
		"its receiver": {func(s *preflight.Site) {
			r := s.Packs[1].Routing
			r.Receivers = slices.Clone(r.Receivers)
			r.Receivers[0] = routing.Receiver{Name: "watchdog", Sound: routing.NoMessage}
			s.Packs[1].Routing = r
		}, `alert "Watchdog": DF006: it has no Severity`},
		"its route": {func(s *preflight.Site) { s.Packs[1].Routing.Route.Routes = nil }, `receiver "watchdog": AM002: no route sends anything to it`},
	} {
		s := shipped()
		p.change(&s)
		if found := findings(t, s); !strings.Contains(found, p.want) {
			t.Errorf("%s: no %q in:\n%s", name, p.want, found)
		}
	}
	s := shipped()
	s.Packs[1] = s.Packs[1].With(preflight.Without{Alert: "Watchdog", Why: "another system watches"})
	code, _, stderr := generate(t, s, "--out="+t.TempDir())
	if code != 0 {
		t.Errorf("exit %d", code)
	}
	contains(t, stderr, "note: no Watchdog receiver gets an alert that always fires")
}

// A broken promise names the matcher that decided.
func TestBrokenPromiseNamesMatcher(t *testing.T) {
	t.Parallel()
	s := queueSite()
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "other", Chats: []routing.Chat{{Telegram: "$OTHER"}}})
	s.Routing.Route.Routes = []routing.Route{{Match: `sev="red", env="prod"`, Receiver: "other"}}
	s.Routing.Promises = []routing.Promise{{Match: `sev="red"`, Receiver: "other"}}
	contains(t, findings(t, s), `promised to other, goes to mq (env="prod" keeps it from {env="prod",sev="red"})`)
	s.Routing.Route.Routes = []routing.Route{{Match: `sev=~"red|amber", env="dev"`}, {Match: `sev="red"`, Receiver: "other"}}
	contains(t, findings(t, s), `promised to other, goes to mq ({env="dev",sev=~"red|amber"} takes it before {sev="red"}, with the receiver of the default route)`)
}

// An external label is added only to an alert that lacks it.
func TestExternalLabelsDoNotOverride(t *testing.T) {
	t.Parallel()
	s := queueSite()
	s.ExternalLabels = map[string][]string{"env": {"test"}, "region": {"eu"}}
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "other", Chats: []routing.Chat{{Telegram: "$OTHER"}}})
	s.Routing.Route.Routes = []routing.Route{{Match: `region="eu", env="prod"`, Receiver: "other"}}
	s.Routing.Promises = []routing.Promise{
		{Match: `sev="red", env="prod"`, Receiver: "other"}, {Match: `sev="red", env!="prod"`, Receiver: "mq"}, {Match: `sev!="red"`, Within: "1h"},
	}
	if found := findings(t, s); found != "" {
		t.Error(found)
	}
	s.ExternalLabels["region"] = []string{"ap"}
	contains(t, findings(t, s), `no alert has region="eu"`)
}

// Matchers that Alertmanager accepts and that cannot mean what is written are
// findings, in YAML too.
func TestSlipsInMatchers(t *testing.T) {
	t.Parallel()
	grey := func(match string) change { return routed(routing.Route{Match: match, GroupWait: "1m"}) }
	file := func(match string) change {
		return func(s *preflight.Site) {
			s.Routing.YAML = "route:\n  receiver: mq\n  group_by: [alertname]\n  routes:\n    - matchers: ['" + match + "']\n      receiver: mq\n      group_wait: 1m\n"
			s.Routing.Route = routing.Route{}
		}
	}
	plantEach(t, queueSite, map[string]planted{
		"alternatives as a value":     {grey(`team="mq|"`), `routing, {team="mq|"}: AM002: team="mq|" compares the whole value: write team=~"mq|"`},
		"none of these":               {grey(`team!="mq|web"`), `write team!~"mq|web"`},
		"alternatives":                {grey(`team=~"mq|web"`), ""},
		"alternatives in YAML":        {file(`team="mq|web"`), `write team=~"mq|web"`},
		"another case":                {grey(`team="MQ"`), `team="MQ" differs from "mq" in upper and lower case`},
		"another case of a name":      {grey(`alertname=~"broker.*"`), `alertname=~"broker.*" differs from "BrokerDown" in upper and lower case`},
		"another case in YAML":        {file(`alertname=~"broker.*"`), `alertname=~"broker.*" differs from "BrokerDown" in upper and lower case`},
		"the case of the name":        {grey(`alertname=~"Broker.*"`), ""},
		"in a promise":                {promised(routing.Promise{Match: `sev="amber|grey"`, Receiver: "mq"}), `promise of {sev="amber|grey"}: AM008: the promise matches no alert: sev="amber|grey" compares`},
		"a value that the site knows": {all(jobLabels(map[string]string{"team": "mq|web"}), grey(`team="mq|web", sev="red"`)), ""},
	})
	s := queueSite()
	inhibition(`sev="red"`, `sev="amber|grey"`)(&s)
	contains(t, findings(t, s), `AM005: sev="amber|grey" compares the whole value: write sev=~"amber|grey"`)
}
