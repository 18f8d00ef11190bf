// Command preflight-stack runs the whole pipeline on this machine without
// containers: node_exporter, Prometheus, Alertmanager, the webhook and the
// checker, with the generated files of a site.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/internal/completion"
	"github.com/alertnative/preflight/internal/help"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the parts
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes. A shell gives 128 + SIGINT after Ctrl-C.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// errInterrupted is the error of a command that Ctrl-C stopped early.
var errInterrupted = errors.New("interrupted")

// run returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	app := kingpin.New("preflight-stack", "Runs the whole pipeline on this machine without containers.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	stopped := false
	app.Terminate(func(status int) { stopped, code = true, status })
	app.Version(version.Print("preflight-stack"))
	app.HelpFlag.Short('h')
	demo, up, prometheus := newDemo(app), newUp(app), newPrometheus(app)
	help.For(app, args)
	command, err := app.Parse(completion.Args(args))
	if stopped {
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight-stack: %v, see --help\n", err)
		return exitUsage
	}
	switch out := newOutput(stdout, stderr); command {
	case up.name:
		err = up.run(ctx, out)
	case prometheusCommand:
		err = runPrometheus(ctx, prometheus, stderr)
	default:
		err = demo.run(ctx, out)
	}
	var wrong *usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "preflight-stack: %v\n", err)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "preflight-stack: %v\n", err)
		return exitFailed
	}
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func wrongUsage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// pause waits for a duration. It returns the cause if ctx is done first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// cleanup holds functions that run at the end, in reverse order.
type cleanup []func() error

func (c *cleanup) add(f func() error) { *c = append(*c, f) }

func (c *cleanup) run() error {
	var errs []error
	for i := len(*c) - 1; i >= 0; i-- {
		errs = append(errs, (*c)[i]())
	}
	return errors.Join(errs...)
}
