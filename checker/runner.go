package checker

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/alertnative/preflight/checker/spec"
)

// defaultTimeout limits a check whose spec has no timeout.
const defaultTimeout = 30 * time.Second

// grace is the time after the timeout in which a check may still return. After
// it the check is abandoned.
const grace = 2 * time.Second

// Runner executes checks concurrently.
type Runner struct {
	Checks []Check
	// Real runs the checks that need the network. Without it they are skipped.
	Real bool
	// Only selects the checks to run; nil selects all.
	Only func(check string) bool
	// Progress gets each result in the order of Checks, as soon as all earlier
	// ones are known.
	Progress func(i int, r Result)

	// abandoned prevents a later run from starting a check that has never
	// returned. It may be nil.
	abandoned *abandoned
}

// Run executes the checks and returns the results in the order of Checks. A
// check that panics or exceeds its timeout fails; it does not delay the others.
// When ctx is done, Run returns at once and marks unfinished checks as skipped.
func (r Runner) Run(ctx context.Context, env Env) Report {
	report := Report{Started: time.Now(), Real: r.Real}
	if env.Lookup == nil {
		env.Lookup = unset
	}
	env.scope = &scope{values: map[reflect.Type]any{}}
	defer env.scope.close()
	pending := make([]chan Result, len(r.Checks))
	for i, c := range r.Checks {
		pending[i] = make(chan Result, 1)
		go func() { pending[i] <- r.execute(ctx, c, env.For(c)) }()
	}
	for i := range r.Checks {
		result := <-pending[i]
		report.Interrupted = report.Interrupted || result.Why == whyInterrupted
		report.Results = append(report.Results, result)
		if r.Progress != nil {
			r.Progress(i, result)
		}
	}
	report.Duration = time.Since(report.Started)
	return report
}

// Reasons for skipping a check.
const (
	whyNotSelected = "not selected"
	whyNotReal     = "needs --real-check"
	whyNoTargets   = "preflight.yml declares no targets"
	whyInterrupted = "the run was interrupted"
)

// execute decides whether the check runs, and applies its timeout.
func (r Runner) execute(ctx context.Context, c Check, env Env) Result {
	it := execution{Check: c, env: env, spec: c.Spec(), targets: c.Targets(env), began: time.Now()}
	switch {
	case r.Only != nil && !r.Only(it.spec.Name):
		return it.skipped(whyNotSelected)
	case it.spec.Network && !r.Real:
		return it.skipped(whyNotReal)
	case len(it.targets) == 0:
		return it.skipped(whyNoTargets)
	case ctx.Err() != nil:
		return it.skipped(whyInterrupted)
	}
	if since, ok := r.abandoned.running(it.spec.Name); ok {
		return it.failed(spec.InternalError, fmt.Sprintf("still busy with the run of %s: it does not keep to its timeout", since.UTC().Format(time.RFC3339)))
	}
	timeout := it.timeout()
	bounded, cancel := context.WithTimeout(ctx, timeout)
	done := make(chan Result, 1)
	go func() {
		defer cancel()
		done <- it.guarded(bounded)
		r.abandoned.returned(it.spec.Name, it.began)
	}()
	giveUp := time.NewTimer(timeout + grace)
	defer giveUp.Stop()
	select {
	case result := <-done:
		// Results during cancellation are not reliable.
		if ctx.Err() != nil {
			return it.skipped(whyInterrupted)
		}
		return result
	case <-ctx.Done():
		return it.skipped(whyInterrupted)
	case <-giveUp.C:
		if r.abandoned.abandon(it.spec.Name, it.began, done) {
			return it.failed(spec.InternalError, fmt.Sprintf("not done within %s, and does not stop", timeout))
		}
		return <-done
	}
}

// execution is a check in a run.
type execution struct {
	Check
	env     Env
	spec    spec.Spec
	targets []string
	began   time.Time
}

// timeout returns the timeout of the check.
func (e execution) timeout() time.Duration {
	if p, ok := e.Check.(Patient); ok {
		return cmp.Or(p.MaxDuration(e.env), e.spec.Timeout, defaultTimeout)
	}
	return cmp.Or(e.spec.Timeout, defaultTimeout)
}

// guarded runs the check. A panic fails all its targets. The value of the panic
// is not shown, because it may hold a secret.
func (e execution) guarded(ctx context.Context) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result = e.failed(spec.InternalError, fmt.Sprintf("panic of type %T in the check", p))
		}
	}()
	observed := judge(e.spec, e.targets, e.Run(ctx, e.env))
	return Result{Check: e.spec.Name, Status: worst(observed), Observations: observed, Duration: time.Since(e.began)}
}

// failed returns the result of a broken check: no target has an observation.
func (e execution) failed(reason, detail string) Result {
	result := Result{Check: e.spec.Name, Status: Fail, Duration: time.Since(e.began)}
	for _, target := range e.targets {
		result.Observations = append(result.Observations, Failed(target, reason, detail))
	}
	return result
}

func (e execution) skipped(why string) Result {
	result := Result{Check: e.spec.Name, Status: Skip, Why: why}
	for _, target := range e.targets {
		result.Observations = append(result.Observations, Observation{Target: target, Status: Skip, Detail: why})
	}
	return result
}
