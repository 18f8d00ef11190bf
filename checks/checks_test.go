package checks_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/alertnative/preflight/checks"
)

// probe is a check that does as it is told.
type probe struct {
	name    string
	network bool
	targets []string
	run     func(context.Context) []checks.Observation
}

func (p probe) Spec() checks.Spec {
	return checks.Spec{Name: p.name, Looks: "a test", Network: p.network, Reasons: []checks.Reason{{Name: "broken"}, {Name: "slow"}}}
}
func (p probe) Targets() []string { return p.targets }
func (p probe) Run(ctx context.Context) []checks.Observation {
	return p.run(ctx)
}

// says is a probe of one target "t" with that observation.
func says(name string, o checks.Observation) probe {
	o.Target = "t"
	return probe{name: name, targets: []string{"t"}, run: func(context.Context) []checks.Observation { return []checks.Observation{o} }}
}

func run(t *testing.T, r checks.Runner) checks.Report {
	t.Helper()
	return r.Run(t.Context())
}

// plain leaves out what depends on the clock.
var plain = cmpopts.IgnoreFields(checks.Result{}, "Duration")

func TestRunnerJudges(t *testing.T) {
	t.Parallel()
	two := func(a, b checks.Observation) probe {
		a.Target, b.Target = "a", "b"
		return probe{name: "Two", targets: []string{"a", "b"}, run: func(context.Context) []checks.Observation { return []checks.Observation{b, a} }}
	}
	for _, tt := range []struct {
		name  string
		check probe
		want  checks.Result
	}{
		{"all pass, in the order of the targets", two(checks.Passed("", "x"), checks.Passed("", "y")), checks.Result{
			Check: "Two", Status: checks.Pass, Observations: []checks.Observation{{Target: "a", Status: "pass", Detail: "x"}, {Target: "b", Status: "pass", Detail: "y"}},
		}},
		{"a warning is graver than a pass", two(checks.Passed("", ""), checks.Warned("", "slow", "y")), checks.Result{
			Check: "Two", Status: checks.Warn, Observations: []checks.Observation{{Target: "a", Status: "pass"}, {Target: "b", Status: "warn", Reason: "slow", Detail: "y"}},
		}},
		{"a failure is graver than a warning", two(checks.Failed("", "broken", "x"), checks.Warned("", "slow", "y")), checks.Result{
			Check: "Two", Status: checks.Fail, Observations: []checks.Observation{{Target: "a", Status: "fail", Reason: "broken", Detail: "x"}, {Target: "b", Status: "warn", Reason: "slow", Detail: "y"}},
		}},
		{"an undeclared reason is an internal error", says("One", checks.Failed("", "bogus", "x")), checks.Result{
			Check: "One", Status: checks.Fail, Observations: []checks.Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the undeclared reason "bogus": x`}},
		}},
		{"what a server answered cannot drive the terminal", says("One", checks.Failed("", "broken", "a\x1b[2Jb\nc\xff\u202e")), checks.Result{
			Check: "One", Status: checks.Fail, Observations: []checks.Observation{{Target: "t", Status: "fail", Reason: "broken", Detail: "a [2Jb c\ufffd "}},
		}},
		{"a check that runs cannot skip", says("One", checks.Observation{Status: checks.Skip}), checks.Result{
			Check: "One", Status: checks.Fail, Observations: []checks.Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the unknown status "skip"`}},
		}},
		{"so is an unknown status", says("One", checks.Observation{Status: "fine"}), checks.Result{
			Check: "One", Status: checks.Fail, Observations: []checks.Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: `the check gave the unknown status "fine"`}},
		}},
		{"and silence about a target", probe{name: "One", targets: []string{"t"}, run: func(context.Context) []checks.Observation { return nil }}, checks.Result{
			Check: "One", Status: checks.Fail, Observations: []checks.Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: "the check said nothing about it"}},
		}},
		{"and a panic, whose value is not shown", probe{name: "One", targets: []string{"t"}, run: func(context.Context) []checks.Observation { panic("secret") }}, checks.Result{
			Check: "One", Status: checks.Fail, Observations: []checks.Observation{{Target: "t", Status: "fail", Reason: "internal_error", Detail: "panic of type string in the check"}},
		}},
		{"what needs the network is skipped without --real-check", probe{name: "One", network: true, targets: []string{"t"}}, checks.Result{
			Check: "One", Status: checks.Skip, Why: "needs --real-check", Observations: []checks.Observation{{Target: "t", Status: "skip", Detail: "needs --real-check"}},
		}},
		{"a check without targets proves nothing", probe{name: "One"}, checks.Result{
			Check: "One", Status: checks.Skip, Why: "preflight.yml declares nothing to look at",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := run(t, checks.Runner{Checks: []checks.Check{tt.check}})
			if d := cmp.Diff([]checks.Result{tt.want}, report.Results, plain); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	pass, warn := says("P", checks.Passed("", "")), says("W", checks.Warned("", "slow", ""))
	fail := says("F", checks.Failed("", "broken", ""))
	for _, tt := range []struct {
		name             string
		runner           checks.Runner
		succeeded, ready bool
	}{
		{"all pass for real", checks.Runner{Checks: []checks.Check{pass}, Real: true}, true, true},
		{"a warning is still ready", checks.Runner{Checks: []checks.Check{pass, warn}, Real: true}, true, true},
		{"a failure", checks.Runner{Checks: []checks.Check{pass, fail}, Real: true}, false, false},
		{"not for real", checks.Runner{Checks: []checks.Check{pass}}, true, false},
		{"something was skipped", checks.Runner{Checks: []checks.Check{pass, warn}, Real: true, Selected: func(n string) bool { return n == "P" }}, true, false},
		{"nothing was executed", checks.Runner{Checks: []checks.Check{pass}, Real: true, Selected: func(string) bool { return false }}, false, false},
		{"no checks at all", checks.Runner{Real: true}, false, false},
	} {
		report := run(t, tt.runner)
		if report.Succeeded() != tt.succeeded || report.Ready() != tt.ready {
			t.Errorf("%s: succeeded %v, ready %v", tt.name, report.Succeeded(), report.Ready())
		}
	}
}

func TestProgressIsInOrderAndACheckThatHangsHoldsNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hang := probe{name: "Hangs", targets: []string{"t"}, run: func(ctx context.Context) []checks.Observation {
		<-ctx.Done()
		return nil
	}}
	var order []string
	runner := checks.Runner{Checks: []checks.Check{says("First", checks.Passed("", "")), hang, says("Last", checks.Passed("", ""))}}
	runner.Progress = func(i int, r checks.Result) {
		order = append(order, r.Check+" "+string(r.Status))
		if i == 0 {
			cancel()
		}
	}
	runner.Run(ctx)
	// Whether the last one was done before the interruption is not fixed.
	if len(order) != 3 || order[0] != "First pass" || order[1] != "Hangs skip" || !strings.HasPrefix(order[2], "Last ") {
		t.Errorf("%v", order)
	}
}

