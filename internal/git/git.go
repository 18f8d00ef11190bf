// Package git compares a checkout with its commit. It changes nothing in the
// repository, runs no program that the repository names, and trusts none of the
// settings that hide changes from git status.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
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
	Dubious       = "dubious_ownership"
	Refused       = "git_failed"
)

// Error is a failure of git with one of the reasons.
type Error struct{ Reason, Detail string }

func (e *Error) Error() string { return e.Detail }

// settings replace those of the repository. They come last, so they win.
var settings = []string{
	"core.fsmonitor=false", // else a program that the repository names is run
	"core.hooksPath=/dev/null",
	"core.untrackedCache=false",
	// A file of equal size and time is unchanged only if its inode is, too.
	"core.trustctime=true",
	"core.checkStat=default",
	"core.ignoreStat=false",
	"core.fileMode=true",
	"core.symlinks=true",
	"core.ignoreCase=false",
	// Only the attributes of the commit may convert line ends.
	"core.autocrlf=false",
	"core.safecrlf=false",
	"core.attributesFile=/dev/null",
	"core.commitGraph=false", // the graph file could contradict the commits
	"advice.graftFileDeprecated=false",
}

// environment does the same by variables.
var environment = []string{
	"LC_ALL=C",
	"GIT_NO_REPLACE_OBJECTS=1", // refs/replace shows another tree under the commit's hash
	"GIT_GRAFT_FILE=/dev/null",
	"GIT_ATTR_NOSYSTEM=1",
	"GIT_LITERAL_PATHSPECS=1",
	// A partial clone would fetch a missing object by a program that it names.
	"GIT_ALLOW_PROTOCOL=none",
	"GIT_NO_LAZY_FETCH=1",
	"GIT_TERMINAL_PROMPT=0",
}

// call is one run of git.
type call struct {
	dir       string
	env, args []string
	settings  []string // in addition to those of the package
	input     io.Reader
}

// run returns git's output. The error is an *Error.
func (c call) run(ctx context.Context) (string, error) {
	args := []string{"--no-optional-locks", "-C", c.dir}
	for _, s := range slices.Concat(settings, c.settings) {
		args = append(args, "-c", s)
	}
	cmd := exec.CommandContext(ctx, "git", append(args, c.args...)...)
	cmd.WaitDelay = time.Second
	cmd.Stdin = c.input
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") { // GIT_DIR would select another repository
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = slices.Concat(cmd.Env, environment, c.env)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return string(out), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", &Error{NotInstalled, "git is not installed"}
	case ctx.Err() != nil:
		return "", &Error{TimedOut, "git did not finish in time"}
	case errors.As(err, &exit):
		return "", explain(stderr.String())
	}
	return "", &Error{Refused, "git could not be run"}
}

// explain returns the failure for the text that git printed.
func explain(stderr string) *Error {
	said := ""
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if said == "" || strings.HasPrefix(line, "fatal: ") && !strings.HasPrefix(said, "fatal: ") {
			said = line
		}
	}
	switch {
	case strings.Contains(said, "not a git repository"), strings.Contains(said, "cannot change to"):
		return &Error{NotRepository, "no git checkout"}
	case strings.Contains(said, "dubious ownership"), strings.Contains(said, "unsafe repository"):
		return &Error{Dubious, strings.TrimPrefix(said, "fatal: ")}
	}
	return &Error{Refused, said}
}

// fields splits an output at NUL.
func fields(out string) []string {
	return strings.FieldsFunc(out, func(r rune) bool { return r == 0 })
}

// Head returns the commit of the checkout in a folder, or "" if there is no
// checkout or no commit.
func Head(ctx context.Context, folder string) (string, error) {
	if root, err := Root(folder); err != nil || root == "" {
		return "", nil
	}
	if r, err := Open(folder); err == nil {
		h, _ := r.plainHead()
		if _, err := r.treeOf(h.commit); err == nil { // the commit is there
			return h.commit, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	// The owner of the checkout is irrelevant for reading one hash.
	head, err := call{dir: folder, settings: []string{"safe.directory=*"}, args: []string{"rev-parse", "--verify", "--quiet", "HEAD"}}.run(ctx)
	var failure *Error
	switch {
	case err == nil:
		return strings.TrimSpace(head), nil
	case errors.As(err, &failure) && failure.Reason == Refused && failure.Detail == "": // there is no commit yet
		return "", nil
	}
	return "", fmt.Errorf("the commit of the checkout in %s: %w", folder, err)
}
