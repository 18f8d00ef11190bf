package routetree_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// labelNames are the labels of random trees. Those of alerts, of matchers and of
// groupings differ.
var labelNames = []string{"alertname", "a", "b", "c", `service.name`}

// labelValues contain the words that stand for unlisted values.
var labelValues = []string{"x", "y", "xy", "X", "other", "another", "SomebodyElses", "prod-1", "prod-22", "봇", "x\ny"}

var labelPatterns = []string{
	"", ".*", ".+", ".", "x|y", "x|", "|", "x.*", ".*y", "(?i)x", "(?i:xy)", "^x$", "x$|^y", "[^x]", "[^x]*", "prod-[0-9]+", "prod-.*|x", "other|another",
	"(x|y)(x|y)?", "..", "(?s).*", `\w+`, `x\b.*`, "봇|x", "(other)s*", "a{0,2}x",
}

// generator makes random configurations.
type generator struct {
	*rand.Rand
	unit   time.Duration // waits are multiples
	left   int           // routes to make
	before []string      // matchers of the last route
	times  []string      // names of time intervals
	// scope is a matcher that each alert of the tree satisfies, for a file with
	// several trees; else "". Such a tree has no time intervals, and waits at least
	// one unit.
	scope string
}

func pick[T any](g *generator, list []T) T { return list[g.IntN(len(list))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func (g *generator) matcher() string {
	name := pick(g, labelNames)
	if strings.Contains(name, ".") {
		name = fmt.Sprintf("%q", name)
	}
	if g.one(2) {
		value := pick(g, labelValues)
		if g.one(6) {
			value = ""
		}
		return name + pick(g, []string{"=", "=", "=", "!="}) + quote(value)
	}
	return name + pick(g, []string{"=~", "=~", "!~"}) + quote(pick(g, labelPatterns))
}

// quote quotes a value as Alertmanager reads it.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// yamlList writes texts as a list of YAML.
func yamlList(texts []string) string {
	var out []string
	for _, t := range texts {
		out = append(out, "'"+strings.ReplaceAll(t, "'", "''")+"'")
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func (g *generator) matchers(least int) []string {
	var out []string
	for range least + g.IntN(3)*g.IntN(2) {
		out = append(out, g.matcher())
	}
	return out
}

func (g *generator) wait(units ...int) string {
	return model.Duration(time.Duration(pick(g, units)) * g.unit).String()
}

func (g *generator) firstWait() string {
	if g.scope != "" {
		return g.wait(1, 2, 6)
	}
	return g.wait(0, 1, 2, 6)
}

// receivers is the number of receivers of each tree.
const receivers = 4

// route writes a route with its children, as the value of a key or an item of a
// list.
func (g *generator) route(b *strings.Builder, depth int) {
	g.left--
	line := func(format string, args ...any) {
		fmt.Fprintf(b, strings.Repeat("    ", depth)+"  "+format+"\n", args...)
	}
	root := depth == 0
	if root || g.one(2) {
		line("receiver: r%d", g.IntN(receivers))
	}
	switch {
	case !root:
		ms := g.matchers(1 - g.IntN(10)/9)
		if g.one(6) && len(g.before) > 0 {
			ms = g.before // those of a sibling or of its children
		}
		g.before = ms
		line("matchers: %s", yamlList(ms))
		line("continue: %t", g.one(3))
		if g.one(8) {
			line(`labels: {owner: 'x', a: '{{ .Receiver }}'}`)
		}
	case g.scope != "":
		line("matchers: %s", yamlList([]string{g.scope}))
	}
	if g.one(2) {
		line("group_by: %s", yamlList(pick(g, [][]string{{}, {"a"}, {"b"}, {"a", "b"}, {"..."}, {"service.name"}, {"nothing", "c"}, {"alertname"}})))
	}
	if root || g.one(3) {
		line("group_wait: %s", g.firstWait())
	}
	if root || g.one(3) {
		line("group_interval: %s", g.wait(2, 4, 5, 20))
	}
	if root || g.one(3) {
		line("repeat_interval: %s", g.wait(1, 4, 6, 7, 8, 20, 40, 60))
	}
	for _, kind := range []string{"mute", "active"} {
		if !root && len(g.times) > 0 && g.one(4) {
			var names []string
			for range 1 + g.IntN(2) {
				names = append(names, pick(g, g.times))
			}
			line("%s_time_intervals: %s", kind, yamlList(names))
		}
	}
	if depth == 3 || g.left == 0 {
		return
	}
	children := g.IntN(4)
	if root {
		children = 1 + g.IntN(5)
	}
	for i := 0; i < children && g.left > 0; i++ {
		if i == 0 {
			line("routes:")
		}
		line("-")
		g.route(b, depth+1)
	}
}

func (g *generator) inhibition(b *strings.Builder) {
	equal := []string{}
	for _, name := range labelNames {
		if g.one(4) {
			equal = append(equal, name)
		}
	}
	source, target := g.matchers(1), g.matchers(1)
	if g.one(6) {
		target = source
	}
	if g.scope != "" {
		source, target = append(source, g.scope), append(target, g.scope)
	}
	fmt.Fprintf(b, "  - {source_matchers: %s, target_matchers: %s, equal: %s}\n", yamlList(source), yamlList(target), yamlList(equal))
}

func (g *generator) interval(b *strings.Builder, name string) {
	fmt.Fprintf(b, "  - name: %s\n    time_intervals:\n", name)
	for range 1 + g.IntN(2) {
		var parts []string
		if g.one(2) {
			from := g.IntN(24)
			parts = append(parts, fmt.Sprintf("times: [{start_time: '%02d:%02d', end_time: '%02d:00'}]", from, g.IntN(4)*15, from+1+g.IntN(24-from)))
		}
		if g.one(3) {
			parts = append(parts, "weekdays: "+pick(g, []string{"['saturday', 'sunday']", "['monday:friday']", "['friday:monday']", "['sunday']"}))
		}
		if g.one(4) {
			parts = append(parts, "days_of_month: "+pick(g, []string{"['-1']", "['1:7']", "['-7:-1']", "['29:31']", "['31']", "['15', '-3']"}))
		}
		if g.one(5) {
			parts = append(parts, "months: "+pick(g, []string{"['march', 'october']", "['february']", "['1:6']"}))
		}
		if g.one(6) {
			parts = append(parts, "years: "+pick(g, []string{"['2024:2026']", "['2020']", "['2027:2040']"}))
		}
		if g.one(2) {
			parts = append(parts, "location: '"+pick(g, places)+"'")
		}
		fmt.Fprintf(b, "    - {%s}\n", strings.Join(parts, ", "))
	}
}

var places = []string{"Europe/Berlin", "America/New_York", "Asia/Seoul", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"}

// maxRoutes limits the routes of a tree.
const maxRoutes = 12

// file writes a configuration.
func (g *generator) file() string {
	var times, routes, inhibitions strings.Builder
	for i := range g.IntN(4) {
		name := fmt.Sprintf("t%d", i)
		g.interval(&times, name)
		g.times = append(g.times, name)
	}
	g.left = 1 + g.IntN(maxRoutes)
	g.route(&routes, 0)
	for range g.IntN(4) {
		g.inhibition(&inhibitions)
	}
	out := "route:\n" + routes.String() + "receivers:\n"
	for i := range receivers {
		out += fmt.Sprintf("  - name: r%d\n", i)
	}
	return out + section("inhibit_rules", inhibitions.String()) + section("time_intervals", times.String())
}

func section(name, list string) string {
	if list == "" {
		return ""
	}
	return name + ":\n" + list
}

// alert returns the labels of a random alert. Their values are those of a tree,
// or unknown to it.
func (g *generator) alert(values func(label string) []string) model.LabelSet {
	out := model.LabelSet{}
	for _, name := range append([]string{"nothing"}, labelNames...) {
		if g.one(3) {
			continue
		}
		value := pick(g, append(labelValues, "unknown", "x-unknown"))
		if known := values(name); len(known) > 0 && g.one(2) {
			value = pick(g, known)
		}
		if value != "" {
			out[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	if len(out) == 0 {
		out["a"] = "x"
	}
	return out
}
