package checker

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight/checker/spec"
)

// patient is a probe with its own timeout.
type patient struct {
	probe
	timeout time.Duration
}

func (p patient) MaxDuration(Env) time.Duration { return p.timeout }

// hangs returns a check that ignores its context until it is released.
func hangs(release <-chan struct{}) patient {
	return patient{probe{name: "Hangs", targets: []string{"t"}, run: func(context.Context) []Observation {
		<-release
		return []Observation{Passed("t", "")}
	}}, 3 * time.Second}
}

// The waits are in fake time.
func TestCheckThatIgnoresContextDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		runner := Runner{
			Checks:    []Check{hangs(release), says("Quick", Passed("", ""))},
			abandoned: &abandoned{},
		}
		report := runner.Run(t.Context(), Env{})
		if report.Duration != 3*time.Second+grace {
			t.Errorf("the run took %s", report.Duration)
		}
		hung, quick := report.Results[0], report.Results[1]
		if hung.Status != Fail || hung.Observations[0].Reason != spec.InternalError ||
			hung.Observations[0].Detail != "not done within 3s, and does not stop" || quick.Status != Pass {
			t.Errorf("%+v", report.Results)
		}

		// A later run does not start the check again while it runs.
		report = runner.Run(t.Context(), Env{})
		if detail := report.Results[0].Observations[0].Detail; report.Duration != 0 || !strings.HasPrefix(detail, "still busy with the run of 2000-01-01T00:00:00Z") {
			t.Errorf("%s: %q", report.Duration, detail)
		}
		close(release)
		synctest.Wait()
		if report = runner.Run(t.Context(), Env{}); report.Results[0].Status != Pass {
			t.Errorf("after it returned: %+v", report.Results[0])
		}
	})
}

func TestCheckAtTimeoutReturnsObservation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := patient{probe{name: "Slow", targets: []string{"t"}, run: func(ctx context.Context) []Observation {
			<-ctx.Done()
			return []Observation{Failed("t", "slow", "no answer")}
		}}, time.Minute}
		report := Runner{Checks: []Check{slow}}.Run(t.Context(), Env{})
		if o := report.Results[0].Observations[0]; o.Reason != "slow" || report.Duration != time.Minute || report.Interrupted {
			t.Errorf("%s: %+v", report.Duration, o)
		}
	})
}

func TestInterruptDoesNotWaitForHangingCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		runner := Runner{Checks: []Check{says("Quick", Failed("", "broken", "")), hangs(release)}}
		runner.Progress = func(i int, _ Result) {
			if i == 0 {
				cancel()
			}
		}
		report := runner.Run(ctx, Env{})
		if report.Duration != 0 || !report.Interrupted || report.Results[0].Status != Fail || report.Results[1].Status != Skip {
			t.Errorf("%+v", report)
		}
		close(release)
	})
}

func TestChecksRunConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := probe{name: "Slow", targets: []string{"t"}, run: func(context.Context) []Observation {
			<-time.After(time.Second)
			return []Observation{Passed("t", "")}
		}}
		report := Runner{Checks: []Check{slow, slow, slow, slow}}.Run(t.Context(), Env{})
		if report.Duration != time.Second || report.Count(Pass) != 4 {
			t.Errorf("%+v", report)
		}
	})
}