func TestVocabulary(t *testing.T) {
	t.Parallel()
	v := checks.Vocabulary(checks.Shipped()...)
	if d := cmp.Diff([]string{
		"Environment", "Secrets", "Live Safety", "Database", "Exchange Health", "Open Positions", "Git Safety", "Migrations",
	}, v.Checks[:8]); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
	for _, s := range checks.Shipped() {
		if s.Looks == "" {
			t.Errorf("%s does not say what it looks at", s.Name)
		}
		seen := map[string]bool{}
		for _, r := range s.AllReasons() {
			if seen[r.Name] {
				t.Errorf("%s has the reason %q twice", s.Name, r.Name)
			}
			seen[r.Name] = true
			if r.Meaning == "" || r.Remedy == "" {
				t.Errorf("%s: reason %q has no meaning or remedy", s.Name, r.Name)
			}
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	low, high := int64(1), int64(10)
	file := "checks_test.go"
	for _, tt := range []struct {
		variable checks.Variable
		value    string
		unset    bool
		want     checks.Observation
	}{
		{checks.Variable{}, "x", false, checks.Passed("V", "")},
		{checks.Variable{}, "", true, checks.Failed("V", "missing", "not set")},
		{checks.Variable{Optional: true}, "", true, checks.Passed("V", "not set, optional")},
		{checks.Variable{Optional: true}, " ", false, checks.Failed("V", "empty", "set to nothing")},
		{checks.Variable{Format: checks.FormatURL}, "redis://h:1/0", false, checks.Passed("V", "")},
		{checks.Variable{Format: checks.FormatURL}, "no url", false, checks.Failed("V", "malformed", "must be a URL")},
		{checks.Variable{Format: checks.FormatURL}, "redis://user:pass%zz@h", false, checks.Failed("V", "malformed", "must be a URL")},
		{checks.Variable{Format: checks.FormatURL, Schemes: []string{"redis", "rediss"}}, "http://h", false, checks.Failed("V", "malformed", "must be a URL that starts with redis:// or rediss://")},
		{checks.Variable{Format: checks.FormatInteger, Min: &low, Max: &high}, "7", false, checks.Passed("V", "")},
		{checks.Variable{Format: checks.FormatInteger}, "7.5", false, checks.Failed("V", "malformed", "must be an integer")},
		{checks.Variable{Format: checks.FormatInteger, Min: &low}, "0", false, checks.Failed("V", "out_of_range", "must be at least 1")},
		{checks.Variable{Format: checks.FormatInteger, Max: &high}, "11", false, checks.Failed("V", "out_of_range", "must be at most 10")},
		{checks.Variable{Format: checks.FormatOneOf, OneOf: []string{"a", "b"}}, "b", false, checks.Passed("V", "")},
		{checks.Variable{Format: checks.FormatOneOf, OneOf: []string{"a", "b"}}, "c", false, checks.Failed("V", "not_allowed", "must be one of a, b")},
		{checks.Variable{Format: checks.FormatFile}, file, false, checks.Passed("V", "")},
		{checks.Variable{Format: checks.FormatFile}, "/no/such/file", false, checks.Failed("V", "no_such_file", "must be the path of a file")},
		{checks.Variable{Format: checks.FormatFile}, ".", false, checks.Failed("V", "no_such_file", "must be the path of a file")},
	} {
		tt.variable.Name = "V"
		check := checks.Environment{
			Variables: []checks.Variable{tt.variable},
			Lookup:    func(string) (string, bool) { return tt.value, !tt.unset },
		}
		if d := cmp.Diff(tt.want, observe(t, check, "V"), plain); d != "" {
			t.Errorf("%+v with %q (-want +got):\n%s", tt.variable, tt.value, d)
		}
	}
}
