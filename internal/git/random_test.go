package git

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkout is a checkout that the real git makes.
type checkout struct {
	*testing.T
	*rand.Rand
	dir string
}

func (c *checkout) git(args ...string) string {
	c.Helper()
	out, err := c.tryGit(args...)
	if err != nil {
		c.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(out)
}

func (c *checkout) tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", c.dir, "-c", "user.name=n", "-c", "user.email=e", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_DATE=2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *checkout) path(name string) string { return filepath.Join(c.dir, name) }

func (c *checkout) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// names are paths of files, with some that sort oddly beside folders.
var names = []string{
	"a", "a.b", "a-b/c", "a0", "b/c/d", "b/c.d", "b/c-d/e", "b0", "with space/x y", "tab\tname", "line\nname", `quote"d`, `back\slash`,
	"-dash", ":(top)", "ä/ö", "\xff\xfe", "z/z/z/z/z", ".hidden/x", "UPPER", "upper",
}

// fill writes, links or removes some files.
func (c *checkout) fill() {
	for range 1 + c.IntN(8) {
		name := c.path(names[c.IntN(len(names))])
		c.must(os.MkdirAll(filepath.Dir(name), 0o755))
		c.must(os.RemoveAll(name))
		switch c.IntN(8) {
		case 0:
			c.must(os.Symlink([]string{"a", "nowhere", "/etc", "b/c"}[c.IntN(4)], name))
		case 1:
			c.must(os.WriteFile(name, nil, 0o644))
		case 2:
			c.must(os.WriteFile(name, []byte("#!/bin/sh\n"), 0o755))
		default:
			c.must(os.WriteFile(name, fmt.Appendf(nil, "%d\n", c.IntN(1000)), 0o644))
		}
	}
}

func (c *checkout) commit() {
	c.git("add", "--all")
	c.git("commit", "--quiet", "--allow-empty", "--message", fmt.Sprint(c.IntN(1000)))
}

// any returns a tracked file that is no link.
func (c *checkout) any() string {
	var files []string
	for _, line := range fields(c.git("ls-files", "-z", "--stage")) {
		if about, path, _ := strings.Cut(line, "\t"); strings.HasPrefix(about, "100") {
			files = append(files, path)
		}
	}
	return "./" + files[c.IntN(len(files))] // no option, no pattern
}

// next moves on to another checkout beside this one.
func (c *checkout) next(make func(dir string)) {
	dir := filepath.Join(c.TempDir(), "next")
	make(dir)
	c.dir = dir
}

// step changes a checkout. After a plain one, one git process is enough.
type step struct {
	name  string
	plain bool
	do    func(c *checkout)
}

// stores change how git stores the repository.
var stores = []step{
	{"nothing", true, func(*checkout) {}},
	{"gc", true, func(c *checkout) { c.git("gc", "--quiet", "--prune=now") }},
	{"two packs", true, func(c *checkout) {
		c.git("repack", "-d", "--quiet")
		c.fill()
		c.commit()
		c.git("repack", "-d", "--quiet")
	}},
	{"index of several packs", true, func(c *checkout) {
		c.git("repack", "-d", "--quiet")
		c.git("multi-pack-index", "write")
	}},
	{"packed references", true, func(c *checkout) { c.git("pack-refs", "--all") }},
	{"a clone", true, func(c *checkout) { c.next(func(dir string) { c.git("clone", "--quiet", c.dir, dir) }) }},
	{"a shallow clone", true, func(c *checkout) {
		c.next(func(dir string) { c.git("clone", "--quiet", "--depth=1", "file://"+c.dir, dir) })
	}},
	{"a clone with alternates", false, func(c *checkout) { c.next(func(dir string) { c.git("clone", "--quiet", "--shared", c.dir, dir) }) }},
	{"a linked worktree", true, func(c *checkout) {
		c.next(func(dir string) { c.git("worktree", "add", "--quiet", "-b", "linked", dir) })
	}},
	{"no branch", true, func(c *checkout) { c.git("checkout", "--quiet", "--detach") }},
	{"a chain of names", false, func(c *checkout) {
		c.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
		c.git("symbolic-ref", "HEAD", "refs/heads/alias")
	}},
	{"index version 4", true, func(c *checkout) { c.git("update-index", "--index-version=4") }},
	{"a split index", true, func(c *checkout) { c.git("update-index", "--split-index") }},
	{"a replaced commit", false, func(c *checkout) {
		reviewed := c.git("rev-parse", "HEAD")
		c.fill()
		c.commit()
		c.git("replace", reviewed, c.git("rev-parse", "HEAD"))
		c.git("reset", "--quiet", "--soft", reviewed)
	}},
	{"a graft", true, func(c *checkout) {
		c.must(os.WriteFile(c.path(".git/info/grafts"), []byte(c.git("rev-parse", "HEAD")+"\n"), 0o644))
	}},
}

// states change the index and the files.
var states = []step{
	{"nothing", true, func(*checkout) {}},
	{"untracked files", true, func(c *checkout) {
		c.must(os.WriteFile(c.path("new"), nil, 0o644))
		c.must(os.WriteFile(c.path("new.log"), nil, 0o644))
	}},
	{"empty folders", true, func(c *checkout) { c.must(os.MkdirAll(c.path("empty/empty"), 0o755)) }},
	{"a submodule", true, func(c *checkout) {
		of := &checkout{c.T, c.Rand, c.TempDir()}
		of.git("init", "--quiet", "--initial-branch=main", "--object-format="+c.git("rev-parse", "--show-object-format"))
		of.fill()
		of.commit()
		c.git("submodule", "--quiet", "add", of.dir, "module")
		c.commit()
	}},
	{"changed", false, func(c *checkout) { c.fill() }},
	{"staged", false, func(c *checkout) { c.fill(); c.git("add", "--all") }},
	{"a mode", false, func(c *checkout) { c.git("update-index", "--chmod=+x", c.any()) }},
	{"renamed", false, func(c *checkout) { c.git("mv", c.any(), "renamed") }},
	{"deleted", true, func(c *checkout) { c.must(os.RemoveAll(c.path(c.any()))) }},
	{"unstaged", false, func(c *checkout) { c.git("rm", "--quiet", "--cached", c.any()) }},
	{"intent to add", false, func(c *checkout) {
		c.must(os.WriteFile(c.path("intended"), []byte("x"), 0o644))
		c.git("add", "--intent-to-add", "intended")
	}},
	{"intent to add an empty file of the commit", true, func(c *checkout) {
		c.must(os.WriteFile(c.path("intended"), nil, 0o644))
		c.commit()
		c.git("rm", "--quiet", "--cached", "intended")
		c.git("add", "--intent-to-add", "intended")
	}},
	{"a conflict", false, func(c *checkout) {
		name := c.path("conflict")
		for i, branch := range []string{"one", "two"} {
			c.git("checkout", "--quiet", "-b", branch)
			c.must(os.WriteFile(name, []byte(branch), 0o644))
			c.commit()
			if i == 0 {
				c.git("checkout", "--quiet", "HEAD~")
			}
		}
		if out, err := c.tryGit("merge", "one"); err == nil {
			c.Fatalf("no conflict: %s", out)
		}
	}},
	{"assume-unchanged", true, func(c *checkout) { c.git("update-index", "--assume-unchanged", c.any()) }},
	{"skip-worktree", false, func(c *checkout) { c.git("update-index", "--skip-worktree", c.any()) }},
	{"a sparse checkout", false, func(c *checkout) { c.git("sparse-checkout", "set", "--no-cone", "/a*") }},
	{"a sparse index", false, func(c *checkout) { c.git("sparse-checkout", "set", "--cone", "--sparse-index", "b") }},
	{"an empty index", false, func(c *checkout) { c.git("read-tree", "--empty") }},
}

// locals change the settings of the repository.
var locals = []step{
	{"nothing", true, func(*checkout) {}},
	{"core.worktree that stays", true, func(c *checkout) { c.git("config", "core.worktree", c.dir) }},
	{"core.worktree that leads away", false, func(c *checkout) { c.git("config", "core.worktree", c.TempDir()) }},
	{"core.worktree beside its section", false, func(c *checkout) {
		c.must(os.WriteFile(c.path(".git/config"), []byte("\ufeff[a \"=\"] [Core] WorkTree = "+c.TempDir()+"\n[core]\nrepositoryFormatVersion = 1\n[extensions]\nobjectFormat = "+c.git("rev-parse", "--show-object-format")+"\n"), 0o644))
	}},
	{"settings of the worktree", true, func(c *checkout) {
		c.git("config", "extensions.worktreeConfig", "true")
		c.git("config", "--worktree", "core.abbrev", "7")
	}},
	{"core.worktree in the settings of the worktree", false, func(c *checkout) {
		c.git("config", "extensions.worktreeConfig", "true")
		c.git("config", "--worktree", "core.worktree", c.TempDir())
	}},
}

// The files of the git folder give the same state as git, in the plain cases
// with one process of git.
func TestRandomRepositories(t *testing.T) {
	t.Parallel()
	for seed := range 2 * len(stores) {
		// Every store and every state has its turn.
		store, state := stores[seed%len(stores)], states[seed%len(states)]
		t.Run(fmt.Sprintf("%d %s, %s", seed, store.name, state.name), func(t *testing.T) {
			t.Parallel()
			c := &checkout{t, rand.New(rand.NewPCG(uint64(seed), 1)), filepath.Join(t.TempDir(), "first")}
			c.must(os.Mkdir(c.dir, 0o755))
			c.git("init", "--quiet", "--initial-branch=main", "--object-format="+[]string{"sha1", "sha1", "sha256"}[c.IntN(3)])
			c.must(os.WriteFile(c.path(".gitignore"), []byte("*.log\n"), 0o644))
			for range 2 + c.IntN(2) {
				c.fill()
				c.commit()
			}
			local := locals[c.IntN(len(locals))]
			for _, s := range []step{store, state, local} {
				s.do(c)
			}
			processes := c.agree()
			if want := 1 + strings.Count(c.git("ls-files", "--stage"), "160000 "); store.plain && state.plain && local.plain && c.whole() && processes != want {
				t.Errorf("%s: %d git processes, want %d", local.name, processes, want)
			}
		})
	}
}

// whole reports whether the commit is stored as a whole, not as a difference.
func (c *checkout) whole() bool {
	bases := c.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(deltabase)")
	return strings.Contains(bases, c.git("rev-parse", "HEAD")+" 000000")
}

// agree compares the answers with those of git. It returns the number of git
// processes.
func (c *checkout) agree() (processes int) {
	c.Helper()
	r, err := Open(c.dir)
	c.must(err)
	only := c.IntN(2) == 0
	got, err := r.Compare(c.Context(), Options{OnlyGitignore: only})
	processes = c.counted(".") + c.counted("module")
	want, wantErr := r.Compare(c.Context(), Options{OnlyGitignore: only, askGit: true})
	if diff := cmp.Diff(want, got); diff != "" || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		c.Errorf("%v, git: %v\n%s", err, wantErr, diff)
	}
	return processes
}

// counted returns how many processes of git the package started in a folder.
func (c *checkout) counted(folder string) int {
	text, err := os.ReadFile(c.path(folder) + ".log")
	if !errors.Is(err, fs.ErrNotExist) {
		c.must(err)
	}
	return len(text)
}

// TestMain puts a program before the real git that adds a byte to a file beside
// the checkout whenever the package runs git.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "git-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		real, err := exec.LookPath("git")
		if err != nil {
			panic(err)
		}
		script := `#!/bin/sh
if [ "$1 $2" = "--no-optional-locks -C" ]; then
	printf x >> "$3.log"
fi
exec ` + real + ` "$@"
`
		if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
			panic(err)
		}
		os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
		return m.Run()
	}())
}
