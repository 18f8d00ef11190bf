package invert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/proof/invert"
)

// Tests of rules with long ranges or waits have few values and few evaluations.
func TestIntervalFollowsWindow(t *testing.T) {
	t.Parallel()
	const fine, coarse = "1m", "4m"
	for expr, want := range map[string]string{
		"lag_seconds > 5":                                 fine,
		"rate(errors_total[6h]) > 1":                      fine,
		"rate(errors_total[1d]) > 1":                      coarse,
		"increase(errors_total[6d]) > 0":                  coarse,
		"max_over_time(a[1d]) > 1 or rate(b_total[1h])>2": coarse,
		"time() - last_run_seconds > 1000000":             fine,
	} {
		rule := rulefmt.Rule{Alert: "A", Expr: expr}
		intervalIs(t, rule, nil, want)
		// All rules of an alert have the same interval.
		intervalIs(t, rulefmt.Rule{Alert: "A", Expr: "x > 1"}, []rulefmt.Rule{rule}, want)
	}
	intervalIs(t, rulefmt.Rule{Alert: "A", Expr: "x > 1", For: model.Duration(8 * time.Hour)}, nil, coarse)
	tests, reason := invert.Record(rulefmt.Rule{Record: "r", Expr: "sum(increase(errors_total[2d]))"}, none)
	if len(tests) != 1 || tests[0].Interval.String() != coarse {
		t.Errorf("%d tests, reason %q", len(tests), reason)
	}
}

func intervalIs(t *testing.T, r rulefmt.Rule, others []rulefmt.Rule, want string) {
	t.Helper()
	tests, reasons := invert.Alert(invert.Rule{Rule: r, Others: others}, none)
	if len(tests) == 0 || len(reasons) > 0 {
		t.Errorf("%s: %d tests, reasons %q", r.Expr, len(tests), reasons)
	}
	for _, test := range tests {
		if test.Interval.String() != want {
			t.Errorf("%s, beside %d others, %s: interval %s, want %s", r.Expr, len(others), test.Name, test.Interval, want)
		}
	}
}

// Alert makes no test that promtool could not load.
func TestTooLongTest(t *testing.T) {
	t.Parallel()
	const want = "values, one every 4m: promtool reads at most 10,000 samples"
	tests, reasons := invert.Alert(invert.Rule{Rule: rulefmt.Rule{Alert: "A", Expr: "rate(errors_total[30d]) > 1"}}, none)
	if len(tests) != 0 || len(reasons) != 4 || !strings.Contains(reasons[0], want) {
		t.Errorf("%d tests, reasons %q", len(tests), reasons)
	}
	made, reason := invert.Record(rulefmt.Rule{Record: "r", Expr: "rate(errors_total[30d])"}, none)
	if len(made) != 0 || !strings.Contains(reason, want) {
		t.Errorf("%d tests, reason %q", len(made), reason)
	}
}
