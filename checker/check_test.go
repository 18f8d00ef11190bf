package checker

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/alertnative/preflight/checker/spec"
)

// probe is a check with a given result.
type probe struct {
	name    string
	network bool
	targets []string
	run     func(context.Context) []Observation
}

func (p probe) Spec() spec.Spec {
	return spec.Spec{Name: p.name, Looks: "a test", Network: p.network, Reasons: []spec.Reason{{Name: "broken"}, {Name: "slow"}}}
}
func (p probe) Targets(Env) []string { return p.targets }
func (p probe) Run(ctx context.Context, _ Env) []Observation {
	return p.run(ctx)
}

// says returns a probe of the target "t" with that observation.
func says(name string, o Observation) probe {
	o.Target = "t"
	return probe{name: name, targets: []string{"t"}, run: func(context.Context) []Observation { return []Observation{o} }}
}

// several returns a probe of the target "t" with these observations.
func several(list ...Observation) probe {
	return probe{name: "One", targets: []string{"t"}, run: func(context.Context) []Observation { return list }}
}

// plain ignores the fields that depend on the clock.
var plain = cmpopts.IgnoreFields(Result{}, "Duration")

func TestRunnerJudges(t *testing.T) {
	t.Parallel()
	two := func(a, b Observation) probe {
		a.Target, b.Target = "a", "b"
		return probe{name: "Two", targets: []string{"a", "b"}, run: func(context.Context) []Observation { return []Observation{b, a} }}
	}
	for _, tt := range []struct {
		name  string
		check probe
		want  Result
	}{
		{"all pass, in the order of the targets", two(Passed("", "x"), Passed("", "y")), Result{
			Check: "Two", Status: Pass, Observations: []Observation{{Target: "a", Status: "pass", Detail: "x"}, {Target: "b", Status: "pass", Detail: "y"}},
		}},
		{"a warning is graver than a pass", two(Passed("", ""), Warned("", "slow", "y")), Result{
			Check: "Two", Status: Warn, Observations: []Observation{{Target: "a", Status: "pass"}, {Target: "b", Status: "warn", Reason: "slow", Detail: "y"}},
		}},
		{"a failure is graver than a warning", two(Failed("", "broken", "x"), Warned("", "slow", "y")), Result{
			Check: "Two", Status: Fail, Observations: []Observation{{Target: "a", Status: "fail", Reason: "broken", Detail: "x"}, {Target: "b", Status: "warn", Reason: "slow", Detail: "y"}},
		}},
		{"an undeclared reason is an internal error", says("One", Failed("", "bogus", "x")), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the undeclared reason "bogus": x`}},
		}},
		{"control characters of a server are removed", says("One", Failed("", "broken", "a\x1b[2Jb\nc\xff\u202e")), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "broken", Detail: "a [2Jb c\ufffd "}},
		}},
		{"a check that runs cannot skip", says("One", Observation{Status: Skip}), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the unknown status "skip"`}},
		}},
		{"so is an unknown status", says("One", Observation{Status: "fine"}), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the unknown status "fine"`}},
		}},
		{"and silence about a target", probe{name: "One", targets: []string{"t"}, run: func(context.Context) []Observation { return nil }}, Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: "the check returned no observation of it"}},
		}},
		{"of two observations of a target the gravest counts", several(Passed("t", "x"), Failed("t", "broken", "y"), Warned("t", "slow", "z")), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "broken", Detail: "y"}},
		}},
		{"in every order", several(Failed("t", "broken", "y"), Passed("t", "x")), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "broken", Detail: "y"}},
		}},
		{"a warning over a pass too", several(Passed("t", "x"), Warned("t", "slow", "z"), Passed("t", "x")), Result{
			Check: "One", Status: Warn, Observations: []Observation{{Target: "t", Status: "warn", Reason: "slow", Detail: "z"}},
		}},
		{"of equal ones the first", several(Failed("t", "slow", "y"), Failed("t", "broken", "z")), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "slow", Detail: "y"}},
		}},
		{"a skip does not replace an observation", several(Passed("t", "x"), Observation{Target: "t", Status: Skip}), Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the unknown status "skip"`}},
		}},
		{"an undeclared target is an internal error", several(Passed("t", "x"), Failed("u\xff", "broken", "y")), Result{
			Check: "One", Status: Fail, Observations: []Observation{
				{Target: "t", Status: "pass", Detail: "x"},
				{Target: "u\ufffd", Status: "fail", Reason: "internal_error", Detail: "the check observed it (fail), and Targets does not list it: y"},
			},
		}},
		{"also one that passed", several(Passed("u", ""), Passed("t", "x")), Result{
			Check: "One", Status: Fail, Observations: []Observation{
				{Target: "t", Status: "pass", Detail: "x"},
				{Target: "u", Status: "fail", Reason: "internal_error", Detail: "the check observed it (pass), and Targets does not list it"},
			},
		}},
		{"a target that is listed twice is one", probe{name: "One", targets: []string{"t", "t"}, run: func(context.Context) []Observation { return []Observation{Passed("t", "x")} }}, Result{
			Check: "One", Status: Pass, Observations: []Observation{{Target: "t", Status: "pass", Detail: "x"}},
		}},
		{"and a panic, whose value is not shown", probe{name: "One", targets: []string{"t"}, run: func(context.Context) []Observation { panic("secret") }}, Result{
			Check: "One", Status: Fail, Observations: []Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: "panic of type string in the check"}},
		}},
		{"a network check is skipped without --real-check", probe{name: "One", network: true, targets: []string{"t"}}, Result{
			Check: "One", Status: Skip, Why: "needs --real-check", Observations: []Observation{{Target: "t", Status: "skip", Detail: "needs --real-check"}},
		}},
		{"a check without targets proves nothing", probe{name: "One"}, Result{
			Check: "One", Status: Skip, Why: "preflight.yml declares no targets",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := Runner{Checks: []Check{tt.check}}.Run(t.Context(), Env{})
			if d := cmp.Diff([]Result{tt.want}, report.Results, plain); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	pass, warn := says("P", Passed("", "")), says("W", Warned("", "slow", ""))
	fail := says("F", Failed("", "broken", ""))
	for _, tt := range []struct {
		name             string
		runner           Runner
		succeeded, ready bool
	}{
		{"all pass for real", Runner{Checks: []Check{pass}, Real: true}, true, true},
		{"a warning is still ready", Runner{Checks: []Check{pass, warn}, Real: true}, true, true},
		{"a failure", Runner{Checks: []Check{pass, fail}, Real: true}, false, false},
		{"not for real", Runner{Checks: []Check{pass}}, true, false},
		{"something was skipped", Runner{Checks: []Check{pass, warn}, Real: true, Only: func(n string) bool { return n == "P" }}, true, false},
		{"nothing was executed", Runner{Checks: []Check{pass}, Real: true, Only: func(string) bool { return false }}, false, false},
		{"no checks at all", Runner{Real: true}, false, false},
	} {
		report := tt.runner.Run(t.Context(), Env{})
		if report.Succeeded() != tt.succeeded || report.Ready() != tt.ready {
			t.Errorf("%s: succeeded %v, ready %v", tt.name, report.Succeeded(), report.Ready())
		}
	}
}

func TestProgressIsInOrderDespiteHangingCheck(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hang := probe{name: "Hangs", targets: []string{"t"}, run: func(ctx context.Context) []Observation {
		<-ctx.Done()
		return nil
	}}
	var order []string
	runner := Runner{Checks: []Check{says("First", Passed("", "")), hang, says("Last", Passed("", ""))}}
	runner.Progress = func(i int, r Result) {
		order = append(order, r.Check+" "+string(r.Status))
		if i == 0 {
			cancel()
		}
	}
	runner.Run(ctx, Env{})
	// The last check may or may not finish before the interruption.
	if len(order) != 3 || order[0] != "First pass" || order[1] != "Hangs skip" || !strings.HasPrefix(order[2], "Last ") {
		t.Errorf("%v", order)
	}
}
