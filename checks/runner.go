package checks

import (
	"context"
	"fmt"
	"time"
)

// Runner executes checks, all at once.
type Runner struct {
	Checks []Check
	// Real lets the checks that need the network run; else they are skipped.
	Real bool
	// Selected says whether a check is to run; nil: every one.
	Selected func(name string) bool
	// Progress is told each result, in the order of Checks, as soon as it and
	// all before it are known.
	Progress func(i int, r Result)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Report is the outcome of a run.
type Report struct {
	Started  time.Time
	Duration time.Duration
	Real     bool
	Results  []Result
}

// Run executes the checks and returns what they found. A check that panics
// fails; one that is not done when ctx ends is marked as skipped.
func (r Runner) Run(ctx context.Context) Report {
	now := r.Now
	if now == nil {
		now = time.Now
	}
	report := Report{Started: now(), Real: r.Real}
	pending := make([]chan Result, len(r.Checks))
	for i, c := range r.Checks {
		pending[i] = make(chan Result, 1)
		go func() { pending[i] <- r.execute(ctx, c) }()
	}
	for i, c := range r.Checks {
		var result Result
		select {
		case result = <-pending[i]:
		case <-ctx.Done():
			select {
			case result = <-pending[i]:
			default:
				result = skipped(c, "the run was interrupted")
			}
		}
		report.Results = append(report.Results, result)
		if r.Progress != nil {
			r.Progress(i, result)
		}
	}
	report.Duration = now().Sub(report.Started)
	return report
}

func (r Runner) execute(ctx context.Context, c Check) (result Result) {
	spec := c.Spec()
	switch {
	case r.Selected != nil && !r.Selected(spec.Name):
		return skipped(c, "not selected")
	case spec.Network && !r.Real:
		return skipped(c, "needs --real-check")
	case len(c.Targets()) == 0:
		return skipped(c, "preflight.yml declares nothing to look at")
	case ctx.Err() != nil:
		return skipped(c, "the run was interrupted")
	}
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			var observed []Observation
			for _, target := range c.Targets() {
				observed = append(observed, Failed(target, InternalError, fmt.Sprintf("panic of type %T in the check", p)))
			}
			result = Result{Check: spec.Name, Status: Fail, Observations: observed, Duration: time.Since(began)}
		}
	}()
	observed := judge(c, c.Run(ctx))
	if ctx.Err() != nil {
		return skipped(c, "the run was interrupted")
	}
	return Result{Check: spec.Name, Status: worst(observed), Observations: observed, Duration: time.Since(began)}
}

func skipped(c Check, why string) Result {
	result := Result{Check: c.Spec().Name, Status: Skip, Why: why}
	for _, target := range c.Targets() {
		result.Observations = append(result.Observations, Observation{Target: target, Status: Skip, Detail: why})
	}
	return result
}

// Count returns how many checks ended with that status.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

// Succeeded reports whether no check that was executed failed. A run that
// executed none succeeded in nothing.
func (r Report) Succeeded() bool {
	return r.Count(Fail) == 0 && r.Count(Skip) < len(r.Results)
}

// Ready reports whether every check was executed for real and none failed.
func (r Report) Ready() bool {
	return r.Real && len(r.Results) > 0 && r.Count(Fail) == 0 && r.Count(Skip) == 0
}
