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

// What a shell exits with when it cannot start a command.
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
	cmd.Flag("env", "The environment that must be ready.").Required().StringVar(&g.checker.env)
	g.checker.subject.flags(cmd)
	cmd.Flag("max-age", "How old the evidence may be.").Default("15m").DurationVar(&g.maxAge)
	cmd.Flag("run", "Run the checks for real first, as the command run does.").BoolVar(&g.fresh)
	g.checker.outputs.flags(cmd)
	cmd.Arg("command", "What to start, after --, with its arguments.").Required().StringsVar(&g.command)
	return g
}

// run becomes the command when the evidence is good: it has the same process
// id, so signals, the terminal and the exit code are its own. Otherwise it
// returns with 1 when the evidence says that the system is not ready, and with
// 3 when there is no evidence that proves anything. What it says goes to
// stderr: the output is the command's.
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

// become replaces this process by the command. It returns only when that
// cannot be done.
func become(path string, command []string) error {
	// What is ignored stays ignored over exec, and what is caught is as it is
	// by default: the latter is what the command is to get.
	signal.Notify(make(chan os.Signal, 1), unheeded...)
	if err := syscall.Exec(path, command, os.Environ()); err != nil {
		return fmt.Errorf("gate: %s: %w", path, err)
	}
	return nil
}
