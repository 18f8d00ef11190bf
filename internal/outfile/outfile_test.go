package outfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/outfile"
)

// folder is a folder to which no other user can write, at a path without links.
type folder struct {
	t   *testing.T
	dir string
}

func newFolder(t *testing.T) folder {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder{t, dir}
}

func (f folder) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f folder) mkdir(name string, mode fs.FileMode) {
	f.t.Helper()
	f.must(os.Mkdir(f.path(name), 0o755))
	f.must(os.Chmod(f.path(name), mode))
}

// link makes a link. A target that starts with "@" is absolute: it is in the
// folder.
func (f folder) link(name, target string) {
	f.t.Helper()
	if rest, ok := strings.CutPrefix(target, "@"); ok {
		target = f.path(rest)
	}
	f.must(os.Symlink(target, f.path(name)))
}

func (f folder) file(name, text string) {
	f.t.Helper()
	f.must(os.WriteFile(f.path(name), []byte(text), 0o644))
}

// giveAway makes another user the owner.
func (f folder) giveAway(name string) {
	f.t.Helper()
	if os.Geteuid() != 0 {
		f.t.Skip("only root can give files away")
	}
	f.must(os.Lchown(f.path(name), 65534, 65534))
}

func (f folder) content(name string) string {
	f.t.Helper()
	data, err := os.ReadFile(f.path(name))
	f.must(err)
	return string(data)
}

// leaves checks that there are no temporary files.
func (f folder) leaves() {
	f.t.Helper()
	f.must(filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".") {
			f.t.Errorf("%s is left", path)
		}
		return err
	}))
}

func TestWritesThroughLinks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setUp  func(folder)
		path   string // default: out
		target string
	}{
		"no link":                          {func(f folder) {}, "", "out"},
		"missing folders":                  {func(f folder) {}, "a/b/out", "a/b/out"},
		"a relative link":                  {func(f folder) { f.mkdir("real", 0o755); f.file("real/x", "old"); f.link("out", "real/x") }, "", "real/x"},
		"an absolute link":                 {func(f folder) { f.mkdir("real", 0o755); f.file("real/x", "old"); f.link("out", "@real/x") }, "", "real/x"},
		"a link with dots":                 {func(f folder) { f.mkdir("a", 0o755); f.mkdir("b", 0o755); f.link("a/out", "../b/./x") }, "a/out", "b/x"},
		"a chain":                          {func(f folder) { f.file("x", "old"); f.link("two", "x"); f.link("one", "@two"); f.link("out", "one") }, "", "x"},
		"a dangling link":                  {func(f folder) { f.mkdir("real", 0o755); f.link("out", "real/x") }, "", "real/x"},
		"a linked folder":                  {func(f folder) { f.mkdir("real", 0o755); f.link("dir", "real") }, "dir/out", "real/out"},
		"a missing folder in a linked one": {func(f folder) { f.mkdir("real", 0o755); f.link("dir", "@real") }, "dir/new/out", "real/new/out"},
		"a linked folder and a link":       {func(f folder) { f.mkdir("real", 0o755); f.link("dir", "real"); f.link("real/out", "../x") }, "dir/out", "x"},
		"a sticky folder":                  {func(f folder) { f.mkdir("tmp", 0o777|fs.ModeSticky); f.file("tmp/x", "old"); f.link("tmp/out", "x") }, "tmp/out", "tmp/x"},
		"a dangling link, sticky":          {func(f folder) { f.mkdir("tmp", 0o777|fs.ModeSticky); f.link("tmp/out", "x") }, "tmp/out", "tmp/x"},
		"no link, in an open folder":       {func(f folder) { f.mkdir("open", 0o777) }, "open/out", "open/out"},
		"no link, a file of another user":  {func(f folder) { f.file("out", "old"); f.giveAway("out") }, "", "out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			test.setUp(f)
			if test.path == "" {
				test.path = "out"
			}
			isLink := func() bool {
				info, err := os.Lstat(f.path(test.path))
				return err == nil && info.Mode()&fs.ModeSymlink != 0
			}
			before := isLink()
			if got, err := outfile.Resolve(f.path(test.path)); err != nil || got != f.path(test.target) {
				t.Errorf("resolves to %q, %v, want %q", got, err, f.path(test.target))
			}
			f.must(outfile.Write(f.path(test.path), []byte("new"), outfile.All))
			if got := f.content(test.target); got != "new" {
				t.Errorf("the target has %q", got)
			}
			if isLink() != before {
				t.Error("the link was replaced")
			}
			f.leaves()
		})
	}
}

