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

// committed returns a repository with a program, a script and a configuration.
func committed(t *testing.T) repository {
	t.Helper()
	r := newRepository(t)
	r.write("main.py", "limit = 1\n")
	r.write("lib/orders.py", "side = 'buy'\n")
	r.write("run.sh", "#!/bin/sh\n")
	r.write(".gitignore", "*.log\n")
	r.mode("run.sh", 0o755)
	r.commit()
	return r
}

func (r repository) path(name string) string { return filepath.Join(r.dir, name) }

func (r repository) mode(name string, mode os.FileMode) {
	r.t.Helper()
	if err := os.Chmod(r.path(name), mode); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) link(target, name string) {
	r.t.Helper()
	_ = os.Remove(r.path(name))
	if err := os.Symlink(target, r.path(name)); err != nil {
		r.t.Fatal(err)
	}
}

// Settings of the repository hide these changes from git status.
func TestHiddenChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hide   func(r repository)
		detail string
	}{
		"assume-unchanged": {func(r repository) {
			r.git("update-index", "--assume-unchanged", "main.py")
			r.write("main.py", "limit = 1000\n")
		}, "main.py (assume-unchanged) differ from the commit"},
		"assume-unchanged, removed": {func(r repository) {
			r.git("update-index", "--assume-unchanged", "main.py")
			os.Remove(r.path("main.py"))
		}, "main.py (assume-unchanged) differ"},
		"skip-worktree": {func(r repository) {
			r.git("update-index", "--skip-worktree", "main.py")
			r.write("main.py", "limit = 1000\n")
		}, "main.py (skip-worktree) differ"},
		"skip-worktree, removed, without a sparse checkout": {func(r repository) {
			r.git("update-index", "--skip-worktree", "main.py")
			os.Remove(r.path("main.py"))
		}, "main.py (skip-worktree) differ"},
		"core.fileMode": {func(r repository) {
			r.git("config", "core.fileMode", "false")
			r.mode("run.sh", 0o644)
		}, "run.sh (type or permissions) differ"},
		"core.symlinks": {func(r repository) {
			r.link("main.py", "start.py")
			r.commit()
			r.git("config", "core.symlinks", "false")
			os.Remove(r.path("start.py"))
			r.write("start.py", "main.py")
		}, "start.py (type or permissions) differ"},
		"a link to another file": {func(r repository) {
			r.write(".gitattributes", "* text=auto\n")
			r.link("main.py", "start.py")
			r.commit()
			r.link("lib/orders.py", "start.py")
			r.git("update-index", "--assume-unchanged", "start.py")
		}, "start.py (assume-unchanged) differ"},
		"core.trustctime": {func(r repository) {
			then := time.Now().Add(-time.Hour)
			keep := func() {
				if err := os.Chtimes(r.path("main.py"), then, then); err != nil {
					r.t.Fatal(err)
				}
			}
			keep()
			r.git("config", "core.trustctime", "false")
			r.git("update-index", "--refresh")
			r.write("main.py", "limit = 9\n")
			keep()
		}, "main.py differ"},
		"core.checkStat": {func(r repository) {
			then := time.Now().Add(-time.Hour).Truncate(time.Second)
			keep := func() {
				if err := os.Chtimes(r.path("main.py"), then, then); err != nil {
					r.t.Fatal(err)
				}
			}
			keep()
			r.git("config", "core.checkStat", "minimal")
			r.git("update-index", "--refresh")
			r.write("new.py", "limit = 9\n")
			if err := os.Rename(r.path("new.py"), r.path("main.py")); err != nil {
				r.t.Fatal(err)
			}
			keep()
		}, "main.py differ"},
		"refs/replace": {func(r repository) {
			reviewed := r.git("rev-parse", "HEAD")
			r.write("main.py", "limit = 1000\n")
			r.commit()
			r.git("replace", reviewed, r.git("rev-parse", "HEAD"))
			r.git("reset", "--quiet", "--soft", reviewed)
		}, "main.py differ"},
		"core.autocrlf": {func(r repository) {
			r.git("config", "core.autocrlf", "input")
			r.write("run.sh", "#!/bin/sh\r\n")
			r.git("add", "run.sh")
		}, "run.sh differ"},
		"ident in .git/info/attributes": {func(r repository) {
			r.write("main.py", "limit = 1 # $Id$\n")
			r.commit()
			r.write(".git/info/attributes", "*.py ident\n")
			r.write("main.py", "limit = 1 # $Id: x $\n")
			r.git("add", "main.py")
		}, "main.py (whatever .git/info/attributes says) differ"},
		"attributes that exclude themselves": {func(r repository) {
			r.write("main.py", "limit = 1 # $Id$\n")
			r.commit()
			r.write(".git/info/exclude", ".gitattributes\n")
			r.write(".gitattributes", "*.py ident\n")
			r.write("main.py", "limit = 1 # $Id: x $\n")
			r.git("add", "main.py")
		}, "main.py (whatever .gitattributes says) differ"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := committed(t)
			c.hide(r)
			r.unseen()
			r.either("branch: main", "worktree", "dirty", c.detail)
		})
	}
}

