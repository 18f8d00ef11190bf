package checks_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker"
)

// pointerTo returns the pointer of git-lfs to a content.
func pointerTo(content string) string {
	return fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%x\nsize %d\n", sha256.Sum256([]byte(content)), len(content))
}

// filtered returns a repository with the file model.bin under a filter. The
// commit has another content than the checkout.
func filtered(t *testing.T, filter, committed, content string) repository {
	t.Helper()
	r := newRepository(t)
	r.write(".git/committed", committed)
	r.git("config", "filter."+filter+".clean", "cat "+r.path(".git/committed")+" #")
	r.git("config", "filter."+filter+".required", "true")
	r.write(".gitattributes", "*.bin filter="+filter+" -text\n")
	r.write("model.bin", content)
	then := time.Now().Add(-time.Hour) // so that git's record is not racy
	if err := os.Chtimes(r.path("model.bin"), then, then); err != nil {
		t.Fatal(err)
	}
	r.commit()
	return r
}

func TestLFS(t *testing.T) {
	t.Parallel()
	r := filtered(t, "lfs", pointerTo("weights"), "weights")
	r.unseen()
	for _, env := range []string{"live", "paper"} {
		expect(t, r.check(env, ""), "worktree", checker.Warn, "filtered_files")
	}
	r.passes("filters: [lfs]")

	// The pointer decides, whatever git recorded about the file.
	now := time.Now().Add(time.Hour)
	if err := os.Chtimes(r.path("model.bin"), now, now); err != nil {
		t.Fatal(err)
	}
	r.passes("filters: [lfs]")
	r.write("model.bin", "WEIGHTS")
	r.unseen() // the filter calls every content equal
	r.either("filters: [lfs]", "worktree", "dirty", "model.bin (not the file of its git-lfs pointer)")
	r.write("model.bin", "other weights")
	r.either("filters: [lfs]", "worktree", "dirty", "model.bin")

	r = filtered(t, "lfs", "no pointer", "weights")
	r.unseen()
	r.either("filters: [lfs]", "worktree", "dirty", "model.bin")
}

// Large files are read only if git's record says that they changed.
func TestLargeLFS(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("x", 33<<20)
	r := filtered(t, "lfs", pointerTo(content), content)
	r.passes("filters: [lfs]")
	now := time.Now().Add(time.Hour)
	if err := os.Chtimes(r.path("model.bin"), now, now); err != nil {
		t.Fatal(err)
	}
	r.passes("filters: [lfs]")
	r.write("model.bin", strings.Repeat("y", 33<<20))
	r.either("filters: [lfs]", "worktree", "dirty", "model.bin (not the file of its git-lfs pointer)")
}

// Of other filters only git's record of the file is known.
func TestOtherFilters(t *testing.T) {
	t.Parallel()
	r := filtered(t, "crypt", "sealed", "weights")
	r.unseen()
	for _, env := range []string{"live", "paper"} {
		expect(t, r.check(env, "filters: [lfs]"), "worktree", checker.Warn, "filtered_files")
	}
	r.passes("filters: [crypt]")
	r.write("model.bin", "changed")
	r.unseen()
	r.either("filters: [crypt]", "worktree", "dirty", "model.bin (only its filter crypt can compare it: run git status)")
}

// A driver that git -c cannot name could not be switched off.
func TestFilterWithEqualsSign(t *testing.T) {
	t.Parallel()
	r := filtered(t, "a=b", "sealed", "weights")
	expect(t, r.check("live", "filters: ['a=b']"), "worktree", checker.Fail, "git_failed")
}

// Attributes that are not committed excuse no difference.
func TestLocalFilter(t *testing.T) {
	t.Parallel()
	for name, assign := range map[string]func(r repository){
		".git/info/attributes": func(r repository) { r.write(".git/info/attributes", "*.py filter=mine\n") },
		"core.attributesFile": func(r repository) {
			r.write(".git/attributes", "*.py filter=mine\n")
			r.git("config", "core.attributesFile", r.path(".git/attributes"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := committed(t)
			r.git("config", "filter.mine.clean", "git show HEAD:%f")
			assign(r)
			r.write("main.py", "limit = 1000\n")
			r.git("add", "main.py")
			r.unseen()
			r.either("filters: [mine]", "worktree", "dirty", "main.py")
		})
	}
}

// Git runs no program that the repository or a submodule names.
func TestGitRunsNoProgramOfRepository(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	spy := filepath.Join(t.TempDir(), "spy")
	script := "#!/bin/sh\necho \"$0 $*\" >> " + ran + "\nexit 1\n"
	if err := os.WriteFile(spy, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r := withSubmodule(t)
	for _, dir := range []string{"vendor/lib", "."} {
		in := r.in(dir)
		in.write(".gitattributes", "*.a filter=clean\n*.b filter=process\n*.c text eol=lf ident\n*.d diff=spy filter=odd.name\n")
		for _, name := range []string{"x.a", "x.b", "x.c", "x.d"} {
			in.write(name, "x\n")
		}
		in.commit()
		for _, key := range []string{
			"core.fsmonitor", "core.sshCommand", "core.pager", "core.gitProxy", "core.askPass", "core.alternateRefsCommand", "diff.external", "diff.spy.textconv",
			"gpg.program", "filter.clean.clean", "filter.process.process", "filter.odd.name.clean", "credential.helper", "uploadpack.packObjectsHook", "alias.status",
		} {
			in.git("config", key, spy)
		}
		in.git("config", "filter.process.required", "true")
		in.git("config", "core.hooksPath", filepath.Dir(spy))
		in.git("config", "remote.origin.promisor", "true") // a missing object would be fetched
		in.git("config", "remote.origin.url", "ext::"+spy)
		in.git("config", "protocol.ext.allow", "always")
		now := time.Now().Add(time.Hour)
		for _, name := range []string{"x.a", "x.b", "x.c", "x.d"} {
			os.Chtimes(in.path(name), now, now)
		}
		in.write("x.a", "changed\n")
		in.write("x.b", "changed\n")
		in.write("x.c", "x\r\n")
	}
	expect(t, r.check("live", "tag: v*, upstream: auto"), "worktree", checker.Fail, "dirty")
	if text, err := os.ReadFile(ran); err == nil {
		t.Errorf("programs that the repository names were run:\n%s", text)
	}
	r.git("status") // the test's own git runs them
	if _, err := os.Stat(ran); err != nil {
		t.Error("git runs none of them by itself, so the test proves little")
	}
}
