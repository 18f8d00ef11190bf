package git

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Repository is a checkout with its git folder.
type Repository struct {
	root   string // top folder of the checkout
	dir    string // git folder of this checkout
	common string // git folder that it shares with other worktrees
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

// Open returns the repository of the checkout that contains a folder. The error
// is an *Error.
func Open(folder string) (*Repository, error) {
	root, err := Root(folder)
	if err != nil || root == "" {
		return nil, &Error{NotRepository, "no git checkout"}
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, &Error{NotRepository, "no git checkout"}
	}
	r := &Repository{root: root, dir: filepath.Join(root, ".git")}
	// A linked worktree and a submodule have a file that names the folder.
	if text, err := os.ReadFile(r.dir); err == nil {
		named, _ := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), "gitdir: ")
		r.dir = within(root, named)
	}
	r.common = r.dir
	if text, err := os.ReadFile(filepath.Join(r.dir, "commondir")); err == nil {
		r.common = within(r.dir, strings.TrimRight(string(text), "\r\n"))
	}
	return r, nil
}

// within returns a path that may be relative to a folder.
func within(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// Root returns the top folder of the checkout.
func (r *Repository) Root() string { return r.root }

// call returns a run of git on this checkout: the settings of the repository
// select no other one.
func (r *Repository) call(args ...string) call {
	env := []string{"GIT_WORK_TREE=" + r.root}
	if parent := filepath.Dir(r.root); !strings.ContainsRune(parent, filepath.ListSeparator) {
		env = append(env, "GIT_CEILING_DIRECTORIES="+parent)
	}
	return call{dir: r.root, env: env, args: args}
}

// fields runs git and splits its output at NUL.
func (r *Repository) fields(ctx context.Context, input io.Reader, args ...string) ([]string, error) {
	c := r.call(args...)
	c.input = input
	out, err := c.run(ctx)
	return fields(out), err
}

// Tags returns the tags of the commit.
func (r *Repository) Tags(ctx context.Context) ([]string, error) {
	out, err := r.call("tag", "--points-at", "HEAD").run(ctx)
	return strings.Fields(out), err
}

// Upstream is the branch of the remote that a checkout is compared with.
type Upstream struct {
	Name    string    // such as origin/main, or "" if there is none
	Ahead   int       // commits that it lacks
	Fetched time.Time // zero if nothing was fetched since the clone
}

// Upstream compares the commit with a branch of a remote, such as origin/main.
// Without a name it takes the upstream of the current branch.
func (r *Repository) Upstream(ctx context.Context, name string) (Upstream, error) {
	if name == "" {
		name = "@{upstream}"
	} else {
		name = remotes + name
	}
	ref, err := r.call("rev-parse", "--verify", "--quiet", "--symbolic-full-name", name).run(ctx)
	if ctx.Err() != nil {
		return Upstream{}, err
	}
	// A local branch as upstream proves nothing about the remote.
	short, remote := strings.CutPrefix(strings.TrimSpace(ref), remotes)
	if err != nil || !remote {
		return Upstream{}, nil
	}
	count, err := r.call("rev-list", "--count", remotes+short+"..HEAD", "--").run(ctx)
	if err != nil {
		return Upstream{}, err
	}
	u := Upstream{Name: short}
	if u.Ahead, err = strconv.Atoi(strings.TrimSpace(count)); err != nil {
		return u, &Error{Refused, "git counted no commits"}
	}
	for _, dir := range []string{r.dir, r.common} {
		if info, err := os.Stat(filepath.Join(dir, "FETCH_HEAD")); err == nil && info.ModTime().After(u.Fetched) {
			u.Fetched = info.ModTime()
		}
	}
	return u, nil
}

const remotes = "refs/remotes/"

// operations lists the files by which the git folder shows an unfinished
// operation.
var operations = []struct{ file, name string }{
	{"MERGE_HEAD", "merge"},
	{"rebase-merge", "rebase"},
	{"rebase-apply", "rebase or am"},
	{"CHERRY_PICK_HEAD", "cherry-pick"},
	{"REVERT_HEAD", "revert"},
	{"sequencer", "cherry-pick or revert"},
	{"BISECT_LOG", "bisect"},
}

// operation returns the name of the operation that is under way, or "".
func (r *Repository) operation() string {
	for _, o := range operations {
		if _, err := os.Lstat(filepath.Join(r.dir, o.file)); err == nil {
			return o.name
		}
	}
	return ""
}
