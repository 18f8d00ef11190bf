package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/alertnative/preflight/internal/servers"
)

// Checker is how the stack runs the checker.
type Checker struct {
	Config string   // preflight.yml
	Env    string   // "paper"
	Vars   []string // added to this process's environment: REDIS_URL=…
	Out    io.Writer
	Quiet  bool
}

// Check runs the checker once, for real, into the stack's textfile folder.
// Whether a check failed is in its metrics; an error says that it could not
// run.
func (s *Stack) Check(ctx context.Context, c Checker) error {
	path, err := servers.Find("preflight")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, "--config.file="+c.Config, "--env="+c.Env, "--real-check",
		"--metrics-output="+s.path("textfile-collector", "preflight.prom"))
	if c.Quiet {
		cmd.Args = append(cmd.Args, "--quiet")
	}
	cmd.Env = append(os.Environ(), c.Vars...)
	cmd.Stdout, cmd.Stderr = c.Out, c.Out
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 3) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the checker could not run: %w", err)
	}
	return nil
}