func TestRefusesLinks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setUp func(folder)
		path  string   // default: out
		wants []string // "@" stands for the folder
	}{
		"a link of another user": {
			func(f folder) { f.file("x", "old"); f.link("out", "x"); f.giveAway("out") }, "",
			[]string{"@/out: the symbolic link @/out belongs to the user 65534", "remove the link, or name the file without it"},
		},
		"a link of another user in a sticky folder": {
			func(f folder) {
				f.mkdir("tmp", 0o777|fs.ModeSticky)
				f.file("x", "old")
				f.link("tmp/out", "../x")
				f.giveAway("tmp/out")
			}, "tmp/out",
			[]string{"@/tmp/out belongs to the user 65534"},
		},
		"a second link of another user": {
			func(f folder) { f.file("x", "old"); f.link("two", "x"); f.link("out", "two"); f.giveAway("two") }, "",
			[]string{"@/out: the symbolic link @/two belongs to the user 65534"},
		},
		"a linked folder of another user": {
			func(f folder) {
				f.mkdir("real", 0o755)
				f.file("real/x", "old")
				f.link("dir", "real")
				f.giveAway("dir")
			}, "dir/x",
			[]string{"the symbolic link @/dir belongs to the user 65534"},
		},
		"a file of another user": {
			func(f folder) { f.file("x", "old"); f.link("out", "x"); f.giveAway("x") }, "",
			[]string{"the symbolic link @/out leads to @/x, which belongs to the user 65534"},
		},
		"a folder of another user": {
			func(f folder) {
				f.mkdir("real", 0o755)
				f.file("real/x", "old")
				f.link("out", "real/x")
				f.giveAway("real")
			}, "",
			[]string{"the folder @/real belongs to the user 65534: name the file without links"},
		},
		"a sticky folder of another user": {
			func(f folder) {
				f.mkdir("real", 0o777|fs.ModeSticky)
				f.file("real/x", "old")
				f.link("out", "real/x")
				f.giveAway("real")
			}, "",
			[]string{"the folder @/real belongs to the user 65534"},
		},
		"a link in an open folder": {
			func(f folder) { f.mkdir("open", 0o777); f.file("x", "old"); f.link("open/out", "../x") }, "open/out",
			[]string{"other users can write to the folder @/open", "chmod go-w @/open"},
		},
		"a link in a folder of the group": {
			func(f folder) { f.mkdir("open", 0o775); f.file("x", "old"); f.link("open/out", "../x") }, "open/out",
			[]string{"other users can write to the folder @/open"},
		},
		"a target in an open folder": {
			func(f folder) { f.mkdir("open", 0o777); f.file("open/x", "old"); f.link("out", "open/x") }, "",
			[]string{"other users can write to the folder @/open"},
		},
		"an open folder above the target": {
			func(f folder) {
				f.mkdir("open", 0o777)
				f.mkdir("open/in", 0o755)
				f.file("open/in/x", "old")
				f.link("out", "open/in/x")
			}, "",
			[]string{"other users can write to the folder @/open"},
		},
		"an open folder amid a chain": {
			func(f folder) {
				f.mkdir("open", 0o777)
				f.file("x", "old")
				f.link("open/two", "../x")
				f.link("out", "open/two")
			}, "",
			[]string{"other users can write to the folder @/open"},
		},
		"a link into an open folder": {
			func(f folder) { f.mkdir("open", 0o777); f.mkdir("open/real", 0o755); f.link("dir", "open/real") }, "dir/x",
			[]string{"other users can write to the folder @/open"},
		},
		"a link with two names": {
			func(f folder) { f.file("x", "old"); f.link("two", "x"); f.must(os.Link(f.path("two"), f.path("out"))) }, "",
			[]string{"@/out has a second name (a hard link)"},
		},
		"a loop":                           {func(f folder) { f.link("two", "out"); f.link("out", "two") }, "", []string{"@/out: its symbolic links lead in a circle: remove @/out"}},
		"a loop of folders":                {func(f folder) { f.link("dir", "dir/x") }, "dir/out", []string{"lead in a circle"}},
		"a link to no folder":              {func(f folder) { f.link("out", "real/x") }, "", []string{"@/out leads to a folder that does not exist (@/real): create the folder, or remove the link"}},
		"a folder that is a dangling link": {func(f folder) { f.link("dir", "real") }, "dir/out", []string{"@/dir leads to a folder that does not exist (@/real)"}},
		"a link to a folder":               {func(f folder) { f.mkdir("real", 0o755); f.link("out", "real") }, "", []string{"@/out: @/real is a folder: name a file"}},
		"a folder":                         {func(f folder) { f.mkdir("out", 0o755) }, "", []string{"@/out is a folder: name a file"}},
		"a link through a file":            {func(f folder) { f.file("x", "old"); f.link("out", "x/y") }, "", []string{"@/x is not a folder"}},
		"a pipe":                           {func(f folder) { f.must(syscall.Mkfifo(f.path("out"), 0o644)) }, "", []string{"@/out is not a regular file: name another file"}},
		"a link to a pipe":                 {func(f folder) { f.must(syscall.Mkfifo(f.path("x"), 0o644)); f.link("out", "x") }, "", []string{"@/out: @/x is not a regular file"}},
		"a link to a device":               {func(f folder) { f.link("out", "/dev/null") }, "", []string{"/dev/null is not a regular file"}},
		"an open file":                     {func(f folder) { f.link("out", "/proc/self/fd/1") }, "", []string{"@/out leads to an open file of a process: name a file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			test.setUp(f)
			if test.path == "" {
				test.path = "out"
			}
			err := outfile.Write(f.path(test.path), []byte("new"), outfile.Umask)
			for _, want := range test.wants {
				if want = strings.ReplaceAll(want, "@", f.dir); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v lacks %q", err, want)
				}
			}
			f.must(filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
						t.Errorf("%s has %q (%v)", path, data, err)
					}
				}
				return err
			}))
			f.leaves()
		})
	}
}

