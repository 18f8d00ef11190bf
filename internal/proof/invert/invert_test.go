package invert_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/proof/invert"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

func none(string) map[string]string { return nil }

// summarize writes a test as "minute+" where it fires and "minute-" where it is
// quiet.
func summarize(t *testing.T, r rulefmt.Rule) (out []string, reasons []string) {
	t.Helper()
	r.Alert = "A"
	tests, reasons := invert.Alert(invert.Rule{Rule: r}, none)
	for _, test := range tests {
		var b strings.Builder
		b.WriteString(strings.TrimPrefix(test.Name, "generated: ") + ":")
		for _, c := range test.Alerts {
			sign := "-"
			if len(c.Expected) > 0 {
				sign = "+"
			}
			b.WriteString(" " + c.At.String() + sign)
		}
		for _, s := range test.Series {
			b.WriteString(" | " + s.Series + " " + s.Values)
		}
		out = append(out, b.String())
	}
	return out, reasons
}

func TestThresholdIsTestedOnBothSides(t *testing.T) {
	t.Parallel()
	got, reasons := summarize(t, rulefmt.Rule{
		Expr: `max by (job) (lag_seconds{env="paper"}) > 900`,
		For:  model.Duration(5 * time.Minute), KeepFiringFor: model.Duration(2 * time.Minute),
	})
	want := []string{
		`quiet below the threshold: 0s- 10m- | lag_seconds{env="paper",job="a"} 810x14`,
		`at the threshold: 4m- 10m- | lag_seconds{env="paper",job="a"} 810x4 900x9`,
		`fires above the threshold and recovers: 4m- 9m- 10m+ 11m+ 13m+ 14m- | lag_seconds{env="paper",job="a"} 810x4 990x6 810x2`,
		`ends without data: 10m+ 14m- | lag_seconds{env="paper",job="a"} 810x4 990x6 stale _x2`,
	}
	if d := cmp.Diff(want, got); d != "" || reasons != nil {
		t.Errorf("(-want +got):\n%s\nreasons: %v", d, reasons)
	}
}

func TestInvertedExpressions(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]int{
		`up == 0`:                           3,
		`0.5 <= x`:                          4,
		`x * 100 < 5`:                       4,
		`sum(rate(errors_total[5m])) > 0.1`: 4,
		`increase(errors_total[5m]) > 0`:    3,
		`time() - max by (e) (last_run_seconds) > 1800`:                  4,
		`histogram_quantile(0.9, sum by (le) (rate(d_bucket[10m]))) > 2`: 3,
		`absent_over_time(x[5m])`:                                        2,
		`absent(x) and on () max(up) == 1`:                               2,
		`a > 1 or b > 1`:                                                 8,
		`100 * (1 - free / size) > 90`:                                   4,
		`free{m="/"} / size < 0.1`:                                       4,
		`sum by (i) (n{j="db"}) / on (i) limit{j="db"} > 0.8`:            4,
		`rate(a_total[5m]) / rate(b_total[5m]) > 0.5`:                    4,
		`a == 1 unless on (l) b == 1`:                                    3,
		`a == 1 and on () max(up) == 1`:                                  3,
		`last_over_time(a[30m]) == 1`:                                    3,
	} {
		if got, reasons := summarize(t, rulefmt.Rule{Expr: expr}); len(got) != want || len(reasons) > 0 {
			t.Errorf("%s: %d tests, want %d; reasons %q", expr, len(got), want, reasons)
		}
	}
	for expr, want := range map[string]string{
		`vector(1)`:               "vector(1) is not a condition",
		`changes(x[1h]) > 2`:      "changes cannot be inverted",
		`a > b`:                   "a > b does not compare with a number",
		`a{l="x"} / a > 1`:        "which reads a on both sides, cannot be inverted",
		`1 / a > 1`:               "1 / a cannot be inverted",
		`x{l=~"a.*"} > 1`:         `the pattern l=~"a.*" cannot be inverted`,
		`x offset 5m > 1`:         "offset and @ cannot be inverted",
		`sum without (l) (x) > 1`: "sum cannot be inverted",
	} {
		if got, reasons := summarize(t, rulefmt.Rule{Expr: expr}); len(got) != 0 || !strings.Contains(strings.Join(reasons, "\n"), want) {
			t.Errorf("%s: %d tests, reasons %q, want %q", expr, len(got), reasons, want)
		}
	}
}

