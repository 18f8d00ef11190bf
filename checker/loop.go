package checker

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// Loop repeats a run. Package serve serves it.
type Loop struct {
	run  *run
	log  *slog.Logger
	out  io.Writer
	good declared // from the last valid files
}

// Turn is the result of one run of a loop.
type Turn struct {
	Evidence Evidence         // without a run if no configuration fits the flags
	Written  map[string]error // error by output, see checker/spec.Outputs; nil for success
	Config   error            // why the files of this turn were not used
}

func newLoop(r *run, d declared, logger *slog.Logger, out io.Writer) *Loop {
	// The metrics of an environment are exposed only once, or their sums would
	// double: in the file if it was requested, else by the service.
	if !r.noMetrics && !r.metricsSet {
		r.memory = &memory{namespace: r.program.Namespace}
	}
	return &Loop{run: r, log: logger, out: out, good: d}
}

// Env returns the environment that is checked.
func (l *Loop) Env() string { return l.run.env }

// Every returns the interval of the runs.
func (l *Loop) Every() time.Duration { return l.run.every }

// Web returns the flags for the HTTP server.
func (l *Loop) Web() Web { return l.run.web }

// Log returns the log.
func (l *Loop) Log() *slog.Logger { return l.log }

// Metrics returns the metrics of all runs in the Prometheus text format, or ""
// if they are written to a file.
func (l *Loop) Metrics() string {
	if l.run.memory == nil {
		return ""
	}
	return l.run.memory.text()
}

// Run runs the checks now and at every multiple of the interval until ctx is
// done. It calls seen after each run, and missed with the number of starts that
// were skipped because a run took too long.
func (l *Loop) Run(ctx context.Context, seen func(Turn), missed func(n int)) {
	schedule(ctx, l.run.every, func() { seen(l.turn(ctx)) }, func(n int) {
		l.log.Warn("A run took longer than the interval: runs were skipped", "interval", l.run.every, "skipped", n)
		missed(n)
	})
}

// turn does one run. The loop continues after any error. Each run reads the
// files again.
func (l *Loop) turn(ctx context.Context) Turn {
	d, invalid := l.run.read()
	if invalid != nil {
		l.log.Error("Reading the configuration failed: using the previous one", "err", invalid)
		d = l.good
	}
	done, err := l.run.once(ctx, d, l.log, l.out)
	if err != nil { // a check of --only or --skip is no longer configured
		l.log.Error("The checks cannot run: using the previous configuration", "err", err)
		invalid = err
		if done, err = l.run.once(ctx, l.good, l.log, l.out); err != nil {
			return Turn{Config: invalid}
		}
	} else {
		l.good = d
	}
	for output, err := range done.written {
		if err != nil {
			l.log.Error("Writing the result failed", "output", output, "err", err)
		}
	}
	return Turn{Evidence: done.evidence, Written: done.written, Config: invalid}
}

// schedule calls run now and at every multiple of the interval until ctx is
// done. Calls never overlap. If a call takes too long, schedule skips the
// missed starts and calls missed with their number.
func schedule(ctx context.Context, interval time.Duration, run func(), missed func(n int)) {
	began := time.Now()
	for slot := time.Duration(0); ctx.Err() == nil; {
		run()
		next := time.Since(began)/interval + 1
		if n := next - slot - 1; n > 0 {
			missed(int(n))
		}
		slot = next
		wait := time.NewTimer(time.Until(began.Add(slot * interval)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
		}
	}
}
