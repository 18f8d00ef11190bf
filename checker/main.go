package checker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/internal/completion"
	"github.com/alertnative/preflight/internal/help"
	"github.com/alertnative/preflight/metrics"
)

// The exit codes of the command.
const (
	exitReady   = 0
	exitFailed  = 1
	exitBroken  = 2
	exitSkipped = 3
)

// Main is the command preflight for these checks; it does not return. The names
// of its metrics start with the namespace.
func Main(namespace string, checks ...Check) {
	signal.Ignore(unheeded...)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	p := &program{namespace: namespace, checks: checks}
	p.restoreUmask = relaxUmask()
	os.Exit(p.run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// relaxUmask lets the user of this process enter the folders that it creates.
// Runs in parallel could not enter the folders of the first one before it has
// changed their mode. The result restores the umask.
func relaxUmask() (restore func()) {
	old := syscall.Umask(0o077)
	syscall.Umask(old &^ 0o700)
	return func() { syscall.Umask(old) }
}

// unheeded are signals that must not stop a run. The metrics are written even if
// the reader closes the output. A file size limit is an error like a full disk.
var unheeded = []os.Signal{syscall.SIGPIPE, syscall.SIGXFSZ}

// errShown ends the parsing of the command line after the requested text was
// printed.
var errShown = errors.New("shown")

// program is the command for some checks.
type program struct {
	namespace    string
	checks       []Check
	restoreUmask func() // for the command of the gate
}

// validateNamespace reports a namespace that cannot start a metric's name. A
// colon is reserved for recording rules.
func (p *program) validateNamespace() error {
	if !model.LegacyValidation.IsValidMetricName(p.namespace) || strings.Contains(p.namespace, ":") {
		return fmt.Errorf("the namespace %q cannot start a metric's name: use letters, digits and underscores", p.namespace)
	}
	return nil
}

// validate reports specs whose metrics cannot be emitted.
func (p *program) validate(specs []spec.Spec) error {
	all := spec.Metrics(p.namespace, specs...)
	_, err := metrics.NewCatalogue(all...)
	seen := map[string]bool{}
	for _, d := range all {
		err = errors.Join(err, d.Validate())
		if seen[d.Name] { // a catalogue accepts equal ones, but a registry does not
			err = errors.Join(err, fmt.Errorf("metric %q: belongs to another check or to the checker: rename it", d.Name))
		}
		seen[d.Name] = true
	}
	return err
}

// Run is Main for given arguments and outputs. It returns the exit code.
func Run(ctx context.Context, namespace string, args []string, stdout, stderr io.Writer, checks ...Check) int {
	p := &program{namespace: namespace, checks: checks, restoreUmask: func() {}}
	return p.run(ctx, args, stdout, stderr)
}

func (p *program) run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	app := kingpin.New("preflight", "Checks whether the system is ready to trade.")
	app.UsageWriter(stdout).ErrorWriter(stderr)
	ended, code := false, exitReady
	app.Terminate(func(status int) { ended, code = true, status })
	app.HelpFlag.Short('h')
	// kingpin's own flag would format the text at every start.
	app.Flag("version", "Show application version.").PreAction(func(*kingpin.ParseContext) error {
		fmt.Fprintln(stdout, version.Print("preflight"))
		return errShown
	}).Bool()
	var logs promslog.Config
	logs.Writer = stderr
	flag.AddFlags(app, &logs)
	var (
		run    = newRun(p, app.Command("run", "Run the checks once, or again and again with --every. The default.").Default())
		list   = newList(p, app.Command("list", "List the checks with their descriptions, targets and reasons."))
		gate   = newGate(p, app.Command("gate", "Start a command only if fresh evidence shows that the system is ready."))
		forget = newForget(p, app.Command("forget", "Remove the metrics and the evidence of a retired environment."))
		schema = app.Command("schema", "Print the JSON Schema of the evidence.")
	)
	help.For(app, args)
	cmd, err := app.Parse(bareEvery(completion.Args(args)))
	switch {
	case ended && err == nil:
		return code
	case errors.Is(err, errShown):
		return exitReady
	case err != nil:
		err = fmt.Errorf("%w, see --help", err)
	case p.validateNamespace() != nil:
		err = p.validateNamespace()
	case cmd == "list":
		err = list.run(stdout, stderr)
	case cmd == "gate":
		code, err = gate.run(ctx, promslog.New(&logs), stderr)
	case cmd == "forget":
		err = forget.run(ctx, promslog.New(&logs), stdout)
	case cmd == schema.FullCommand():
		_, err = stdout.Write(evidenceSchema)
	default:
		code, err = run.run(ctx, promslog.New(&logs), stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "preflight: %v\n", err)
		return cmp.Or(code, exitBroken)
	}
	return code
}
