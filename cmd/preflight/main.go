// Command preflight checks whether the system is ready to trade, and says so
// in metrics, in a summary and in evidence; and it lets something start only
// when it is.
//
// It exits with 0 when the system is ready (a warning is still ready), 1 when a
// check failed, 2 when it could not run, and 3 when nothing failed but
// something was skipped, so that nothing is proved.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
	"github.com/redis/go-redis/v9/logging"

	"github.com/alertnative/preflight/checks"
)

const (
	exitReady   = 0
	exitFailed  = 1
	exitBroken  = 2
	exitSkipped = 3
)

func main() {
	logging.Disable() // go-redis: what it would log is in the observations
	signal.Ignore(unheeded...)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// unheeded are signals that must not end a run: a reader of the output that
// goes away must not cost the metrics, and a limit on the size of files is an
// error like a full disk.
var unheeded = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}

// errShown ends the parsing of the command line: all was said.
var errShown = errors.New("shown")

// command parses the command line and runs it. It returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := kingpin.New("preflight", "Checks whether the system is ready to trade.")
	app.UsageWriter(stdout).ErrorWriter(stderr).UsageTemplate(kingpin.LongHelpTemplate)
	ended, code := false, exitReady
	app.Terminate(func(status int) { ended, code = true, status })
	app.HelpFlag.Short('h')
	// kingpin's own flag wants the text at every start.
	app.Flag("version", "Show application version.").PreAction(func(*kingpin.ParseContext) error {
		fmt.Fprintln(stdout, version.Print("preflight"))
		return errShown
	}).Bool()
	var logs promslog.Config
	logs.Writer = stderr
	flag.AddFlags(app, &logs)
	var (
		run    = newRun(app.Command("run", "Run the checks once, or again and again with --every. The default.").Default())
		list   = newList(app.Command("list", "List the checks, what each looks at, its targets and reasons."))
		gate   = newGate(app.Command("gate", "Start a command only when the newest evidence is fresh and says that the system is ready."))
		forget = newForget(app.Command("forget", "Take a retired environment out of the metrics file, and its evidence away."))
		schema = app.Command("schema", "Print the JSON Schema of the evidence.")
	)
	cmd, err := app.Parse(bareEvery(args))
	switch {
	case ended && err == nil:
		return code
	case errors.Is(err, errShown):
		return exitReady
	case err != nil:
		err = fmt.Errorf("%w, see --help", err)
	case cmd == "list":
		err = list.run(stdout)
	case cmd == "gate":
		code, err = gate.run(ctx, promslog.New(&logs), stderr)
	case cmd == "forget":
		err = forget.run(ctx, promslog.New(&logs), stdout)
	case cmd == schema.FullCommand():
		_, err = stdout.Write(checks.EvidenceSchema)
	default:
		code, err = run.run(ctx, promslog.New(&logs), stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight: %v\n", err)
		return cmp.Or(code, exitBroken)
	}
	return code
}
