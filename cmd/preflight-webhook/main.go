// Command preflight-webhook receives Alertmanager's notifications and shows
// them in chats of Telegram and Slack.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // --timezone works in an image without zoneinfo

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/internal/completion"
	"github.com/alertnative/preflight/internal/help"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run returns the exit status: 0 after a clean stop, 1 after a failure, 2 for
// wrong usage or configuration, 130 if a list was interrupted.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	app := kingpin.New("preflight-webhook", "Receives Alertmanager's notifications and shows them in chats of Telegram and Slack.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	app.HelpFlag.Short('h')
	app.Version(version.Print("preflight-webhook"))
	var logs promslog.Config
	flag.AddFlags(app, &logs)
	serve := newServe(app)
	render := newRender(app)
	history := newHistory(app)
	check := newCheckConfig(app)
	test := newTestChats(app)

	help.For(app, args)
	command, err := app.Parse(completion.Args(args))
	if err != nil {
		fmt.Fprintf(stderr, "preflight-webhook: %v, see --help\n", err)
		return 2
	}
	logs.Writer = stderr
	switch command {
	case render.name:
		err = render.run(stdin, stdout)
	case history.name:
		err = history.run(ctx, stdout, stderr)
	case check.name:
		err = check.run(stdout)
	case test.name:
		err = test.run(ctx, stdout)
	default:
		err = serve.run(ctx, promslog.New(&logs), stdout)
	}
	var unusable *usageError
	switch {
	case err != nil && command == history.name && ctx.Err() != nil:
		fmt.Fprintln(stderr, "preflight-webhook: interrupted: the list is not complete")
		return 130
	case errors.As(err, &unusable):
		fmt.Fprintf(stderr, "preflight-webhook: %v\n", err)
		return 2
	case err != nil:
		fmt.Fprintf(stderr, "preflight-webhook: %v\n", err)
		return 1
	}
	return 0
}

// usageError is an error in the flags, the variables or the configuration.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }
