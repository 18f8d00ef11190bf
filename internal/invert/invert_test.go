package invert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/invert"
)

func none(string) map[string]string { return nil }

// told writes a test as "minute+" where it fires and "minute-" where it is quiet.
func told(t *testing.T, r rulefmt.Rule) (out []string, reasons []string) {
	t.Helper()
	r.Alert = "A"
	tests, reasons := invert.Tests(r, none)
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

func TestAThresholdIsTestedOnBothSides(t *testing.T) {
	t.Parallel()
	got, reasons := told(t, rulefmt.Rule{
		Expr: `max by (job) (lag_seconds{env="paper"}) > 900`,
		For:  model.Duration(5 * time.Minute), KeepFiringFor: model.Duration(2 * time.Minute),
	})
	want := []string{
		`quiet below the threshold: 0s- 10m- 20m- | lag_seconds{env="paper",job="a"} 810x29`,
		`at the threshold: 4m- 10m- | lag_seconds{env="paper",job="a"} 810x4 900x14`,
		`fires above the threshold and recovers: 4m- 9m- 10m+ 19m+ 21m+ 22m- | lag_seconds{env="paper",job="a"} 810x4 990x14 810x11`,
		`ends without data: 10m+ 22m- | lag_seconds{env="paper",job="a"} 810x4 990x14 stale _x11`,
	}
	if d := cmp.Diff(want, got); d != "" || reasons != nil {
		t.Errorf("(-want +got):\n%s\nreasons: %v", d, reasons)
	}
}

func TestWhatIsTurnedAround(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]int{
		`up == 0`:                           3,
		`0.5 <= x`:                          4,
		`x * 100 < 5`:                       4,
		`sum(rate(errors_total[5m])) > 0.1`: 4,
		`increase(errors_total[5m]) > 0`:    3,
		`time() - max by (e) (last_run_seconds) > 1800`:                  4,
		`histogram_quantile(0.9, sum by (le) (rate(d_bucket[10m]))) > 2`: 3,
		`absent_over_time(x[5m])`:                                        1,
		`a > 1 or b > 1`:                                                 8,
		`a == 1 unless on (l) b == 1`:                                    3,
		`a == 1 and on () max(up) == 1`:                                  3,
		`last_over_time(a[30m]) == 1`:                                    3,
	} {
		if got, reasons := told(t, rulefmt.Rule{Expr: expr}); len(got) != want || len(reasons) > 0 {
			t.Errorf("%s: %d tests, want %d; reasons %q", expr, len(got), want, reasons)
		}
	}
	for expr, want := range map[string]string{
		`vector(1)`:               "vector(1) is no condition",
		`changes(x[1h]) > 2`:      "changes is not turned around",
		`a > b`:                   "a > b compares with no number",
		`x{l=~"a.*"} > 1`:         `the pattern l=~"a.*" is not turned around`,
		`x offset 5m > 1`:         "offset and @ are not turned around",
		`sum without (l) (x) > 1`: "sum is not turned around",
	} {
		if got, reasons := told(t, rulefmt.Rule{Expr: expr}); len(got) != 0 || !strings.Contains(strings.Join(reasons, "\n"), want) {
			t.Errorf("%s: %d tests, reasons %q, want %q", expr, len(got), reasons, want)
		}
	}
}
