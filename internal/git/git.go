// Package git runs the program git on a checkout. It changes nothing in the
// repository and runs no program that the repository names.
package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Timeout is enough for a checkout of usual size on an idle disk.
const Timeout = 5 * time.Second

// Reasons for which git fails.
const (
	NotInstalled  = "no_git"
	TimedOut      = "timeout"
	NotRepository = "not_a_repository"
	Refused       = "git_failed"
)

// Answer is the output of git, split at NUL or line ends, or the reason for a
// failure.
type Answer struct {
	Fields         []string
	Reason, Detail string
}

// Run runs git with these arguments in a repository.
func Run(ctx context.Context, repository string, args ...string) Answer {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-c", "core.fsmonitor=false", "-C", repository}, args...)...)
	cmd.WaitDelay = time.Second
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") { // GIT_DIR would select another repository
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		split := func(r rune) bool { return r == 0 || r == '\n' }
		return Answer{Fields: strings.FieldsFunc(string(out), split)}
	case errors.Is(err, exec.ErrNotFound):
		return Answer{Reason: NotInstalled, Detail: "git is not installed"}
	case ctx.Err() != nil:
		return Answer{Reason: TimedOut, Detail: "git did not finish in time"}
	case errors.As(err, &exit):
		said, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		if strings.Contains(said, "not a git repository") || strings.Contains(said, "cannot change to") {
			return Answer{Reason: NotRepository, Detail: "no git checkout"}
		}
		return Answer{Reason: Refused, Detail: said}
	}
	return Answer{Reason: Refused, Detail: "git could not be run"}
}

// Head returns the commit of the checkout in a folder, or "" if there is no
// checkout or no commit.
func Head(ctx context.Context, folder string) (string, error) {
	if !inCheckout(folder) {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	// The owner of the checkout is irrelevant for reading one hash.
	head := Run(ctx, folder, "-c", "safe.directory=*", "rev-parse", "--verify", "--quiet", "HEAD")
	switch {
	case head.Reason == "" && len(head.Fields) == 1:
		return head.Fields[0], nil
	case head.Reason == Refused && head.Detail == "": // there is no commit yet
		return "", nil
	}
	return "", fmt.Errorf("the commit of the checkout in %s: %s", folder, head.Detail)
}

// Root returns the top folder of the checkout that contains a folder, or "" if
// there is none.
func Root(folder string) (string, error) {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", nil
		}
		dir = parent
	}
}

// inCheckout avoids starting git if the folder is in no checkout.
func inCheckout(folder string) bool {
	root, err := Root(folder)
	return err == nil && root != ""
}
