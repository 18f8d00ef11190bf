package emit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/routing"
)

// Alertmanager reads names and texts of literals as they are, whatever they
// mean in YAML.
func TestTextsWithAMeaningInYAML(t *testing.T) {
	t.Parallel()
	words := []string{
		"yes", "on", "n", "~", "null", "true", "<<", "=", "1e3", "0777", "0o17", "1_000", "12:30:45", "2026-01-02", ".inf", "-", "- a", "a: b",
		"a #b", "#", "*a", "&a", "!a", "%a", "@a", "`a`", "'", "\"", "{", "}", "[", "|", ">", "?", " a", "a ", "a\n", "\na", "\ta", "a\n\n  b\n ", "\u2028", "\ufeff",
		"\x01", "봇", "🚨", "{{ .Status }}",
	}
	slices.Sort(words) // as receivers and time intervals are
	r := routing.Routing{Receivers: receivers(words...), Route: routing.Route{Receiver: "yes"}}
	for i, word := range words {
		r.Route.Routes = append(r.Route.Routes, routing.Route{Match: "a=b", Receiver: word, GroupBy: []string{word}, Mute: []string{word}, Continue: true})
		r.TimeIntervals = append(r.TimeIntervals, routing.TimeInterval{Name: word, Years: []string{"2026"}})
		r.Inhibit = append(r.Inhibit, routing.Inhibit{Source: "a=b", Target: fmt.Sprintf("a=%03d", i), Equal: []string{word}})
	}
	for i := range r.Receivers {
		r.Receivers[i].Slack = []routing.Slack{{Channel: words[i], APIURL: routing.File("/" + words[i]), YAML: "title: a"}}
	}
	w, c := loaded(t, r)
	accepted(t, w.Data)
	for i, word := range words {
		route := c.Route.Routes[i]
		if c.Receivers[i].Name != word || route.Receiver != word || !slices.Equal(route.GroupByStr, []string{word}) || !slices.Equal(route.MuteTimeIntervals, []string{word}) ||
			c.TimeIntervals[i].Name != word || !slices.Equal(c.InhibitRules[i].Equal, []string{word}) ||
			c.Receivers[i].SlackConfigs[0].Channel != word || c.Receivers[i].SlackConfigs[0].APIURLFile != "/"+word {
			t.Errorf("%q: %+v %+v", word, c.Receivers[i].Name, route)
		}
	}
}

// Anchors and aliases in a configuration keep their meaning, or are a finding.
func TestAnchorsOfOthers(t *testing.T) {
	t.Parallel()
	const list = "receivers:\n- {name: mounted}\n"
	r := routing.Routing{Route: routing.Route{Routes: []routing.Route{{Match: "x=y", Receiver: "mounted"}}}}
	for yaml, want := range map[string]string{
		list + "route: &r\n  receiver: mounted\n  routes: &l\n  - {receiver: mounted, group_by: &g [a]}\n  - {receiver: mounted, group_by: *g}\n": "",
		list + "route:\n  receiver: mounted\n  routes:\n  - &one {receiver: mounted}\n  - <<: *one\n    continue: true\n":                         "",
		list + "route:\n  receiver: mounted\n  routes:\n  - &one {receiver: mounted, routes: [*one]}\n":                                           "the anchor \"one\" contains itself",
		list + "route:\n  receiver: mounted\n  routes: &l\n  - {receiver: mounted, routes: *l}\n":                                                 "the anchor \"l\" contains itself",
		list + "global: {slack_api_url: &a [*a]}\nroute: {receiver: mounted}\n":                                                                   "the anchor \"a\" contains itself",
		list + "route: {receiver: *none}\n": "unknown anchor",
		list + "route: {receiver: mounted, group_by: &a [" + strings.Repeat("x,", 60) + "], routes: [" + bomb() + "]}\n": "the aliases make it larger",
	} {
		r.YAML = yaml
		if want == "" {
			w, c := loaded(t, r)
			accepted(t, w.Data)
			if n := len(c.Route.Routes); n != 3 {
				t.Errorf("%d routes:\n%s", n, w.Data)
			}
			continue
		}
		contains(t, refused(t, r), want)
	}
}

// Texts of several lines in the YAML of others survive.
func TestBlocksOfOthers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(29, 3))
	runes := []rune("ab \n\t#:-'\"|>{}é\u2028\x01")
	for range 300 {
		text := make([]rune, 1+r.IntN(12))
		for i := range text {
			text[i] = runes[r.IntN(len(runes))]
		}
		for _, style := range []yaml.Style{yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle, 0} {
			data, err := yaml.Marshal(map[string]*yaml.Node{"title": {Kind: yaml.ScalarNode, Tag: "!!str", Style: style, Value: string(text)}})
			var back map[string]string
			if err != nil || yaml.Unmarshal(data, &back) != nil {
				continue // the encoder fails for this style
			}
			w, c := loaded(t, to(routing.Receiver{Slack: []routing.Slack{{Channel: "#a", APIURL: routing.Secret("x"), YAML: string(data)}}}))
			if got := c.Receivers[0].SlackConfigs[0].Title; got != back["title"] {
				t.Fatalf("%q became %q:\n%s", back["title"], got, w.Data)
			}
		}
	}
}

// An empty item would make Alertmanager panic, now or when it notifies.
func TestEmptyItems(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"route: {receiver: mounted, routes: [null]}":                                   "routing, YAML: DF019: line 1, column 37: route.routes[0] is empty",
		"route: {receiver: mounted}\nreceivers:\n- name: a\n  slack_configs:\n  -\n":   "line 5, column 4: receivers.slack_configs[0] is empty",
		"route: {receiver: mounted}\nreceivers: [null]":                                "receivers[0] is empty",
		"route: {receiver: mounted}\ntime_intervals: [{name: a, time_intervals: [~]}]": "time_intervals.time_intervals[0] is empty",
	} {
		contains(t, refused(t, mounted(yaml)), want)
	}
	r := routing.Routing{Receivers: receivers("d"), Route: routing.Route{Receiver: "d", Routes: []routing.Route{routing.Raw("receiver: d\nroutes:\n-\n")}}}
	contains(t, refused(t, r), "line 3, column 2: routes[0] is empty")
}

// bomb returns routes whose aliases double their number again and again.
func bomb() string {
	var b strings.Builder
	b.WriteString("&l0 {receiver: mounted}")
	for _, pair := range [][2]string{{"l0", "l1"}, {"l1", "l2"}, {"l2", "l3"}, {"l3", "l4"}, {"l4", "l5"}, {"l5", "l6"}, {"l6", "l7"}} {
		b.WriteString(", &" + pair[1] + " {routes: [" + strings.Repeat("*"+pair[0]+", ", 8) + "]}")
	}
	return b.String()
}
