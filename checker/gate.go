package checker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/alertnative/preflight/internal/git"
	"github.com/alertnative/preflight/internal/outfile"
)

// Exit codes of a shell that cannot start a command.
const (
	exitCannotStart = 126
	exitNotFound    = 127
)

// gate is the command gate.
type gate struct {
	checker    run
	maxAge     time.Duration
	fresh      bool
	sameHost   bool
	passValues bool
	command    []string
}

func newGate(p *program) *cobra.Command {
	g := &gate{}
	g.checker.program = p
	cmd := newCommand("gate --env=ENV [flags] -- COMMAND [ARGUMENTS]", "Start a command only if fresh evidence shows that the system is ready.", func(cmd *cobra.Command) (err error) {
		p.code, err = g.run(cmd.Context(), p.log(), p.stderr)
		return err
	})
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if g.command = args; len(args) == 0 {
			return misused(cmd, errors.New("the command to start is missing: write it after --"))
		}
		return nil
	}
	flags := cmd.Flags()
	flags.StringVar(&g.checker.env, "env", "", "Environment that must be ready.")
	required(cmd, "env")
	g.checker.subject.flags(flags)
	g.maxAge = 15 * time.Minute
	flags.Var((*duration)(&g.maxAge), "max-age", "Maximum age of the evidence.")
	flags.BoolVar(&g.fresh, "run", false, "First run the checks for real, like the command run.")
	flags.BoolVar(&g.sameHost, "same-host", false, "Refuse evidence of another machine.")
	flags.BoolVar(&g.passValues, "pass-values", false, "Give the command the variables that the checks read, with the values that were checked, also those of the environment file.")
	g.checker.outputs.flags(flags)
	return cmd
}

// run replaces this process by the command if the evidence is good, and if the
// checkout and the variables are those that were checked. The process id stays,
// so signals, the terminal and the exit code belong to the command. Otherwise
// run returns 1 if the system is not ready, and 3 if there is no valid evidence.
// It prints to stderr only, because stdout belongs to the command.
func (g *gate) run(ctx context.Context, logger *slog.Logger, stderr io.Writer) (code int, err error) {
	if err := g.checker.validate(); err != nil {
		return exitBroken, err
	}
	path, err := exec.LookPath(g.command[0])
	if err != nil {
		if code = exitCannotStart; errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			code = exitNotFound
		}
		return code, fmt.Errorf("gate: %w", err)
	}
	d, err := g.checker.read()
	if err != nil {
		return exitBroken, err
	}
	var standing string // path of the evidence
	var evidence Evidence
	var checked values
	if g.fresh {
		g.checker.real = true
		done, err := g.checker.once(ctx, d, logger, stderr)
		if err == nil {
			err = done.err()
		}
		if err != nil {
			return exitBroken, fmt.Errorf("gate: %w", err)
		}
		evidence, checked = done.evidence, done.values
	} else if standing, evidence, err = g.standing(ctx, d, stderr); err != nil {
		return exitSkipped, g.refused(err)
	}
	err = g.meets(ctx, d, evidence)
	if err == nil && !g.fresh {
		checked, err = checkValues(standing, evidence, d.key, d.env.Lookup)
	}
	if err == nil {
		err = g.bound(d, path, stderr)
	}
	switch {
	case errors.As(err, new(*notReadyError)):
		return exitFailed, g.notStarted(err)
	case err != nil:
		return exitSkipped, g.refused(err)
	case ctx.Err() != nil:
		return exitSkipped, g.notStarted(errors.New("interrupted"))
	}
	g.checker.program.restoreUmask()
	return exitCannotStart, become(path, g.command, g.environment(checked))
}

func (g *gate) notStarted(err error) error {
	return fmt.Errorf("gate: %w\n%s was not started", err, g.command[0])
}

// refused explains that no evidence is valid.
func (g *gate) refused(err error) error {
	if g.fresh {
		return g.notStarted(err)
	}
	return fmt.Errorf("gate: %w; or run it with --run\n%s was not started", err, g.command[0])
}

