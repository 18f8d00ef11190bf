package checker

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/alertnative/preflight/checker/spec"
)

// defaultTimeout bounds a check whose spec has no timeout.
const defaultTimeout = 30 * time.Second

// grace is how long a check whose time is over may take to say so itself. One
// that ignores its context is given up after it.
const grace = 2 * time.Second

// Runner executes checks, all at once.
type Runner struct {
	Checks []Check
	// Real lets the checks that need the network run; else they are skipped.
	Real bool
	// Only reports whether a check is to run; nil: every one.
	Only func(check string) bool
	// Progress gets each result, in the order of Checks, as soon as it and
	// all before it are known.
	Progress func(i int, r Result)

	// abandoned keeps the checks that never returned from being started again
	// by later runs; nil: there are none.
	abandoned *abandoned
}

// Run executes the checks and returns what they found, in the order of Checks.
// A check that panics fails, and so does one that takes longer than its
// timeout; neither holds the others. When ctx ends, Run returns at once: what
// is not done is marked as skipped.
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

// Why a check was skipped.
const (
	whyNotSelected = "not selected"
	whyNotReal     = "needs --real-check"
	whyNoTargets   = "preflight.yml declares nothing to look at"
	whyInterrupted = "the run was interrupted"
)

// execute decides whether the check runs, and bounds how long it does.
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
		// What was found while everything was being cancelled proves nothing.
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

// timeout returns how long the check may take.
func (e execution) timeout() time.Duration {
	if p, ok := e.Check.(Patient); ok {
		return cmp.Or(p.MaxDuration(e.env), e.spec.Timeout, defaultTimeout)
	}
	return cmp.Or(e.spec.Timeout, defaultTimeout)
}

// guarded runs the check; a panic is a failure of all its targets. The panic's
// value is not shown: it may hold a secret.
func (e execution) guarded(ctx context.Context) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result = e.failed(spec.InternalError, fmt.Sprintf("panic of type %T in the check", p))
		}
	}()
	observed := judge(e.spec, e.targets, e.Run(ctx, e.env))
	return Result{Check: e.spec.Name, Status: worst(observed), Observations: observed, Duration: time.Since(e.began)}
}

// failed returns the result of a check that broke: nothing is known of any target.
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
