package mutate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/routetree"
)

const routes = `
route:
  receiver: all
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
  repeat_interval: 2h
  routes:
    - {matchers: [team="x"], receiver: x, continue: true, mute_time_intervals: [nights], active_time_intervals: [office]}
    - {matchers: [severity="page"], receiver: pager, group_by: ['...'], group_wait: 10s}
    - {matchers: [team="y"], receiver: x, group_by: [team]}
inhibit_rules:
  - {source_matchers: [severity="page"], target_matchers: [team="y"], equal: [host, zone]}
receivers: [{name: all}, {name: x}, {name: pager}]
time_intervals: [{name: nights}, {name: office}]
`

// alerts returns all alerts that the routes can distinguish, without pages of
// team y.
func alerts() []model.LabelSet {
	var out []model.LabelSet
	for _, team := range []model.LabelValue{"", "x", "y", "z"} {
		for _, severity := range []model.LabelValue{"", "page"} {
			if team == "y" && severity == "page" {
				continue
			}
			for _, host := range []model.LabelValue{"", "h"} {
				for _, zone := range []model.LabelValue{"", "z"} {
					out = append(out, model.LabelSet{"alertname": "A", "team": team, "severity": severity, "host": host, "zone": zone})
				}
			}
		}
	}
	return out
}

// scoreRoutes expects the present routes for the alerts that expected accepts.
func scoreRoutes(t *testing.T, expected func(model.LabelSet) bool) []mutate.Outcome {
	t.Helper()
	tree, err := routetree.Load([]byte(routes))
	if err != nil {
		t.Fatal(err)
	}
	r := mutate.Routes{
		File: "am.yml", Tree: tree, RouteNames: []string{"default", "x", "page", "y"}, InhibitNames: []string{"inhibition of y"},
	}
	r.Proof.Inhibits = func(source model.LabelSet) func(model.LabelSet) bool {
		return func(target model.LabelSet) bool {
			return source["severity"] == "page" && target["team"] == "y" && source["host"] == target["host"] && source["zone"] == target["zone"]
		}
	}
	for _, a := range alerts() {
		c := routetree.Case{Labels: a}
		if expected(a) {
			want := tree.Outcome(a)
			c.Judge = func(ds routetree.Deliveries) string {
				if got := ds.String(); got != want {
					return "gets " + got
				}
				return ""
			}
		}
		r.Proof.Cases = append(r.Proof.Cases, c)
	}
	out, err := r.Score()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Each part of a route is mutated. No alert matches both x and y, or both page
// and y, so their order and continue have no mutants.
func TestEveryPartOfRouteIsMutated(t *testing.T) {
	t.Parallel()
	var got []string
	for _, o := range scoreRoutes(t, func(model.LabelSet) bool { return true }) {
		got = append(got, o.Of.Name+": "+o.Name())
		if o.By == nil {
			t.Errorf("%s: %s survives", o.Of, o.Name())
		}
	}
	want := []string{
		"default: receiver: all → receiver: pager", "default: group_by: alertname → (dropped)", "default: group_wait: 0s → group_wait: 1s",
		"default: group_interval: 1m → group_interval: 2m",
		"default: repeat_interval: 2h → repeat_interval: 1h", "default: repeat_interval: 2h → repeat_interval: 4h",

		"x: receiver: x → receiver: all", "x: mute_time_intervals: nights → (dropped)", "x: active_time_intervals: office → (dropped)",
		`x: matchers: team="x" → (dropped)`, `x: matchers: team="x" → matchers: team!="x"`, `x: matchers: team="x" → matchers: team="y"`,
		"x: continue: true → continue: false", "x: order: before page → order: after page", "x: route: x → (dropped)",

		"page: receiver: pager → receiver: x", "page: group_by: ... → (dropped)", "page: group_wait: 10s → group_wait: 5s", "page: group_wait: 10s → group_wait: 20s",
		`page: matchers: severity="page" → (dropped)`, `page: matchers: severity="page" → matchers: severity!="page"`,
		`page: matchers: severity="page" → matchers: severity="other"`, "page: route: page → (dropped)",

		"y: receiver: x → receiver: all", "y: group_by: team → (dropped)",
		`y: matchers: team="y" → (dropped)`, `y: matchers: team="y" → matchers: team!="y"`, `y: matchers: team="y" → matchers: team="x"`, "y: route: y → (dropped)",

		`inhibition of y: source_matchers: severity="page" → (dropped)`, `inhibition of y: source_matchers: severity="page" → source_matchers: severity!="page"`,
		`inhibition of y: source_matchers: severity="page" → source_matchers: severity="other"`,
		`inhibition of y: target_matchers: team="y" → (dropped)`, `inhibition of y: target_matchers: team="y" → target_matchers: team!="y"`,
		`inhibition of y: target_matchers: team="y" → target_matchers: team="x"`,
		"inhibition of y: equal: host → (dropped)", "inhibition of y: equal: zone → (dropped)", "inhibition of y: inhibition: of y → (dropped)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Routes without an expectation are not scored. A mutant that only affects
// alerts without an expectation survives.
func TestOnlyExpectationsKillMutants(t *testing.T) {
	t.Parallel()
	outcomes := scoreRoutes(t, func(a model.LabelSet) bool { return a["team"] == "x" })
	var untested []string
	for _, id := range mutate.Count(outcomes).Untested {
		untested = append(untested, id.String())
	}
	if d := cmp.Diff([]string{"routing, default", "routing, y"}, untested); d != "" {
		t.Errorf("untested (-want +got):\n%s", d)
	}
	want := []string{`x matchers: team="x" → (dropped)`}
	if d := cmp.Diff(want, survivors(outcomes)); d != "" {
		t.Errorf("survivors (-want +got):\n%s", d)
	}
}