// Each rule of an alert is tested together with the other rules of that alert.
func TestRulesOfOtherEnvironments(t *testing.T) {
	t.Parallel()
	missing := func(env string) rulefmt.Rule {
		return rulefmt.Rule{Alert: "A", Expr: `absent_over_time(up{env="` + env + `"}[5m])`}
	}
	tests, reasons := invert.Alert(invert.Rule{Rule: missing("paper"), Others: []rulefmt.Rule{missing("live")}}, none)
	if len(tests) == 0 || len(reasons) > 0 {
		t.Fatalf("%d tests, reasons %q", len(tests), reasons)
	}
	for _, test := range tests {
		for _, c := range test.Alerts {
			if !slices.ContainsFunc(c.Expected, func(a testfile.Alert) bool { return a.Labels["env"] == "live" }) {
				t.Errorf("%s, at %s: the other environment's alert is not expected: %v", test.Name, c.At, c.Expected)
			}
		}
	}
}

// The time of an absence is exact: a window of absent_over_time holds the last
// value, and "for" counts from the end of the window.
func TestAbsenceFiresAndRecovers(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`absent(up{env="paper"})`:                `fires without data and recovers: 14m- 15m+ 17m+ 18m- | up{env="paper"} 1x4 stale _x10 1x2`,
		`absent_over_time(up{env="paper"}[90s])`: `fires without data and recovers: 15m- 16m+ 18m+ 19m- | up{env="paper"} 1x4 stale _x11 1x2`,
		`absent_over_time(up{env="paper"}[30m])`: `fires without data and recovers: 43m- 44m+ 46m+ 47m- | up{env="paper"} 1x4 stale _x39 1x2`,
	} {
		got, reasons := summarize(t, rulefmt.Rule{Expr: expr, For: model.Duration(10 * time.Minute), KeepFiringFor: model.Duration(2 * time.Minute)})
		if len(got) != 2 || got[1] != want || reasons != nil {
			t.Errorf("%s: got\n%s\nwant\n%s\nreasons %v", expr, strings.Join(got, "\n"), want, reasons)
		}
	}
}

// The absence in each environment is an alert of its own.
func TestAbsenceInEachEnvironment(t *testing.T) {
	t.Parallel()
	missing := func(env string) rulefmt.Rule {
		return rulefmt.Rule{
			Alert: "A", Expr: `absent(up{env="` + env + `"}) and on () max(node_up) == 1`, For: model.Duration(10 * time.Minute),
			Labels: map[string]string{"env": env},
		}
	}
	tests, reasons := invert.Alert(invert.Rule{Rule: missing("a"), Twins: []rulefmt.Rule{missing("b"), missing("c")}}, none)
	var got []string
	for _, test := range tests {
		line := test.Name + ":"
		for _, c := range test.Alerts {
			line += " " + c.At.String()
			for _, x := range c.Expected {
				line += x.Labels["env"]
			}
		}
		got = append(got, line)
	}
	want := []string{
		"generated: quiet while there are data: 0s 15m",
		"generated: fires without data and recovers: 14m 15ma 16m",
		"generated: fires without data of the other environments: 14m 15mbc 16m",
	}
	if d := cmp.Diff(want, got); d != "" || reasons != nil {
		t.Errorf("(-want +got):\n%s\nreasons: %v", d, reasons)
	}
	// A rule that ignores its environment is no twin.
	ignoring := missing("b")
	ignoring.Expr = missing("a").Expr
	if _, reasons := invert.Alert(invert.Rule{Rule: missing("a"), Twins: []rulefmt.Rule{ignoring, missing("c")}}, none); !strings.Contains(strings.Join(reasons, ""), "in 1 of 2 environments") {
		t.Errorf("reasons: %q", reasons)
	}
}

func TestRecordFollowsItsSeries(t *testing.T) {
	t.Parallel()
	tests, reason := invert.Record(rulefmt.Rule{Record: "job:errors:rate5m", Expr: "sum by (job) (rate(errors_total[5m]))"}, none)
	if len(tests) != 1 || reason != "" {
		t.Fatalf("%d tests, reason %q", len(tests), reason)
	}
	var got []string
	for _, c := range tests[0].Exprs {
		got = append(got, fmt.Sprintf("%s %s %v", c.Expr, c.At, c.Expected))
	}
	want := []string{
		`job:errors:rate5m 7m [{{__name__="job:errors:rate5m", job="a"} 1 }]`,
		`job:errors:rate5m 15m [{{__name__="job:errors:rate5m", job="a"} 3 }]`,
		`job:errors:rate5m 22m []`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for expr, want := range map[string]string{
		"vector(1)":      "cannot be inverted",
		"sum(absent(x))": "absent cannot be inverted",
	} {
		if tests, reason := invert.Record(rulefmt.Rule{Record: "r", Expr: expr}, none); len(tests) != 0 || !strings.Contains(reason, want) {
			t.Errorf("%s: %d tests, reason %q", expr, len(tests), reason)
		}
	}
}
