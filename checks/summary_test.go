package checks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checks"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	report := checks.Report{Real: true, Results: []checks.Result{
		{Check: "A", Status: checks.Pass, Observations: []checks.Observation{
			{Target: "a1", Status: checks.Pass, Detail: "answered", Latency: 1234 * time.Microsecond}, {Target: "a2", Status: checks.Pass},
		}},
		{Check: "B", Status: checks.Fail, Observations: []checks.Observation{
			checks.Failed("b1", "broken", "it broke"), checks.Warned("b2", "slow", "it is slow"),
		}},
		{Check: "C", Status: checks.Skip, Why: "not selected"},
	}}
	specs := []checks.Spec{{Name: "A"}, {Name: "B", Reasons: []checks.Reason{{Name: "broken", Remedy: "mend it"}, {Name: "slow", Remedy: "speed it up"}}}, {Name: "C"}}
	show := func(r checks.Report, color, quiet bool) string {
		var b strings.Builder
		terminal := checks.Terminal{Out: &b, Color: color, Specs: specs[:len(r.Results)], Quiet: quiet}
		for i, result := range r.Results {
			terminal.Progress(i, result)
		}
		terminal.Summary(r)
		return b.String()
	}
	const all = `[1/3] A … PASS
      a1: answered in 1.2ms
[2/3] B … FAIL
      b1: it broke (broken)
      b2: it is slow (slow)
[3/3] C … SKIP
      not selected

Total: 3 / PASS: 1 / FAIL: 1 / WARN: 0 / SKIP: 1
Ready for LIVE: False

What to do:
  B, b1: mend it
  B, b2: speed it up
`
	const wrong = `[2/3] B … FAIL
      b1: it broke (broken)
      b2: it is slow (slow)

Total: 3 / PASS: 1 / FAIL: 1 / WARN: 0 / SKIP: 1
Ready for LIVE: False

What to do:
  B, b1: mend it
  B, b2: speed it up
`
	colored := strings.NewReplacer("PASS\n", "\x1b[32;1mPASS\x1b[0;22m\n", "FAIL\n", "\x1b[31;1mFAIL\x1b[0;22m\n", "SKIP\n", "\x1b[2mSKIP\x1b[22m\n")
	for name, tt := range map[string]struct{ got, want string }{
		"plain":                       {show(report, false, false), all},
		"colour":                      {show(report, true, false), colored.Replace(all)},
		"quiet":                       {show(report, false, true), wrong},
		"quiet, and nothing is wrong": {show(checks.Report{Results: report.Results[:1]}, false, true), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got\n%q, want\n%q", name, tt.got, tt.want)
		}
	}
}