// A link in the place of a folder leads to files that are not of the commit.
func TestFolderReplacedByLink(t *testing.T) {
	t.Parallel()
	r := committed(t)
	other := repository{t, t.TempDir()}
	other.write("orders.py", "side = 'buy'\n")
	if err := os.RemoveAll(r.path("lib")); err != nil {
		t.Fatal(err)
	}
	r.link(other.dir, "lib")
	r.git("update-index", "--assume-unchanged", "lib/orders.py")
	r.either("", "worktree", "dirty", "lib/orders.py (assume-unchanged) differ")
}

func TestIntactCheckouts(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(r repository){
		"flags without a change": func(r repository) {
			r.git("update-index", "--assume-unchanged", "main.py")
			r.git("update-index", "--skip-worktree", "lib/orders.py")
		},
		"touched": func(r repository) {
			now := time.Now().Add(time.Hour)
			os.Chtimes(r.path("main.py"), now, now)
		},
		"ignored files": func(r repository) { r.write("x.log", "") },
		"line ends as the commit converts them": func(r repository) {
			r.write(".gitattributes", "*.bat text eol=crlf\n")
			r.write("run.bat", "echo\r\n")
			r.commit()
		},
		"odd names": func(r repository) {
			r.write("a\nb\t\"c\" ", "x")
			r.write("-v", "x")
			r.write(":(top)", "x")
			r.commit()
		},
		"links inside": func(r repository) {
			r.link("../main.py", "lib/link.py")
			r.link(r.path("lib"), "absolute")
			r.commit()
		},
		"a linked worktree": func(r repository) {
			r.git("switch", "--quiet", "--create=other")
			r.git("worktree", "add", "--quiet", r.path("tree.log"), "main")
		},
		"SHA-256": func(r repository) {
			os.RemoveAll(r.path(".git"))
			r.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
			r.commit()
		},
		"a shallow clone": func(r repository) {
			r.commit()
			from := r.path("x.log")
			r.git("clone", "--quiet", "--bare", r.dir, from)
			r.git("clone", "--quiet", "--depth=1", "file://"+from, r.path("y.log"))
		},
		"a file above the limit": func(r repository) {
			r.write("data.bin", strings.Repeat("x", 33<<20))
			r.commit()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := committed(t)
			prepare(r)
			switch name {
			case "a linked worktree":
				r.dir = r.path("tree.log")
			case "a shallow clone":
				r.dir = r.path("y.log")
			}
			r.passes("branch: main")
		})
	}
}

// A large file is compared by git's record of size, times and inode, unless a
// flag of the index hides it.
func TestLargeFile(t *testing.T) {
	t.Parallel()
	r := committed(t)
	r.write("data.bin", strings.Repeat("x", 33<<20))
	r.commit()
	r.write("data.bin", strings.Repeat("y", 33<<20))
	r.either("", "worktree", "dirty", "data.bin differ")
	r.git("update-index", "--assume-unchanged", "data.bin")
	r.unseen()
	r.either("", "worktree", "dirty", "data.bin (assume-unchanged) differ")
}

