package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Checker configures the runs of the checker in the stack.
type Checker struct {
	Config string   // preflight.yml
	Env    string   // "paper"
	Vars   []string // added to this process's environment: REDIS_URL=…
	Out    io.Writer
}

// Check runs the checker once, for real, and writes to the stack's textfile
// folder. It returns whether the system is ready. An error means that the run
// was impossible.
func (s *Stack) Check(ctx context.Context, c Checker) (ready bool, err error) {
	path, err := s.program("preflight")
	if err != nil {
		return false, err
	}
	cmd := exec.CommandContext(ctx, path, "--config.file="+c.Config, "--env="+c.Env, "--real-check",
		"--metrics-output="+s.path("textfile-collector", "preflight.prom"), "--evidence.dir="+s.path("evidence"))
	cmd.Env = append(os.Environ(), c.Vars...)
	cmd.Stdout, cmd.Stderr = c.Out, c.Out
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 3) {
		return false, nil // a check failed, or was skipped
	}
	if err != nil {
		return false, fmt.Errorf("the checker could not run: %w", err)
	}
	return true, nil
}
