package git

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The files give the same answer as git.
func TestPlainHead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e"}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	check := func(state, folder string, plain bool) {
		t.Helper()
		r, err := Open(at(folder))
		if err != nil {
			t.Fatal(err)
		}
		want, err := r.askHead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, ok := r.plainHead()
		if ok != plain || ok && got != want {
			t.Errorf("%s: %+v, %v, git says %+v", state, got, ok, want)
		}
		if all, err := (&comparison{Repository: r}).head(t.Context()); err != nil || all != want {
			t.Errorf("%s: %+v, %v, git says %+v", state, all, err, want)
		}
	}
	git("init", "--quiet", "--initial-branch=main", ".")
	check("before the first commit", ".", false)
	git("commit", "--quiet", "--allow-empty", "-m", "one")
	check("a branch", ".", true)
	git("pack-refs", "--all")
	check("a packed branch", ".", true)
	git("commit", "--quiet", "--allow-empty", "-m", "two")
	check("a packed branch that went on", ".", true)
	git("switch", "--quiet", "-c", "feature/x.y")
	check("a branch with a slash", ".", true)
	git("worktree", "add", "--quiet", "-b", "other", at("linked"))
	check("a linked worktree", "linked", true)
	git("switch", "--quiet", "--detach")
	check("no branch", ".", true)
	git("switch", "--quiet", "main")
	git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
	git("symbolic-ref", "HEAD", "refs/heads/alias")
	check("a chain of names", ".", false)
	git("symbolic-ref", "HEAD", "refs/heads/main")
	if err := os.Remove(at(".git/HEAD")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("refs/heads/main", at(".git/HEAD")); err != nil {
		t.Fatal(err)
	}
	check("a link", ".", false)
}