func TestOperationUnderWay(t *testing.T) {
	t.Parallel()
	for operation, start := range map[string]func(r repository){
		"merge":       func(r repository) { r.git("merge", "--quiet", "--no-ff", "--no-commit", "other") },
		"rebase":      func(r repository) { r.git("-c", "sequence.editor=sed -i 1ibreak", "rebase", "--quiet", "-i", "HEAD~1") },
		"cherry-pick": func(r repository) { r.conflict("cherry-pick", "other") },
		"revert":      func(r repository) { r.conflict("revert", "HEAD~1") },
		"bisect":      func(r repository) { r.git("bisect", "start") },
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			r := committed(t)
			r.git("switch", "--quiet", "--create=other")
			r.write("main.py", "limit = 2\n")
			r.write("more.py", "")
			r.commit()
			r.git("switch", "--quiet", "main")
			for _, text := range []string{"limit = 3\n", "limit = 4\n"} {
				if operation != "merge" {
					r.write("main.py", text)
				}
				r.write("notes.txt", text)
				r.commit()
			}
			start(r)
			if operation == "rebase" || operation == "bisect" {
				r.unseen()
			}
			r.either("", "worktree", "operation_under_way", "a "+operation)
		})
	}
}

// conflict runs git, which stops at a conflict.
func (r repository) conflict(args ...string) {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	if out, err := cmd.CombinedOutput(); err == nil {
		r.t.Fatalf("git %v found no conflict:\n%s", args, out)
	}
}

// core.worktree makes git look at another folder than the one that trades.
func TestOtherWorktree(t *testing.T) {
	t.Parallel()
	r := committed(t)
	clean := t.TempDir()
	r.git("--work-tree="+clean, "checkout", "--quiet", "--", ".")
	r.git("config", "core.worktree", clean)
	r.write("main.py", "limit = 1000\n")
	r.unseen()
	r.either("", "worktree", "other_worktree", "core.worktree leads to "+clean+"; main.py differ from the commit")
	r.write("main.py", "limit = 1\n")
	r.either("", "worktree", "other_worktree", "core.worktree leads to ")
	r.git("config", "core.worktree", r.dir)
	r.passes("")
	r.git("config", "--unset", "core.worktree")
	r.write(".git/included", "[core]\n\tworktree = "+clean+"\n")
	r.git("config", "include.path", r.path(".git/included"))
	if top := r.git("rev-parse", "--show-toplevel"); top != r.dir {
		t.Errorf("git follows the included core.worktree to %s", top)
	}
	r.passes("")
}

// In a live environment only .gitignore excludes files.
func TestExcludedFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hide        func(r repository)
		file, shown string
	}{
		".git/info/exclude": {func(r repository) { r.write(".git/info/exclude", "/sitecustomize.py\n") }, "sitecustomize.py", "sitecustomize.py not tracked"},
		"core.excludesFile": {func(r repository) {
			r.write(".git/mine", "sitecustomize.py\n")
			r.git("config", "core.excludesFile", r.path(".git/mine"))
		}, "sitecustomize.py", "sitecustomize.py not tracked"},
		"a hidden .gitignore": {func(r repository) { r.write("lib/.gitignore", "*\n") }, "lib/orders/__init__.py", "lib/.gitignore not tracked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := committed(t)
			c.hide(r)
			r.write(c.file, "")
			r.unseen()
			if o := expect(t, r.check("live", ""), "worktree", checker.Fail, "untracked_files"); !strings.Contains(o.Detail, c.shown) {
				t.Errorf("%+v", o)
			}
			expect(t, r.check("paper", ""), "worktree", checker.Pass, "")
		})
	}
	// A repository in the checkout is as untracked as a file.
	nested := committed(t)
	nested.write("plugin/new.py", "")
	nested.in("plugin").git("init", "--quiet")
	nested.either("", "worktree", "untracked_files", "plugin/ not tracked")
	// The folder of a virtual environment excludes itself.
	r := committed(t)
	r.write("venv/.gitignore", "*\n")
	r.write("venv/bin/python", "")
	r.passes("")
}

func TestOutsideLinks(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{
		"absolute": "/etc/hostname", "relative": "../../x", "dangling": "/no/such/file", "into .git": ".git/config", "through a folder": "lib/../../x",
	} {
		r := committed(t)
		r.link(target, "data")
		r.commit()
		r.unseen()
		r.either("", "worktree", "outside_link", "data lead out of the checkout")
		if t.Failed() {
			t.Errorf("%s", name)
		}
		r.passes("outside_links: [data]")
	}
}

func TestSparseCheckout(t *testing.T) {
	t.Parallel()
	r := committed(t)
	r.git("sparse-checkout", "set", "--no-cone", "/*", "!/lib/")
	r.unseen()
	r.either("", "worktree", "sparse", "lib/orders.py left out")
	r.passes("sparse: true")
}