// standing reads the evidence of the last run and returns its path. First it
// waits for a run that is under way.
func (g *gate) standing(ctx context.Context, d declared, stderr io.Writer) (path string, e Evidence, err error) {
	if path, err = g.evidenceFile(d.key); err != nil {
		return path, Evidence{}, err
	}
	announce := sync.OnceFunc(func() { fmt.Fprintln(stderr, "preflight: gate: waiting for the run that is under way") })
	for began := time.Now(); ; {
		err := settled(ctx, path, d.longest(), announce)
		if err == nil {
			err = checkOwner(path, d.key)
		}
		if err != nil {
			return path, Evidence{}, err
		}
		e, err := ReadEvidence(path, d.key)
		if withdrawn(path, err) && time.Since(began) < d.longest() {
			continue // the next run has started
		}
		if err == nil && e.Run == "" {
			err = fmt.Errorf("%s: was written by an earlier version of this program: run the preflight again", path)
		}
		return path, e, err
	}
}

// evidenceFile returns the path of the evidence. With a key, the checker may be
// another user, who placed the links.
func (g *gate) evidenceFile(key []byte) (string, error) {
	if len(key) == 0 {
		return g.checker.evidenceFile()
	}
	return outfile.Follow(evidenceFile(g.checker.evidence, g.checker.env))
}

// meets returns nil if the evidence reports a ready system, and nothing that was
// checked has changed since. It runs the checks of the checkout again.
func (g *gate) meets(ctx context.Context, d declared, e Evidence) error {
	var again []Check
	for _, c := range d.checks {
		if c.Spec().AtGate {
			again = append(again, c)
		}
	}
	report := Runner{Checks: again}.Run(ctx, d.env)
	about, err := d.config.subject(ctx, d.env, report)
	if err != nil {
		return err
	}
	want := demand{Env: g.checker.env, MaxAge: g.maxAge, Subject: about, SameHost: g.sameHost, Now: time.Now()}
	if err := want.meet(e); err != nil {
		return err
	}
	return changed(e, report)
}

// bound warns of a command outside the checkout. In a live environment it
// refuses one that preflight.yml does not allow.
func (g *gate) bound(d declared, path string, stderr io.Writer) error {
	root, err := git.Root(d.config.checkout(d.env))
	if err != nil || root == "" {
		return nil // there is no checkout: evidence without a commit says so
	}
	program := outside(root, path, g.command[1:])
	if program == "" || d.config.gate.allowed(program) {
		return nil
	}
	text := fmt.Sprintf("%s is not in the checked folder %s, so what starts was not checked", program, root)
	if d.env.Live {
		return fmt.Errorf("%s: start a program of that folder, or add %s to gate.commands in %s", text, program, d.config.path)
	}
	fmt.Fprintf(stderr, "preflight: gate: warning: %s\n", text)
	return nil
}

// environment returns the environment of the command: that of this process
// without the evidence key, and with --pass-values the checked variables.
func (g *gate) environment(checked values) []string {
	var out []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		_, replaced := checked[name]
		if name == evidenceKeyVariable || name == evidenceKeyVariable+"_FILE" || replaced && g.passValues {
			continue
		}
		out = append(out, v)
	}
	if g.passValues {
		for _, name := range checked.names() {
			if value := checked[name]; value != nil {
				out = append(out, name+"="+*value)
			}
		}
	}
	return out
}

// become replaces this process by the command. It returns only on failure.
func become(path string, command, environment []string) error {
	// exec keeps ignored signals ignored and resets caught signals to their
	// defaults. The command must get the defaults.
	signal.Notify(make(chan os.Signal, 1), unheeded...)
	if err := syscall.Exec(path, command, environment); err != nil {
		return fmt.Errorf("gate: %s: %w", path, err)
	}
	return nil
}
