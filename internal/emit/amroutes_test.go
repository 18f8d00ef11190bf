package emit_test

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
)

// letters are characters with a meaning for Go, YAML or the parsers of matchers,
// and others that are not printable.
var letters = []rune("aZ0_.:-/ \t\n\r\\\"'`{}[](),=!~#&*|?%@$<>^+\x01\x1b\x7f\u0085\u00a0\u200b\u2028\ufeff봇é🚨")

func randomText(r *rand.Rand, least int) string {
	out := make([]rune, least+r.IntN(8))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

// Alertmanager reads each matcher as it was meant, whatever its characters are.
func TestMatchersAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	matchers.AsAlertmanager()
	r := rand.New(rand.NewPCG(29, 1))
	var want []*labels.Matcher
	root := routing.Route{Receiver: "all"}
	for range 2000 {
		kind := labels.MatchType(r.IntN(4))
		value := randomText(r, 0)
		m, err := labels.NewMatcher(kind, randomText(r, 1), value)
		if err != nil { // not a regular expression
			m, _ = labels.NewMatcher(labels.MatchEqual, "a", value)
		}
		want = append(want, m)
		root.Routes = append(root.Routes, routing.Route{Match: matchers.Text(m)})
	}
	_, c := loaded(t, routing.Routing{Receivers: receivers("all"), Route: root})
	for i, route := range c.Route.Routes {
		if len(route.Matchers) != 1 || route.Matchers[0].String() != want[i].String() || route.Matchers[0].Value != want[i].Value {
			t.Errorf("%q %v %q became %v", want[i].Name, want[i].Type, want[i].Value, route.Matchers)
		}
	}
}

// Several matchers stay apart, and inhibitions are written like routes.
func TestListsOfMatchers(t *testing.T) {
	t.Parallel()
	const match = `"service.name"="봇, \"x\"", team=~"a|b", env!="dev", note!~"\tz.*"`
	w, c := loaded(t, routing.Routing{
		Receivers: receivers("all"),
		Route:     routing.Route{Receiver: "all", Routes: []routing.Route{{Match: match}}},
		Inhibit:   []routing.Inhibit{{Source: match, Target: `team="c"`, Equal: []string{"env", "service.name"}}},
	})
	of, err := matchers.Parse(match)
	if err != nil {
		t.Fatal(err)
	}
	sort.Sort(of)
	for _, got := range []labels.Matchers{labels.Matchers(c.Route.Routes[0].Matchers), labels.Matchers(c.InhibitRules[0].SourceMatchers)} {
		if got.String() != of.String() {
			t.Errorf("%s, want %s", got, of)
		}
	}
	contains(t, string(w.Data), `"service.name"="봇, \"x\""`, `team=~"a|b"`, `env!="dev"`)
	if diff := cmp.Diff([]string{"env", "service.name"}, c.InhibitRules[0].Equal); diff != "" {
		t.Error(diff)
	}
	path := accepted(t, w.Data)
	out, err := amtool(t, "config", "routes", "test", "--config.file", path, `"service.name"="봇, \"x\""`, "team=a", "env=prod")
	if err != nil || out != "all" {
		t.Errorf("amtool: %v: %s", err, out)
	}
}

// nested has routes on three levels with all settings.
func nested() routing.Routing {
	return routing.Routing{
		Receivers: receivers("all", "a", "b", "c", "d"),
		TimeIntervals: []routing.TimeInterval{
			{Name: "nights", Times: []string{"22:00-24:00", "00:00-06:00"}, Location: "Europe/Berlin"},
			{Name: "nights", Weekdays: []string{"saturday", "sunday"}, Location: "Asia/Seoul"},
			{Name: "work", Weekdays: []string{"monday:friday"}, Months: []string{"january:june"}, Days: []string{"1:-1"}, Years: []string{"2026:2030"}},
		},
		Route: routing.Route{
			Receiver: "all", GroupBy: []string{"alertname"}, GroupWait: "10s", GroupInterval: "1m", RepeatInterval: "1d",
			Routes: []routing.Route{
				{Match: `team="a"`, Receiver: "a", GroupBy: []string{}, Continue: true, Routes: []routing.Route{
					{Match: `severity=~"page|critical"`, GroupWait: "0s", Routes: []routing.Route{
						{Match: `env!="prod"`, Receiver: "b", GroupBy: []string{"..."}, Mute: []string{"nights"}},
					}},
				}},
				{Match: `team!~"a|b"`, Receiver: "c", RepeatInterval: "90m", Active: []string{"work"}},
				routing.Raw("# from the old file\nmatchers: [team=\"b\"]\nreceiver: d\nlabels: {runbook: \"{{ .GroupLabels.alertname }}\"}\nroutes:\n  - match: {env: dev} # old syntax\n    receiver: b\n"),
			},
		},
	}
}

