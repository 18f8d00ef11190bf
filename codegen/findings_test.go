package codegen_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

var (
	heading = regexp.MustCompile(`(?m)^## ([A-Z]{2}\d{3}): `)
	example = regexp.MustCompile("(?m)^- (wrong|right): (.*)$")
	promQL  = regexp.MustCompile("^`([^`]+)`(?: with (summary|for|label instance|record [a-z:]+) `([^`]+)`)?( twice)?$")
)

// The examples of docs/findings.md: the wrong ones are found with their code,
// the right ones give no finding.
func TestExamplesOfTheDocumentation(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	documented := map[string]bool{}
	starts := heading.FindAllStringSubmatchIndex(text, -1)
	for i, at := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		code, section := text[at[2]:at[3]], text[at[0]:end]
		documented[code] = true
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			examples := example.FindAllStringSubmatch(section, -1)
			if len(examples) != 2 || examples[0][1] != "wrong" || examples[1][1] != "right" {
				t.Fatalf("want a wrong and a right example, got %q", examples)
			}
			for _, x := range examples {
				pack := codegen.Preflight()
				plantExample(t, &pack, x[2])
				err := pack.Check(pack.Endpoints)
				switch {
				case x[1] == "right" && err != nil:
					t.Errorf("right, %s: %v", x[2], err)
				case x[1] == "wrong" && (err == nil || !strings.Contains(err.Error(), ": "+code+": ")):
					t.Errorf("wrong, %s: got %v", x[2], err)
				}
			}
		})
	}
	for _, m := range mistakes {
		if !documented[m.code] {
			t.Errorf("%s is not documented", m.code)
		}
	}
}

// plantExample puts an example into the pack: an expression with what belongs
// to it as an alert, or one of the sentences.
func plantExample(t *testing.T, p *codegen.Pack, text string) {
	t.Helper()
	if change, ok := sentences[text]; ok {
		change(p)
		return
	}
	m := promQL.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no example of a known form: %s", text)
	}
	a := rules.Alert{
		Name: "Example", Priority: rules.P2, Expr: m[1], About: "An example.",
		Title: rules.Text{EN: "Example"}, Summary: rules.Text{EN: "An example."}, Actions: []rules.Text{{EN: "read on"}},
		Scenarios: []rules.Scenario{{Name: "s", Expect: []rules.Expect{{At: "0m"}, {At: "1m", Firing: []rules.Instance{{}}}}}},
	}
	g := rules.Group{Name: "examples"}
	switch what := m[2]; {
	case what == "summary":
		a.Summary.EN = m[3]
	case what == "for":
		a.For = m[3]
	case what == "label instance":
		a.Labels = map[string]string{"instance": m[3]}
	case what != "":
		g.Records = []rules.Record{{Name: strings.TrimPrefix(what, "record "), Expr: m[3]}}
	}
	g.Alerts = []rules.Alert{a}
	if m[4] != "" {
		g.Alerts = append(g.Alerts, a)
	}
	p.Groups = append(p.Groups, g)
}

func unchanged(*codegen.Pack) {}

