package mutate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
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
		for _, severity := range []model.LabelValue{"", "page", "low"} {
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
	var b space.Builder
	b.Label("alertname", "A")
	for _, r := range tree.Routes() {
		b.Match(r.Matchers...)
	}
	page, y := matcher(t, "severity", "page"), matcher(t, "team", "y")
	b.Match(page, y)
	b.Compare("host", "zone")
	s, _ := b.Build()
	r := mutate.Routes{
		File: "am.yml", Tree: tree, InhibitNames: []string{"inhibition of y"},
		Proof: routetree.Proof{Space: s, Exact: true, Quiets: []routetree.Quiet{
			{While: labels.Matchers{page}, Match: labels.Matchers{y}, Equal: []string{"host", "zone"}},
		}},
	}
	for _, a := range alerts() {
		set := map[string]string{}
		for name, value := range a {
			set[string(name)] = string(value)
		}
		c := routetree.Case{Box: s.Box(set)}
		if expected(a) {
			want := tree.Deliveries(a).String()
			c.Judge = func(p routetree.Piece) string {
				if got := p.Deliveries().String(); got != want {
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

func matcher(t *testing.T, name, value string) *labels.Matcher {
	t.Helper()
	m, err := labels.NewMatcher(labels.MatchEqual, name, value)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Each part of a route is mutated. No alert matches both x and y, or both page
// and y, so their order and continue have no mutants.
func TestEveryPartOfRouteIsMutated(t *testing.T) {
	t.Parallel()
	var got []string
	for _, o := range scoreRoutes(t, func(model.LabelSet) bool { return true }) {
		got = append(got, strings.ReplaceAll(o.Of.Name, `"`, "")+": "+o.Name())
		if o.By == nil {
			t.Errorf("%s: %s survives", o.Of, o.Name())
		}
	}
	want := []string{
		"the default route: receiver: all → receiver: pager", "the default route: group_by: alertname → (dropped)", "the default route: group_wait: 0s → group_wait: 1s",
		"the default route: group_interval: 1m → group_interval: 2m",
		"the default route: repeat_interval: 2h → repeat_interval: 1h", "the default route: repeat_interval: 2h → repeat_interval: 4h",

		"{team=x}: receiver: x → receiver: all", "{team=x}: mute_time_intervals: nights → (dropped)", "{team=x}: active_time_intervals: office → (dropped)",
		`{team=x}: matchers: team="x" → (dropped)`, `{team=x}: matchers: team="x" → matchers: team!="x"`, `{team=x}: matchers: team="x" → matchers: team="y"`,
		`{team=x}: matchers: team="x" → matchers: team!=""`,
		"{team=x}: continue: true → continue: false", `{team=x}: order: before {severity="page"} → order: after {severity="page"}`, `{team=x}: route: {team="x"} → (dropped)`,

		"{severity=page}: receiver: pager → receiver: x", "{severity=page}: group_by: ... → (dropped)", "{severity=page}: group_wait: 10s → group_wait: 5s", "{severity=page}: group_wait: 10s → group_wait: 20s",
		`{severity=page}: matchers: severity="page" → (dropped)`, `{severity=page}: matchers: severity="page" → matchers: severity!="page"`,
		`{severity=page}: matchers: severity="page" → matchers: severity="other"`,
		`{severity=page}: matchers: severity="page" → matchers: severity!=""`, `{severity=page}: route: {severity="page"} → (dropped)`,

		"{team=y}: receiver: x → receiver: all", "{team=y}: group_by: team → (dropped)",
		`{team=y}: matchers: team="y" → (dropped)`, `{team=y}: matchers: team="y" → matchers: team!="y"`, `{team=y}: matchers: team="y" → matchers: team="x"`,
		`{team=y}: matchers: team="y" → matchers: team!=""`, `{team=y}: route: {team="y"} → (dropped)`,

		`inhibition of y: source_matchers: severity="page" → (dropped)`, `inhibition of y: source_matchers: severity="page" → source_matchers: severity!="page"`,
		`inhibition of y: source_matchers: severity="page" → source_matchers: severity="other"`,
		`inhibition of y: source_matchers: severity="page" → source_matchers: severity!=""`,
		`inhibition of y: target_matchers: team="y" → (dropped)`, `inhibition of y: target_matchers: team="y" → target_matchers: team!="y"`,
		`inhibition of y: target_matchers: team="y" → target_matchers: team="x"`, `inhibition of y: target_matchers: team="y" → target_matchers: team!=""`,
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
	if d := cmp.Diff([]string{`routing, {team="y"}`}, untested); d != "" {
		t.Errorf("untested (-want +got):\n%s", d)
	}
	want := []string{"the default route receiver: all → receiver: pager", `{team="x"} matchers: team="x" → (dropped)`, `{team="x"} matchers: team="x" → matchers: team!=""`}
	if d := cmp.Diff(want, survivors(outcomes)); d != "" {
		t.Errorf("survivors (-want +got):\n%s", d)
	}
}
