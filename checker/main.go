package checker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/prometheus/common/promslog"
	"github.com/spf13/cobra"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics/desc"
)

// The exit codes of the command.
const (
	exitReady   = 0
	exitFailed  = 1
	exitBroken  = 2
	exitSkipped = 3
)

// Main is the command preflight for these checks; it does not return. The names
// of its metrics start with the namespace. For --every it starts the program of
// package serve that lies beside it.
func Main(namespace string, checks ...Check) {
	Program{Namespace: namespace, Checks: checks}.Main()
}

// Run is Main for given arguments and outputs. It returns the exit code.
func Run(ctx context.Context, namespace string, args []string, stdout, stderr io.Writer, checks ...Check) int {
	return Program{Namespace: namespace, Checks: checks}.Run(ctx, args, stdout, stderr)
}

// Program is the command preflight for some checks.
type Program struct {
	Namespace string // starts the names of its metrics
	Checks    []Check
	// Serve serves a run with --every. Without it the program starts another
	// one, which has the same name with -serve at its end.
	Serve func(context.Context, *Loop) error
}

// Main runs the program for its process; it does not return.
func (p Program) Main() {
	signal.Ignore(unheeded...)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	c := &program{Program: p, restoreUmask: relaxUmask()}
	os.Exit(c.run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Run is Main for given arguments and outputs. It returns the exit code.
func (p Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &program{Program: p, restoreUmask: func() {}}
	return c.run(ctx, args, stdout, stderr)
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

// validateNamespace reports a namespace that cannot start a metric's name. A
// colon is reserved for recording rules.
func (p Program) validateNamespace() error {
	if !exposition.IsName(p.Namespace) || strings.Contains(p.Namespace, ":") {
		return fmt.Errorf("the namespace %q cannot start a metric's name: use letters, digits and underscores", p.Namespace)
	}
	return nil
}

// validate reports specs whose metrics cannot be emitted.
func (p Program) validate(specs []spec.Spec) error {
	all := spec.Metrics(p.Namespace, specs...)
	_, err := desc.NewCatalogue(all...)
	seen := map[string]bool{}
	for _, d := range all {
		err = errors.Join(err, d.Validate())
		if seen[d.Name] { // a catalogue accepts equal ones, but each is written once
			err = errors.Join(err, fmt.Errorf("metric %q: belongs to another check or to the checker: rename it", d.Name))
		}
		seen[d.Name] = true
	}
	return err
}

// program is a program with the arguments of a call.
type program struct {
	Program
	restoreUmask   func() // for the program that this one becomes
	args           []string
	stdout, stderr io.Writer
	logs           promslog.Config
	code           int // exit code of the command that ran
}

func (p *program) run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p.args, p.stdout, p.stderr = args, stdout, stderr
	if err := execute(ctx, p.root(), args); err != nil {
		fmt.Fprintf(stderr, "preflight: %v\n", err)
		return cmp.Or(p.code, exitBroken)
	}
	return p.code
}

func (p *program) log() *slog.Logger { return promslog.New(&p.logs) }

// root returns the command line.
func (p *program) root() *cobra.Command {
	name := "preflight"
	if p.Serve != nil {
		name += serviceSuffix
	}
	root := newRun(p, name, "Checks whether the system is ready to trade.")
	root.AddCommand(
		newRun(p, "run", "Run the checks once, or again and again with --every. The default."),
		newList(p),
		newGate(p),
		newForget(p),
		newCommand("schema", "Print the JSON Schema of the evidence.", func(*cobra.Command) error {
			_, err := p.stdout.Write(evidenceSchema)
			return err
		}),
	)
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return p.validateNamespace() }
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	p.logs = logFlags(root.PersistentFlags(), p.stderr)
	return root
}
