package mutate_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

func names(t *testing.T, r rulefmt.Rule) []string {
	t.Helper()
	list, err := mutate.Mutants(mutate.RuleID{Name: "A"}, r)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range list {
		out = append(out, m.Kind+": "+m.Name())
	}
	return out
}

func TestEveryPartOfRuleIsMutated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule rulefmt.Rule
		want []string
	}{
		{rulefmt.Rule{Expr: `up == 0`}, []string{"comparison: == → !=", "bool: == → == bool", "number: 0 → -1", "number: 0 → 1"}},
		{rulefmt.Rule{Expr: `x > 300`}, []string{"comparison: > → >=", "comparison: > → <", "bool: > → > bool", "number: 300 → 270", "number: 300 → 330"}},
		{
			rulefmt.Rule{Expr: `sum by (a) (rate(x{s="v"}[5m] offset 1h))`},
			[]string{
				"aggregation: sum → max", "aggregation: sum → min", "grouping: by (a) → by ()", "grouping: by (a) → without (a)",
				"function: rate → increase", "function: rate → irate", "window: 5m → 2m30s", "window: 5m → 4m", "window: 5m → 6m", "window: 5m → 10m", "offset: offset 1h → offset 2h", "offset: offset 1h → (dropped)",
				`matcher: s="v" → (dropped)`, `matcher: s="v" → s!="v"`,
			},
		},
		{
			rulefmt.Rule{Expr: `a unless on (l) b`},
			[]string{"set operator: unless → and", "set operator: unless → or", "clause: unless … → (dropped)", "matching: on (l) → ignoring (l)", "matching: on (l) → on ()"},
		},
		{rulefmt.Rule{Expr: `x{s=~"a|b"}`}, []string{`matcher: s=~"a|b" → (dropped)`, `matcher: s=~"a|b" → s!~"a|b"`, `matcher: s=~"a|b" → s=~"b"`, `matcher: s=~"a|b" → s=~"a"`}},
		{rulefmt.Rule{Expr: `histogram_quantile(0.95, x)`}, []string{"number: 0.95 → 0.975", "number: 0.95 → 0.9"}},
		{
			rulefmt.Rule{Expr: `x`, For: model.Duration(10 * time.Minute), KeepFiringFor: model.Duration(time.Minute), Labels: map[string]string{"l": "v"}},
			[]string{
				"for: 10m → 5m", "for: 10m → 20m", "keep_firing_for: 1m → 0s", "keep_firing_for: 1m → 2m",
				"labels: l: v → (dropped)", "labels: l: v → l: other",
			},
		},
	} {
		if d := cmp.Diff(tt.want, names(t, tt.rule)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.rule.Expr, d)
		}
	}
}

func load(t *testing.T, text string) []*ruletest.Suite {
	t.Helper()
	file, err := testfile.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	suites, err := ruletest.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return suites
}

const latencyTest = `
tests:
  - input_series: [{series: 'latency{job="a"}', values: '1 5 9'}]
    alert_rule_test:
      - {eval_time: 0m, alertname: Slow}
      - {eval_time: 2m, alertname: Slow, exp_alerts: [{exp_labels: {job: a}}]}
`