// Routes have the settings and the order of the literals. Alertmanager inherits
// those that are left out.
func TestNestedRoutes(t *testing.T) {
	t.Parallel()
	w, c := loaded(t, nested())
	accepted(t, w.Data)
	root := dispatch.NewRoute(c.Route, nil)
	type got struct {
		Receiver                         string
		GroupBy                          []string
		GroupAll                         bool
		GroupWait, GroupInterval, Repeat time.Duration
		Mute, Active                     []string
	}
	for _, x := range []struct {
		labels model.LabelSet
		want   []got
	}{
		{
			model.LabelSet{"team": "a", "severity": "page", "env": "prod"},
			[]got{{Receiver: "a", GroupBy: nil, GroupWait: 0, GroupInterval: time.Minute, Repeat: 24 * time.Hour}},
		},
		{
			model.LabelSet{"team": "a", "severity": "critical", "env": "dev"},
			[]got{{Receiver: "b", GroupAll: true, GroupWait: 0, GroupInterval: time.Minute, Repeat: 24 * time.Hour, Mute: []string{"nights"}}},
		},
		{
			model.LabelSet{"team": "z"},
			[]got{{Receiver: "c", GroupBy: []string{"alertname"}, GroupWait: 10 * time.Second, GroupInterval: time.Minute, Repeat: 90 * time.Minute, Active: []string{"work"}}},
		},
		{
			model.LabelSet{"team": "b", "env": "dev"},
			[]got{{Receiver: "b", GroupBy: []string{"alertname"}, GroupWait: 10 * time.Second, GroupInterval: time.Minute, Repeat: 24 * time.Hour}},
		},
	} {
		var all []got
		for _, r := range root.Match(x.labels) {
			o := r.RouteOpts
			g := got{Receiver: o.Receiver, GroupAll: o.GroupByAll, GroupWait: o.GroupWait, GroupInterval: o.GroupInterval, Repeat: o.RepeatInterval, Mute: o.MuteTimeIntervals, Active: o.ActiveTimeIntervals}
			for name := range o.GroupBy {
				if !o.GroupByAll {
					g.GroupBy = append(g.GroupBy, string(name))
				}
			}
			all = append(all, g)
		}
		if diff := cmp.Diff(x.want, all); diff != "" {
			t.Errorf("%v: %s", x.labels, diff)
		}
	}
	if got := c.Route.Routes[2].Labels["runbook"]; got == "" {
		t.Error("the labels of Raw are gone")
	}
	contains(t, string(w.Data), "# old syntax", "group_by: []")
}

// The origin of each part follows the file.
func TestOriginOfNestedRoutes(t *testing.T) {
	t.Parallel()
	w, c := loaded(t, nested())
	if w.Route.YAML || w.Route.Child(0).YAML || w.Route.Child(0).Child(0).Child(0).YAML || !w.Route.Child(2).YAML || !w.Route.Child(2).Child(0).YAML {
		t.Errorf("%+v", w.Route)
	}
	var count func(*config.Route, emit.RouteOrigin)
	count = func(r *config.Route, o emit.RouteOrigin) {
		if len(o.Routes) != 0 && len(o.Routes) != len(r.Routes) {
			t.Errorf("%d origins of %d routes", len(o.Routes), len(r.Routes))
		}
		for i, child := range r.Routes {
			count(child, o.Child(i))
		}
	}
	count(c.Route, w.Route)
}

// Intervals of one name keep their own locations.
func TestTimeIntervalsWithLocations(t *testing.T) {
	t.Parallel()
	_, c := loaded(t, nested())
	var got []string
	for _, i := range c.TimeIntervals {
		for _, x := range i.TimeIntervals {
			place := "UTC"
			if x.Location != nil {
				place = x.Location.String()
			}
			got = append(got, fmt.Sprintf("%s %s %d %d %d %d %d", i.Name, place, len(x.Times), len(x.Weekdays), len(x.DaysOfMonth), len(x.Months), len(x.Years)))
		}
	}
	if diff := cmp.Diff([]string{"nights Europe/Berlin 2 0 0 0 0", "nights Asia/Seoul 0 2 0 0 0", "work UTC 0 1 1 1 1"}, got); diff != "" {
		t.Error(diff)
	}
}

// A mistake in a subtree names it, with the line.
func TestMistakesInRaw(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"matchers: [team=\"b\"]\nreciever: d\n":                   "routing, Raw {team=\"b\"}: DF019: line 2, column 1: Alertmanager does not know the key \"reciever\"\n    did you mean \"receiver\"?",
		"receiver: d\nroutes:\n- receiver: d\n  group_bye: [a]\n": `line 4, column 3: Alertmanager does not know the key "group_bye" in routes`,
		"receiver: d\nreceiver: d\n":                              `line 2, column 1: the key receiver is there twice`,
		"routes:\n- receiver: d\n  receiver: d\n":                 `line 3, column 3: the key routes.receiver is there twice`,
		"routes:\n- {receiver: d}\n- {group_wait: soon}\n":        "line 3, column 16: routes[1].group_wait: Alertmanager refuses it: not a valid duration string: \"soon\"",
		"matchers: [team=]x]":                                     "DF019: line 1, column 18: it is not YAML: ",
		"matchers: ['team=\"b']":                                  "Alertmanager refuses it: ",
		"- receiver: d":                                           "line 1, column 1: it is a list, and not a set of keys",
		"receiver: d\n---\nreceiver: d":                           "it has more than one document",
		"# nothing":                                               "its YAML has no keys",
	} {
		r := routing.Routing{Receivers: receivers("d"), Route: routing.Route{Receiver: "d", Routes: []routing.Route{routing.Raw(text)}}}
		contains(t, refused(t, r), want)
	}
	both := routing.Raw("receiver: d")
	both.Match = `team="b"`
	contains(t, refused(t, routing.Routing{Receivers: receivers("d"), Route: routing.Route{Receiver: "d", Routes: []routing.Route{both}}}), "DF007: it has fields beside its YAML")
	contains(t, refused(t, routing.Routing{Receivers: receivers("d"), Route: routing.Raw("receiver: d")}), "the root route cannot be Raw")
}
