package checks

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

const defaultGitTimeout = 5 * time.Second

// gitAnswer is what git printed, or why it did not.
type gitAnswer struct {
	fields         []string
	reason, detail string
}

// git runs git. It changes nothing in the repository and runs no program that
// the repository names.
func git(ctx context.Context, repository string, args ...string) gitAnswer {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-c", "core.fsmonitor=false", "-C", repository}, args...)...)
	cmd.WaitDelay = time.Second
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") { // GIT_DIR would lead elsewhere
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		split := func(r rune) bool { return r == 0 || r == '\n' }
		return gitAnswer{fields: strings.FieldsFunc(string(out), split)}
	case errors.Is(err, exec.ErrNotFound):
		return gitAnswer{reason: "no_git", detail: "git is not installed"}
	case ctx.Err() != nil:
		return gitAnswer{reason: "timeout", detail: "git did not finish in time"}
	case errors.As(err, &exit):
		said, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		if strings.Contains(said, "not a git repository") || strings.Contains(said, "cannot change to") {
			return gitAnswer{reason: "not_a_repository", detail: "no git checkout"}
		}
		return gitAnswer{reason: "git_failed", detail: said}
	}
	return gitAnswer{reason: "git_failed", detail: "git could not be run"}
}

// headCommit returns the commit that is checked out in a folder; nothing when
// there is no checkout, or none in it yet.
func headCommit(ctx context.Context, folder string) (string, error) {
	if !inCheckout(folder) {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, defaultGitTimeout)
	defer cancel()
	// Whose checkout it is does not matter for reading one hash.
	head := git(ctx, folder, "-c", "safe.directory=*", "rev-parse", "--verify", "--quiet", "HEAD")
	switch {
	case head.reason == "" && len(head.fields) == 1:
		return head.fields[0], nil
	case head.reason == "git_failed" && head.detail == "": // nothing was committed yet
		return "", nil
	}
	return "", fmt.Errorf("the commit of the checkout in %s: %s", folder, head.detail)
}

// inCheckout spares the start of git where there is none to look at.
func inCheckout(folder string) bool {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}
