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
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
)

// Exit codes of a shell that cannot start a command.
const (
	exitCannotStart = 126
	exitNotFound    = 127
)

// gate is the command gate.
type gate struct {
	checker run
	maxAge  time.Duration
	fresh   bool
	command []string
}

func newGate(p *program, cmd *kingpin.CmdClause) *gate {
	g := &gate{}
	g.checker.program = p
	cmd.Flag("env", "Environment that must be ready.").Required().StringVar(&g.checker.env)
	g.checker.subject.flags(cmd)
	cmd.Flag("max-age", "Maximum age of the evidence.").Default("15m").DurationVar(&g.maxAge)
	cmd.Flag("run", "First run the checks for real, like the command run.").BoolVar(&g.fresh)
	g.checker.outputs.flags(cmd)
	cmd.Arg("command", "What to start, after --, with its arguments.").Required().StringsVar(&g.command)
	return g
}

// run replaces this process by the command if the evidence is good. The process
// id stays, so signals, the terminal and the exit code belong to the command.
// Otherwise run returns 1 if the system is not ready, and 3 if there is no
// valid evidence. It prints to stderr only, because stdout belongs to the
// command.
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
	about, err := d.config.subject(ctx, d.env, "")
	if err != nil {
		return exitBroken, fmt.Errorf("gate: %w", err)
	}
	if g.fresh {
		g.checker.real = true
		done, err := g.checker.once(ctx, d, logger, stderr)
		if err == nil {
			err = done.err()
		}
		if err != nil {
			return exitBroken, fmt.Errorf("gate: %w", err)
		}
	}
	evidence, err := ReadEvidence(g.checker.evidenceFile(), d.key)
	if err == nil {
		err = demand{Env: g.checker.env, MaxAge: g.maxAge, Subject: about, Now: time.Now()}.meet(evidence)
	}
	var notReady *notReadyError
	switch {
	case errors.As(err, &notReady):
		return exitFailed, fmt.Errorf("gate: %w\n%s was not started", err, g.command[0])
	case err != nil:
		return exitSkipped, fmt.Errorf("gate: %w; or run it with --run\n%s was not started", err, g.command[0])
	case ctx.Err() != nil:
		return exitSkipped, fmt.Errorf("gate: interrupted\n%s was not started", g.command[0])
	}
	return exitCannotStart, become(path, g.command)
}

// become replaces this process by the command. It returns only on failure.
func become(path string, command []string) error {
	// exec keeps ignored signals ignored and resets caught signals to their
	// defaults. The command must get the defaults.
	signal.Notify(make(chan os.Signal, 1), unheeded...)
	if err := syscall.Exec(path, command, os.Environ()); err != nil {
		return fmt.Errorf("gate: %s: %w", path, err)
	}
	return nil
}
