package checks_test

import (
	"os"
	"strings"
	"testing"

	"github.com/alertnative/preflight/checker"
)

// withSubmodule returns a repository with the submodule lib, which has a
// submodule deep of its own, and the settings that hide its changes.
func withSubmodule(t *testing.T) repository {
	t.Helper()
	deep, lib, r := newRepository(t), newRepository(t), committed(t)
	deep.write("deep.py", "x = 1\n")
	deep.commit()
	lib.write("lib.py", "x = 1\n")
	lib.write(".gitignore", "*.log\n")
	lib.submodule(deep, "deep")
	lib.commit()
	r.submodule(lib, "vendor/lib")
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
	r.git("config", "--file=.gitmodules", "submodule.vendor/lib.ignore", "all")
	r.commit()
	r.git("config", "submodule.vendor/lib.ignore", "all")
	r.git("config", "diff.ignoreSubmodules", "all")
	return r
}

func (r repository) submodule(from repository, name string) {
	r.t.Helper()
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", from.dir, name)
}

// in returns the repository in a folder of another.
func (r repository) in(folder string) repository { return repository{r.t, r.path(folder)} }

// copied returns a copy of a repository.
func (r repository) copied(t *testing.T) repository {
	t.Helper()
	out := repository{t, t.TempDir()}
	if err := os.CopyFS(out.dir, os.DirFS(r.dir)); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSubmodules(t *testing.T) {
	t.Parallel()
	whole := withSubmodule(t)
	for name, c := range map[string]struct {
		change         func(r repository)
		reason, detail string
	}{
		"dirty": {func(r repository) { r.write("vendor/lib/lib.py", "x = 2\n") }, "dirty", "vendor/lib/lib.py differ"},
		"staged": {func(r repository) {
			r.write("vendor/lib/lib.py", "x = 2\n")
			r.in("vendor/lib").git("add", "lib.py")
		}, "dirty", "vendor/lib/lib.py differ"},
		"hidden twice": {func(r repository) {
			r.in("vendor/lib").git("update-index", "--assume-unchanged", "lib.py")
			r.write("vendor/lib/lib.py", "x = 2\n")
		}, "dirty", "vendor/lib/lib.py (assume-unchanged) differ"},
		"dirty in a submodule of it": {func(r repository) { r.write("vendor/lib/deep/deep.py", "x = 2\n") }, "dirty", "vendor/lib/deep/deep.py differ"},
		"untracked":                  {func(r repository) { r.write("vendor/lib/new.py", "") }, "untracked_files", "vendor/lib/new.py not tracked"},
		"moved": {func(r repository) {
			r.write("vendor/lib/lib.py", "x = 2\n")
			r.in("vendor/lib").commit()
		}, "submodule_moved", "vendor/lib (at "},
		"moved and staged": {func(r repository) {
			r.write("vendor/lib/lib.py", "x = 2\n")
			r.in("vendor/lib").commit()
			r.git("update-index", "--cacheinfo", "160000,"+r.in("vendor/lib").git("rev-parse", "HEAD")+",vendor/lib")
		}, "submodule_moved", "vendor/lib (at "},
		"moved without a change": {func(r repository) { r.in("vendor/lib").commit() }, "submodule_moved", "vendor/lib (at "},
		"moved, and the recorded commit is not there": {func(r repository) {
			os.RemoveAll(r.path("vendor/lib"))
			r.in("vendor").git("init", "--quiet", "lib")
			r.write("vendor/lib/lib.py", "x = 2\n")
			r.in("vendor/lib").commit()
		}, "submodule_moved", "vendor/lib (at "},
		"a merge in it": {func(r repository) {
			r.write(".git/modules/vendor/lib/MERGE_HEAD", r.in("vendor/lib").git("rev-parse", "HEAD")+"\n")
		}, "operation_under_way", "a merge in vendor/lib is under way"},
		"not initialised": {func(r repository) { r.git("submodule", "--quiet", "deinit", "--force", "--all") }, "submodule_missing", "vendor/lib not initialised"},
		"not initialised in a submodule": {func(r repository) {
			r.in("vendor/lib").git("submodule", "--quiet", "deinit", "--force", "--all")
		}, "submodule_missing", "vendor/lib/deep not initialised"},
		"replaced by a link": {func(r repository) {
			os.RemoveAll(r.path("vendor/lib"))
			r.link(t.TempDir(), "vendor/lib")
		}, "dirty", "vendor/lib (not a folder) differ"},
		"nothing": {func(repository) {}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := whole.copied(t)
			c.change(r)
			if name != "replaced by a link" && name != "moved and staged" {
				r.unseen()
			}
			if c.reason == "" {
				r.passes("")
				r.in("vendor/lib").passes("") // a submodule can be the checkout that trades
				return
			}
			r.either("", "worktree", c.reason, c.detail)
		})
	}
}

func TestOptionalSubmodule(t *testing.T) {
	t.Parallel()
	r := withSubmodule(t)
	r.git("submodule", "--quiet", "deinit", "--force", "--all")
	r.passes("optional_submodules: [vendor/*]")
	r.either("optional_submodules: [other]", "worktree", "submodule_missing", "vendor/lib")
}

// The digest of the evidence changes with the files of a submodule, so the gate
// refuses evidence of others.
func TestTreeOfSubmodules(t *testing.T) {
	t.Parallel()
	r := withSubmodule(t)
	seen := map[string]string{}
	tree := func(state string) {
		t.Helper()
		o := observe(t, r.check("paper", ""), "worktree")
		if other, twice := seen[o.Tree]; twice {
			t.Errorf("%q has the digest of %q: %+v", state, other, o)
		}
		if seen[o.Tree] = state; !strings.HasPrefix(o.Tree, "sha256:") && state != "clean" {
			t.Errorf("%q has no digest: %+v", state, o)
		}
	}
	tree("clean")
	r.write("vendor/lib/lib.py", "x = 2\n")
	tree("dirty")
	r.write("vendor/lib/lib.py", "x = 3\n")
	tree("dirty again")
	r.in("vendor/lib").commit()
	r.write("vendor/lib/lib.py", "x = 4\n")
	tree("moved and dirty")
	r.write("vendor/lib/deep/deep.py", "x = 2\n")
	tree("dirty below")
	r.git("submodule", "--quiet", "deinit", "--force", "--all")
	tree("not initialised")
	expect(t, r.check("paper", ""), "worktree", checker.Warn, "submodule_missing")
}
