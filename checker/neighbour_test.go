package checker

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// beside writes another file into the folder of the metrics.
func (f *file) beside(name, text string) string {
	f.t.Helper()
	path := filepath.Join(filepath.Dir(f.Path), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *file) content() string {
	f.t.Helper()
	data, err := os.ReadFile(f.Path)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

func TestLeftoversAreReported(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	old := f.beside("old.prom", f.content())
	const series = ` holds the same series, such as app_preflight_runs_total{env="paper"}: node_exporter exports only those of `
	f.notes(old + series + old + ": remove " + old + ", or move it out of the folder")

	// Of two files, node_exporter exports the first by name.
	if err := os.Rename(old, filepath.Join(filepath.Dir(old), "z.prom")); err != nil {
		t.Fatal(err)
	}
	last := filepath.Join(filepath.Dir(old), "z.prom")
	f.notes(last + series + f.Path + ": remove " + last + ", or move it out of the folder")

	// The run reads ahead, and compares with what it writes.
	f.Textfile = f.readAhead()
	f.notes(last + series + f.Path + ": remove " + last + ", or move it out of the folder")
	if err := os.Remove(last); err != nil {
		t.Fatal(err)
	}
	f.Textfile = f.readAhead()
	f.notes()
}

func TestOtherFilesDoNotClash(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	whole := f.content()
	f.beside("live.prom", strings.ReplaceAll(whole, `env="paper"`, `env="live"`))
	f.beside("other.prom", "# HELP node_x X.\nnode_x 1\n# app_preflight_runs_total is in preflight.prom\nx{y=\"app_preflight_\"} 1\n")
	f.beside("preflight.prom.bak", whole)
	f.beside("invalid.prom", "app_preflight_runs_total{env=\"pap")                          // node_exporter reports it
	f.beside("timestamp.prom", "app_preflight_runs_total{env=\"paper\"} 1 1700000000000\n") // so does it here
	f.beside("empty.prom", "")
	f.beside("long.prom", strings.Repeat("x", 1<<20)+" app_preflight_runs_total{env=\"paper\"} 1\n")
	dir := filepath.Dir(f.Path)
	for name, do := range map[string]func(path string) error{
		"pipe.prom":     func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"folder.prom":   func(path string) error { return os.Mkdir(path, 0o755) },
		"dangling.prom": func(path string) error { return os.Symlink("nosuch", path) },
		"loop.prom":     func(path string) error { return os.Symlink("loop.prom", path) },
		"device.prom":   func(path string) error { return os.Symlink("/dev/zero", path) },
		"to-pipe.prom":  func(path string) error { return os.Symlink("pipe.prom", path) },
	} {
		if err := do(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	closed := f.beside("closed.prom", "")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	f.notes()
}

func TestClashes(t *testing.T) {
	t.Parallel()
	const runs = `# HELP app_preflight_runs_total Runs of the preflight.
# TYPE app_preflight_runs_total counter
`
	for name, test := range map[string]struct{ text, want string }{
		"labels in another order": {`app_preflight_checks_total{status="pass", env="paper",check="A",} 1`, `the same series, such as app_preflight_checks_total{check="A",env="paper",status="pass"}`},
		"among large text":        {strings.Repeat("# HELP other Other.\nother 1\n", 1) + strings.Repeat("other{x=\"y\"} 1\n", 50000) + "  app_preflight_runs_total{env=\"paper\"} 1\n", "the same series"},
		"no line end":             {`app_preflight_runs_total{env="paper"} 1`, "the same series"},
		"an empty label":          {`app_preflight_runs_total{env="paper",x=""} 1`, "the same series"},
		"another HELP":            {strings.ReplaceAll(runs, "Runs of", "Count of") + `app_preflight_runs_total{env="live"} 1`, "another TYPE or HELP for app_preflight_runs_total"},
		"another TYPE":            {strings.ReplaceAll(runs, "counter", "gauge") + `app_preflight_runs_total{env="live"} 1`, "another TYPE or HELP for app_preflight_runs_total"},
		"parts of a histogram":    {`app_preflight_duration_seconds_count{env="paper"} 1`, `the same series, such as app_preflight_duration_seconds{env="paper"}`},
		"another environment":     {runs + `app_preflight_runs_total{env="live"} 1`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFile(t)
			other := f.beside("other.prom", test.text)
			notes := f.write("paper", both()...)
			if test.want == "" && len(notes) > 0 || test.want != "" && (len(notes) != 1 || !strings.Contains(notes[0], other) || !strings.Contains(notes[0], test.want)) {
				t.Errorf("notes %q, want %q", notes, test.want)
			}
		})
	}
}

// node_exporter reads a link and its target as two files.
func TestLinksAreNeighbours(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	dir := filepath.Dir(f.Path)
	link := filepath.Join(dir, "link.prom")
	if err := os.Symlink("preflight.prom", link); err != nil {
		t.Fatal(err)
	}
	if notes := f.write("paper", both()...); len(notes) != 1 || !strings.Contains(notes[0], link+" holds the same series") {
		t.Errorf("notes %q", notes)
	}
	target := f.Path
	f.Path = link
	if notes := f.write("paper", both()...); len(notes) != 1 || !strings.Contains(notes[0], target+" holds the same series") {
		t.Errorf("notes %q", notes)
	}

	// Both folders may be node_exporter's.
	elsewhere := filepath.Join(t.TempDir(), "preflight.prom")
	if err := os.Rename(target, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	f.Path = target
	if err := os.Symlink(elsewhere, target); err != nil {
		t.Fatal(err)
	}
	f.notes()
	for _, dir := range []string{dir, filepath.Dir(elsewhere)} {
		old := filepath.Join(dir, "old.prom")
		if err := os.WriteFile(old, []byte(f.content()), 0o644); err != nil {
			t.Fatal(err)
		}
		if notes := f.write("paper", both()...); len(notes) != 1 || !strings.Contains(notes[0], old+" holds the same series") {
			t.Errorf("notes %q", notes)
		}
		if err := os.Remove(old); err != nil {
			t.Fatal(err)
		}
	}
}

// The other files of the folder may be large.
func BenchmarkNeighbours(b *testing.B) {
	f := Textfile{Path: filepath.Join(b.TempDir(), "preflight.prom"), Namespace: "app"}
	f.target = f.Path
	text := bytes.Repeat([]byte("node_filesystem_size_bytes{device=\"/dev/vda1\",fstype=\"ext4\",mountpoint=\"/\"} 1.05e+11\n"), 10000)
	if err := os.WriteFile(filepath.Join(filepath.Dir(f.Path), "other.prom"), text, 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f.neighbours()
	}
}
