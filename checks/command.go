package checks

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// commandProbe runs a program. It never shows the program's output, which may
// hold a secret.
type commandProbe struct {
	argv    []string
	dir     string
	limited bool // compare the printed number with limits
}

func (p commandProbe) measure(ctx context.Context) (measurement, error) {
	cmd := exec.CommandContext(ctx, p.argv[0], p.argv[1:]...)
	cmd.Dir = p.dir
	// Processes that the program started must not delay the run.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return measurement{}, ctx.Err()
	case errors.As(err, &exit):
		return measurement{}, rejection{"exit_code", fmt.Sprintf("%s: %s", filepath.Base(p.argv[0]), exit.ProcessState)}
	case cmd.Process == nil:
		return measurement{}, rejection{"no_such_program", filepath.Base(p.argv[0]) + " cannot be started"}
	case err != nil:
		return measurement{}, rejection{"exit_code", filepath.Base(p.argv[0]) + " failed"}
	case !p.limited:
		return measurement{}, nil
	}
	v, err := number(string(out))
	return measurement{value: v, isValue: true}, err
}