func score(t *testing.T, expr string) []mutate.Outcome {
	t.Helper()
	group := mutate.Group{RuleGroup: rulefmt.RuleGroup{Name: "g", Rules: []rulefmt.Rule{
		{Record: "job:latency:max", Expr: "max by (job) (latency)"},
		{Alert: "Slow", Expr: expr},
		{Alert: "Untested", Expr: "up == 0"},
	}}}
	out, err := mutate.Score(t.Context(), []mutate.Proof{{Suites: load(t, latencyTest), Groups: []mutate.Group{group}}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func survivors(outcomes []mutate.Outcome) []string {
	var out []string
	for _, o := range outcomes {
		if o.Tested && o.By == nil && o.Waived == "" {
			out = append(out, o.Of.Name+" "+o.Name())
		}
	}
	return out
}

// A test without a case at the threshold does not notice a changed threshold. A
// test that reads a recording rule also counts for that rule.
func TestSurvivorsShowGapsInTests(t *testing.T) {
	t.Parallel()
	outcomes := score(t, "job:latency:max > 5")
	want := []string{"job:latency:max max → min", "job:latency:max max → sum", "Slow > → >=", "Slow 5 → 4", "Slow 5 → 6"}
	if d := cmp.Diff(want, survivors(outcomes)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	result := mutate.Count(outcomes)
	if len(result.Untested) != 1 || result.Untested[0].Name != "Untested" {
		t.Errorf("untested: %v", result.Untested)
	}
	i := slices.IndexFunc(outcomes, func(o mutate.Outcome) bool { return o.Name() == "> → >=" })
	shown := outcomes[i].Survived().String()
	if wantShown := "alert \"Slow\", expr: MU001: comparison: no test fails with \">=\" in its place\n    job:latency:max > 5\n                    ^"; shown != wantShown {
		t.Errorf("shown as\n%s\nwant\n%s", shown, wantShown)
	}
}

func TestFailingTestIsAnError(t *testing.T) {
	t.Parallel()
	group := mutate.Group{RuleGroup: rulefmt.RuleGroup{Name: "g", Rules: []rulefmt.Rule{{Alert: "Slow", Expr: "latency > 100"}}}}
	_, err := mutate.Score(t.Context(), []mutate.Proof{{Suites: load(t, latencyTest), Groups: []mutate.Group{group}}}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), `a test fails on the unchanged rules: alert Slow, scenario "unnamed#0", at 2m: got nothing, want {job="a"}`) {
		t.Errorf("error %v", err)
	}
}

func TestWaiversAreChecked(t *testing.T) {
	t.Parallel()
	outcomes := score(t, "sum by (job) (increase(errors_total[5m])) > 0 or latency > 5")
	slow := func(o mutate.Outcome) bool { return o.Of.Name == "Slow" }
	id := outcomes[slices.IndexFunc(outcomes, slow)].Of
	findings := mutate.Waive(outcomes, map[mutate.RuleID][]finding.Equivalent{id: {
		{Mutant: "sum → max", Why: "never negative"}, // correct
		{Mutant: "> → >=", Why: "hoped so"},          // wrong
		{Mutant: "rate → irate", Why: "gone"},        // no such mutant
	}})
	var codes []string
	for _, f := range findings {
		codes = append(codes, string(f.Code))
	}
	slices.Sort(codes)
	if d := cmp.Diff([]string{"MU002", "MU003", "MU003"}, slices.DeleteFunc(codes, func(c string) bool { return c == "MU004" })); d != "" {
		t.Errorf("findings (-want +got):\n%s\n%v", d, findings)
	}
	left := survivors(outcomes)
	if slices.Contains(left, "Slow sum → max") || !slices.Contains(left, "Slow > → >=") {
		t.Errorf("survivors: %v", left)
	}
}

// An interrupted run returns the results so far.
func TestInterruptedScore(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	group := mutate.Group{RuleGroup: rulefmt.RuleGroup{Name: "g", Rules: []rulefmt.Rule{
		{Record: "job:latency:max", Expr: "max by (job) (latency)"},
		{Alert: "Slow", Expr: "job:latency:max > 5"},
	}}}
	var total atomic.Int64 // several goroutines report progress
	out, err := mutate.Score(ctx, []mutate.Proof{{Suites: load(t, latencyTest), Groups: []mutate.Group{group}}}, nil, func(done, all int) {
		total.Store(int64(all))
		stop()
	})
	if !errors.Is(err, context.Canceled) || len(out) == 0 || len(out) >= int(total.Load()) {
		t.Errorf("%d of %d mutants, %v", len(out), total.Load(), err)
	}
}
