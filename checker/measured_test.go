package checker_test

import (
	"testing"

	"github.com/alertnative/preflight/checker"
)

// A number and the limit beside it must not look equal.
func TestMeasurementShowsWholeNumbers(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]float64{
		"1234567 s": 1234567, "-20000000 s": -2e7, "0 s": 0, "1e+300 s": 1e300, "0.123457 s": 0.1234567, "41.5 s": 41.5,
	} {
		if got := (checker.Measurement{Value: value, Unit: " s"}).Number(); got != want {
			t.Errorf("%v is %q, want %q", value, got, want)
		}
	}
}