// Follow resolves links of any user, also if the target is missing.
func TestFollow(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.mkdir("open", 0o777)
	f.link("open/two", "x")
	f.link("out", "open/two")
	f.giveAway("out")
	if got, err := outfile.Follow(f.path("out")); err != nil || got != f.path("open/x") {
		t.Errorf("%q, %v", got, err)
	}
	f.link("open/x", "two")
	if _, err := outfile.Follow(f.path("out")); err == nil || !strings.Contains(err.Error(), "in a circle") {
		t.Errorf("a loop: %v", err)
	}
}

// A write replaces a name. The other names of the file keep the old content.
func TestHardLinks(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.file("precious", "old")
	f.must(os.Link(f.path("precious"), f.path("out")))
	f.must(outfile.Write(f.path("out"), []byte("new"), outfile.All))
	if got := f.content("out") + f.content("precious"); got != "newold" {
		t.Errorf("contents %q", got)
	}
}

// A relative path starts at the folder itself, whatever links led to it.
func TestRelativePaths(t *testing.T) {
	f := newFolder(t)
	f.mkdir("real", 0o755)
	f.link("cd", "real")
	f.link("real/out", "x")
	t.Chdir(f.path("cd"))
	for path, want := range map[string]string{"new": "new", "a/../new": "new", "out": f.path("real/x"), "../cd/new": f.path("real/new")} {
		if got, err := outfile.Resolve(path); err != nil || got != want {
			t.Errorf("%s resolves to %q, %v, want %q", path, got, err, want)
		}
	}
}

func TestCreateFollowsNoLink(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.link("out", "x")
	if err := outfile.Create(f.path("out"), []byte("new"), outfile.Owner); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Lstat(f.path("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target was created (%v)", err)
	}
}

// The umask belongs to the whole process, so this test is not parallel.
func TestModes(t *testing.T) {
	for _, test := range []struct {
		umask        int
		access       outfile.Access
		folder, file fs.FileMode
	}{
		{0o022, outfile.All, 0o755, 0o644},
		{0o077, outfile.All, 0o755, 0o644},
		{0o777, outfile.All, 0o755, 0o644},
		{0o000, outfile.All, 0o755, 0o644},
		{0o022, outfile.Umask, 0o755, 0o644},
		{0o077, outfile.Umask, 0o700, 0o600},
		{0o777, outfile.Umask, 0o700, 0o600},
		{0o077, outfile.Owner, 0o700, 0o600},
		{0o777, outfile.Owner, 0o700, 0o600},
		{0o000, outfile.Owner, 0o755, 0o600},
	} {
		f := newFolder(t)
		old := syscall.Umask(test.umask)
		written := outfile.Write(f.path("a/b/written"), nil, test.access)
		created := outfile.Create(f.path("c/d/created"), nil, test.access)
		syscall.Umask(old)
		f.must(errors.Join(written, created))
		for name, want := range map[string]fs.FileMode{
			"a": test.folder, "a/b": test.folder, "a/b/written": test.file, "c": test.folder, "c/d": test.folder, "c/d/created": test.file,
		} {
			if info, err := os.Stat(f.path(name)); err != nil || info.Mode().Perm() != want {
				t.Errorf("umask %o, access %d: %s has %v, %v, want %v", test.umask, test.access, name, info.Mode(), err, want)
			}
		}
	}
}

// A file that was closed to others stays closed.
func TestKeepsPermissions(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.file("out", "old")
	f.must(os.Chmod(f.path("out"), 0o600))
	f.must(outfile.Write(f.path("out"), []byte("new"), outfile.Umask))
	if info, err := os.Stat(f.path("out")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for _, name := range []string{".out123", ".out.swp", ".other123", "out"} {
		f.file(name, "")
	}
	outfile.Sweep(f.path("out"), time.Hour)
	f.content(".out123")
	outfile.Sweep(f.path("out"), 0)
	if _, err := os.Stat(f.path(".out123")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the temporary file is left")
	}
	for _, name := range []string{".out.swp", ".other123", "out"} {
		f.content(name)
	}
}
