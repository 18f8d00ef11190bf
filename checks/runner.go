package checks

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// DefaultTimeout bounds a check that is not [Patient].
const DefaultTimeout = 30 * time.Second

// Grace is how long a check whose time is over may take to say so itself. One
// that ignores its context is given up after it.
const Grace = 2 * time.Second

// Patient is a check that says itself how long it may take.
type Patient interface {
	Check
	MaxDuration() time.Duration
}

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
	// Abandoned keeps the checks that never returned from being started again
	// by later runs; nil: there are none.
	Abandoned *Abandoned
}

// Abandoned are checks that were given up and still run: nobody can stop what
// ignores its context. The zero value is ready to use.
type Abandoned struct {
	mu    sync.Mutex
	since map[string]time.Time // by the check's name
}

// Report is the outcome of a run.
type Report struct {
	Started     time.Time
	Duration    time.Duration
	Real        bool
	Interrupted bool // before every check was done
	Results     []Result
}

// Run executes the checks and returns what they found, in the order of Checks.
// A check that panics fails, and so does one that takes longer than its
// timeout; neither holds the others. When ctx ends, Run returns at once: what
// is not done is marked as skipped.
func (r Runner) Run(ctx context.Context) Report {
	now := r.Now
	if now == nil {
		now = time.Now
	}
	report := Report{Started: now(), Real: r.Real}
	ctx, end := withSessions(ctx)
	defer end()
	pending := make([]chan Result, len(r.Checks))
	for i, c := range r.Checks {
		pending[i] = make(chan Result, 1)
		go func() { pending[i] <- r.execute(ctx, c) }()
	}
	for i := range r.Checks {
		result := <-pending[i]
		report.Interrupted = report.Interrupted || result.Why == whyInterrupted
		report.Results = append(report.Results, result)
		if r.Progress != nil {
			r.Progress(i, result)
		}
	}
	report.Duration = now().Sub(report.Started)
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
func (r Runner) execute(ctx context.Context, c Check) Result {
	spec := c.Spec()
	switch {
	case r.Selected != nil && !r.Selected(spec.Name):
		return skipped(c, whyNotSelected)
	case spec.Network && !r.Real:
		return skipped(c, whyNotReal)
	case len(c.Targets()) == 0:
		return skipped(c, whyNoTargets)
	case ctx.Err() != nil:
		return skipped(c, whyInterrupted)
	}
	began := time.Now()
	if since, ok := r.Abandoned.running(spec.Name); ok {
		return failed(c, began, InternalError, fmt.Sprintf("still busy with the run of %s: it does not keep to its timeout", since.UTC().Format(time.RFC3339)))
	}
	timeout := DefaultTimeout
	if p, ok := c.(Patient); ok {
		timeout = p.MaxDuration()
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	done := make(chan Result, 1)
	go func() {
		defer cancel()
		done <- guarded(bounded, c, began)
		r.Abandoned.returned(spec.Name, began)
	}()
	giveUp := time.NewTimer(timeout + Grace)
	defer giveUp.Stop()
	select {
	case result := <-done:
		// What was found while everything was being cancelled proves nothing.
		if ctx.Err() != nil {
			return skipped(c, whyInterrupted)
		}
		return result
	case <-ctx.Done():
		return skipped(c, whyInterrupted)
	case <-giveUp.C:
		if r.Abandoned.abandon(spec.Name, began, done) {
			return failed(c, began, InternalError, fmt.Sprintf("not done within %s, and does not stop", timeout))
		}
		return <-done
	}
}

// guarded runs the check; a panic is a failure of all its targets. The panic's
// value is not shown: it may hold a secret.
func guarded(ctx context.Context, c Check, began time.Time) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			result = failed(c, began, InternalError, fmt.Sprintf("panic of type %T in the check", p))
		}
	}()
	observed := judge(c, c.Run(ctx))
	return Result{Check: c.Spec().Name, Status: worst(observed), Observations: observed, Duration: time.Since(began)}
}

// failed is the result of a check that broke: nothing is known of any target.
func failed(c Check, began time.Time, reason, detail string) Result {
	result := Result{Check: c.Spec().Name, Status: Fail, Duration: time.Since(began)}
	for _, target := range c.Targets() {
		result.Observations = append(result.Observations, Failed(target, reason, detail))
	}
	return result
}

func skipped(c Check, why string) Result {
	result := Result{Check: c.Spec().Name, Status: Skip, Why: why}
	for _, target := range c.Targets() {
		result.Observations = append(result.Observations, Observation{Target: target, Status: Skip, Detail: why})
	}
	return result
}

// running reports whether a check that was given up has not returned.
func (a *Abandoned) running(name string) (since time.Time, ok bool) {
	if a == nil {
		return time.Time{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	since, ok = a.since[name]
	return since, ok
}

// abandon gives a check up, unless it has just returned.
func (a *Abandoned) abandon(name string, began time.Time, done <-chan Result) bool {
	if a == nil {
		return len(done) == 0
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(done) > 0 {
		return false
	}
	if a.since == nil {
		a.since = map[string]time.Time{}
	}
	a.since[name] = began
	return true
}

// returned says that the check that began then is over.
func (a *Abandoned) returned(name string, began time.Time) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since[name].Equal(began) {
		delete(a.since, name)
	}
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
