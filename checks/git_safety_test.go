package checks_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
)

// repository is a new git repository.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	r := repository{t, t.TempDir()}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repository) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) commit() {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "--allow-empty", "--message=x")
}

// check returns the check for a section and an environment.
func (r repository) check(env, keys string) subject {
	return fromConfig(r.t, fmt.Sprintf("git_safety: {repository: %q, %s}", r.dir, keys), "Git Safety", env)
}

// either expects a problem that fails in a live environment and warns elsewhere.
func (r repository) either(keys, target, reason, detail string) {
	r.t.Helper()
	for env, status := range map[string]checker.Status{"live": checker.Fail, "paper": checker.Warn} {
		if o := expect(r.t, r.check(env, keys), target, status, reason); !strings.Contains(o.Detail, detail) {
			r.t.Errorf("%+v does not say %q", o, detail)
		}
	}
}

// passes expects that all targets pass, in every environment.
func (r repository) passes(keys string) {
	r.t.Helper()
	for _, env := range []string{"live", "paper"} {
		for _, target := range []string{"worktree", "revision", "tracked_files"} {
			expect(r.t, r.check(env, keys), target, checker.Pass, "")
		}
	}
}

// unseen requires that git status itself shows no change.
func (r repository) unseen() {
	r.t.Helper()
	if out := r.git("status", "--porcelain"); out != "" {
		r.t.Errorf("git status shows the change, so the test proves little:\n%s", out)
	}
}

func TestGitSafety(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	expect(t, r.check("live", ""), "revision", checker.Fail, "no_commit")

	r.write("main.go", "package main\n")
	r.write(".env.example", "KEY=\n")
	r.commit()
	for _, target := range []string{"worktree", "revision", "tracked_files"} {
		o := expect(t, r.check("live", "branch: main"), target, checker.Pass, "")
		if commit := r.git("rev-parse", "HEAD"); target == "revision" && o.Detail != "main at "+commit {
			t.Errorf("%+v: the commit is %s", o, commit)
		}
	}

	either := r.either
	r.write("a new file", "")
	either("", "worktree", "untracked_files", "a new file not tracked")
	r.write("main.go", "package other\n")
	either("", "worktree", "dirty", "main.go differ")
	r.commit()
	r.git("mv", "main.go", "a file with spaces.go")
	either("", "worktree", "dirty", "a file with spaces.go, main.go (missing) differ")
	r.commit()

	r.git("switch", "--quiet", "--create=feature")
	either("branch: main", "revision", "wrong_branch", "feature at ")
	either("tag: v*", "revision", "wrong_tag", "without a tag like v*")
	r.git("tag", "v1.2")
	if o := expect(t, r.check("live", "tag: v*"), "revision", checker.Pass, ""); !strings.HasPrefix(o.Detail, "v1.2 at ") {
		t.Errorf("%+v", o)
	}
	r.git("checkout", "--quiet", "--detach")
	expect(t, r.check("live", "tag: 'v1.?'"), "revision", checker.Pass, "")
	either("branch: main", "revision", "wrong_branch", "(detached) at ")
}

func TestGitTroubles(t *testing.T) {
	t.Parallel()
	all := func(check subject, reason string) {
		t.Helper()
		for _, target := range check.targets() {
			expect(t, check, target, checker.Fail, reason)
		}
	}
	all(repository{t, t.TempDir()}.check("paper", ""), "not_a_repository")
	all(repository{t, filepath.Join(t.TempDir(), "nosuch")}.check("paper", ""), "not_a_repository")

	r := newRepository(t)
	r.commit()
	all(r.check("paper", "timeout: 1ns"), "timeout")
	broken := repository{t, t.TempDir()}
	broken.write(".git", "gitdir: /no/such/folder\n")
	all(broken.check("paper", ""), "not_a_repository")
	unfinished := newRepository(t)
	unfinished.write(".git/refs/heads/main", strings.Repeat("1", 40)+"\n")
	all(unfinished.check("paper", ""), "git_failed")
	r.git("config", "core.bare", "true") // git status refuses to look at the files
	r.passes("")
	r.write("new.py", "")
	r.either("", "worktree", "untracked_files", "new.py")
	r.write(".git/index", "no index")
	expect(t, r.check("paper", ""), "worktree", checker.Fail, "git_failed")
	expect(t, r.check("paper", ""), "revision", checker.Fail, "git_failed")
	expect(t, r.check("paper", ""), "tracked_files", checker.Fail, "git_failed")
}

func TestGitIsNotInstalled(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, target := range []string{"worktree", "revision", "tracked_files"} {
		expect(t, fromConfig(t, "git_safety: {}", "Git Safety", "paper"), target, checker.Fail, "no_git")
	}
}