// sentences are the examples that are no expressions, as changes of the pack.
var sentences = map[string]func(*codegen.Pack){
	"the route of P2 is missing":    route(func(r *rules.Routing) { dropRoute(r, rules.Matcher{Label: "priority", Value: "P2"}) }),
	"every priority has a route":    unchanged,
	"each panel has its own id":     unchanged,
	"a panel has a Show":            unchanged,
	"a panel has a description":     unchanged,
	"an alert has actions":          unchanged,
	"an alert has scenarios":        unchanged,
	"RedisLatencyHigh fires at 0.5": unchanged,
	"a route for everything stands first": route(func(r *rules.Routing) {
		r.Routes = slices.Insert(r.Routes, 0, rules.Route{Receiver: rules.ReceiverHistory, GroupBy: []string{"alertname"}})
	}),
	"a route for everything stands last": route(func(r *rules.Routing) {
		r.Routes = append(r.Routes, rules.Route{Receiver: rules.ReceiverHistory, GroupBy: r.Default.GroupBy, Timing: r.Default.Timing})
		promiseOf(r).Receiver = rules.ReceiverHistory
	}),
	"a route is mute in an interval that is not defined": route(func(r *rules.Routing) { r.Routes[0].MuteDuring = []string{"nights"} }),
	"a route is mute in an interval that is defined": route(func(r *rules.Routing) {
		muteP2(r)
		promiseOf(r, p2).MuteDuring = []string{"nights"}
	}),
	"P2 is mute at night":                        route(muteP2),
	"P2 is mute at night, and is promised to be": route(func(r *rules.Routing) { muteP2(r); promiseOf(r, p2).MuteDuring = []string{"nights"} }),
	"nothing is promised of P2": route(func(r *rules.Routing) {
		r.Promises = slices.DeleteFunc(r.Promises, func(x rules.Promise) bool { return slices.Contains(x.Of, p2) || len(x.Of) == 0 })
	}),
	"each priority is promised something":      unchanged,
	"P0 is grouped by `region`":                groupP0("region"),
	"P0 is grouped by `env`":                   groupP0("env"),
	"the inhibition wants an equal `instance`": route(func(r *rules.Routing) { r.Inhibit[0].Equal = []string{"instance"} }),
	"the inhibition wants an equal `env`":      unchanged,
	"two panels have the id 1":                 at(2, func(q *dashgen.Panel) { q.ID = 1 }),
	"panel 2 starts in panel 1":                at(2, func(q *dashgen.Panel) { q.Grid.X = 7 }),
	"panel 2 starts where panel 1 ends":        unchanged,
	"a query uses `$environment`":              query(16, "$env", "$environment"),
	"a query uses `$env`":                      unchanged,
	"a variable `host` is added":               addHost,
	"a variable `host` is added and used": func(p *codegen.Pack) {
		addHost(p)
		query(2, `device!="lo"`, `device!="lo", instance=~"$host"`)(p)
	},
	"an age in seconds is shown as percent":          at(16, func(q *dashgen.Panel) { q.Unit = dashgen.Percent }),
	"an age in seconds is shown as seconds":          unchanged,
	"the legend of a query by env shows `{{check}}`": at(16, func(q *dashgen.Panel) { q.Targets[0].Legend = "{{check}}" }),
	"the legend of a query by env shows `{{env}}`":   unchanged,
	"a panel has no Show":                            at(16, func(q *dashgen.Panel) { q.Show = nil }),
	"a panel has no description":                     at(16, func(q *dashgen.Panel) { q.Description = "" }),
	"an alert has no actions":                        in("TargetDown", func(a *rules.Alert) { a.Actions = nil }),
	"a metric is added":                              addIdle,
	"a metric is added and read by an alert": func(p *codegen.Pack) {
		addIdle(p)
		edit("PreflightFlapping", "> 2", "> 2 and on (env) max by (env) (arbitrage_preflight_idle_seconds) > 60")(p)
	},
	"an alert has no scenario":                           in("TargetDown", func(a *rules.Alert) { a.Scenarios = nil }),
	"RedisLatencyHigh fires at 0.25":                     edit("RedisLatencyHigh", "> 0.5", "> 0.25"),
	"a waiver of PQ041 on an alert that has a condition": in("TargetDown", waiveAlways),
	"a waiver of PQ041 on an alert that has none": in("TargetDown", func(a *rules.Alert) {
		a.Expr = "up"
		waiveAlways(a)
	}),
}

func waiveAlways(a *rules.Alert) { a.Waivers = []finding.Waiver{{Code: "PQ041", Why: "a drill"}} }

func groupP0(label string) func(*codegen.Pack) {
	return route(func(r *rules.Routing) {
		i := slices.IndexFunc(r.Routes, func(x rules.Route) bool { return x.Match[0].Value == "P0" })
		r.Routes[i].GroupBy = []string{label}
		promiseOf(r, rules.Matcher{Label: "priority", Value: "P0"}).GroupBy = []string{label}
	})
}

var p2 = rules.Matcher{Label: "priority", Value: "P2"}

func muteP2(r *rules.Routing) {
	r.Intervals = []rules.Interval{{Name: "nights", Times: []rules.TimeRange{{From: "00:00", To: "06:00"}}}}
	routeOf(r, p2.Label, p2.Value).MuteDuring = []string{"nights"}
}

// promiseOf finds the promise of just these labels.
func promiseOf(r *rules.Routing, of ...rules.Matcher) *rules.Promise {
	i := slices.IndexFunc(r.Promises, func(x rules.Promise) bool { return slices.Equal(x.Of, of) })
	return &r.Promises[i]
}

func addHost(p *codegen.Pack) {
	d := &p.Dashboards[0]
	d.Variables = append(d.Variables, dashgen.Variable{Name: "host", Title: "Host", Description: "Where.", Series: "up", Label: "instance"})
}

func addIdle(p *codegen.Pack) {
	p.Metrics = append(p.Metrics, metrics.Desc{
		Name: "arbitrage_preflight_idle_seconds", Type: metrics.Gauge, Unit: metrics.Seconds, Help: "Time.", Labels: []metrics.Label{{Name: "env"}},
	})
}
