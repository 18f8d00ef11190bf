package checks_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
)

// cloned returns a clone of a new repository.
func cloned(t *testing.T) repository {
	t.Helper()
	from := committed(t)
	r := repository{t, filepath.Join(t.TempDir(), "clone")}
	from.git("clone", "--quiet", from.dir, r.dir)
	return r
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	r := cloned(t)
	for _, keys := range []string{"", "upstream: auto", "upstream: origin/main"} {
		r.passes(keys)
	}
	expect(t, r.check("live", "upstream: origin/release"), "revision", checker.Warn, "no_upstream")

	r.write("main.py", "limit = 2\n")
	r.commit()
	r.passes("")
	r.either("upstream: auto", "revision", "not_pushed", "1 ahead of origin/main (nothing was fetched since the clone)")
	r.git("fetch", "--quiet")
	yesterday := time.Now().Add(-26 * time.Hour)
	if err := os.Chtimes(r.path(".git/FETCH_HEAD"), yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	r.either("upstream: origin/main", "revision", "not_pushed", "1 ahead of origin/main (fetched 26h0m0s ago)")

	// A graft or a replacement hides that the commit was not pushed.
	hidden := r.git("rev-parse", "HEAD")
	graft := r.git("rev-parse", "origin/main") + " " + hidden + "\n"
	r.write(".git/info/grafts", graft)
	r.either("upstream: auto", "revision", "not_pushed", "1 ahead of origin/main")
	os.Remove(r.path(".git/info/grafts"))
	r.git("replace", r.git("rev-parse", "origin/main"), hidden)
	r.either("upstream: auto", "revision", "not_pushed", "1 ahead of origin/main")
}

func TestNoUpstream(t *testing.T) {
	t.Parallel()
	r := cloned(t)
	// A local branch as upstream proves nothing.
	r.git("switch", "--quiet", "--create=feature")
	r.git("branch", "--quiet", "--set-upstream-to=main")
	expect(t, r.check("live", "upstream: auto"), "revision", checker.Warn, "no_upstream")
	r.git("checkout", "--quiet", "--detach")
	expect(t, r.check("live", "upstream: auto"), "revision", checker.Warn, "no_upstream")
	r.passes("upstream: origin/main")
	expect(t, committed(t).check("live", "upstream: auto"), "revision", checker.Warn, "no_upstream")
}

// The name of a file cannot pretend to be a line of git's answer.
func TestDeceptiveNames(t *testing.T) {
	t.Parallel()
	r := committed(t)
	r.git("switch", "--quiet", "--create=feature")
	r.write("x\n# branch.head main", "")
	r.commit()
	r.either("branch: main", "revision", "wrong_branch", "feature at ")
	r.write("x\n# branch.head main", "changed")
	r.write("# branch.head main", "")
	r.git("add", "# branch.head main")
	r.either("branch: main", "worktree", "dirty", "")
	r.either("branch: main", "revision", "wrong_branch", "feature at ")
}

// Git refuses the checkout of another user.
func TestDubiousOwnership(t *testing.T) {
	r := committed(t)
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	// The real git, in the mode in which its own tests assume another owner.
	dir := t.TempDir()
	script := "#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec " + real + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for _, target := range []string{"worktree", "revision", "tracked_files"} {
		if o := expect(t, r.check("paper", ""), target, checker.Fail, "dubious_ownership"); !strings.Contains(o.Detail, r.dir) {
			t.Errorf("%+v does not name the folder", o)
		}
	}
}
