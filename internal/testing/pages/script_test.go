package pages_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/alertnative/preflight/internal/golden"
	"github.com/alertnative/preflight/internal/testing/pages"
)

// page is a page of the documentation as a script.
type page struct {
	name     string
	text     string
	runs     bool // the page has a command
	commands []pages.Command
	script   strings.Builder
	got      map[int]string // differing outputs by the number of the command
}

// newPage returns the script of a page: a line for each file to write and each
// command.
func newPage(t *testing.T, name string) *page {
	t.Helper()
	p := &page{name: name, text: read(t, name), got: map[int]string{}}
	var attached strings.Builder
	for i, b := range pages.Blocks(p.text) {
		if file, verb, ok := fileOf(b); ok {
			fmt.Fprintf(&p.script, "# %s:%d\n%s %s block-%d\n", name, b.Line, verb, file, i)
			fmt.Fprintf(&attached, "-- block-%d --\n%s", i, b.Text)
			continue
		}
		if b.Language != "console" {
			continue
		}
		commands, err := b.Commands()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, c := range commands {
			if elsewhere[c.Text] != "" {
				continue
			}
			p.runs = true
			fmt.Fprintf(&p.script, "# %s:%d\n", name, c.Line)
			if dir, ok := strings.CutPrefix(c.Text, "cd "); ok {
				fmt.Fprintf(&p.script, "cd %s\n", dir)
				continue
			}
			fmt.Fprintf(&p.script, "run %d\n", len(p.commands))
			p.commands = append(p.commands, c)
		}
	}
	p.script.WriteString(attached.String())
	return p
}

var fileName = regexp.MustCompile("(?i)\\b(save|append|change)\\b[^.:]* `([^` ]+)`:$")

// fileOf returns the file of a block, which the preceding line names: "Save
// this as `x`:".
func fileOf(b pages.Block) (file, verb string, ok bool) {
	m := fileName.FindStringSubmatch(b.Before)
	switch {
	case m == nil:
		return "", "", false
	case strings.EqualFold(m[1], "append"):
		return m[2], "save -append", true
	}
	return m[2], strings.ToLower(m[1]), true
}

// projectFiles returns the files of the project in git, and those that git does
// not ignore.
func projectFiles(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// setUp copies the project to the folder preflight. A script that clones the
// project starts beside this folder, others start in it. All pages share bin/,
// so that the programs are built once.
func (p *page) setUp(env *testscript.Env, files []string, bin string) error {
	dir := filepath.Join(env.WorkDir, "preflight")
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(root, name))
		if errors.Is(err, os.ErrNotExist) { // deleted but not committed
			continue
		}
		if err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if info, err := os.Stat(filepath.Join(root, name)); err == nil {
			mode = info.Mode()
		}
		to := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, data, mode)); err != nil {
			return err
		}
	}
	if err := errors.Join(os.MkdirAll(bin, 0o755), os.Symlink(bin, filepath.Join(dir, "bin"))); err != nil {
		return err
	}
	// The blocks are beside the copy.
	env.Setenv("BLOCKS", env.WorkDir)
	if err := goEnvironment(env); err != nil {
		return err
	}
	exclude := []byte("/bin\n") // .gitignore does not match the link
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch=main", "--template="}, {"config", "core.excludesFile", filepath.Join(dir, ".git/exclude")},
		{"add", "--all"}, {"commit", "--quiet", "--message=copy"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env.Vars...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %v: %w\n%s", args, err, out)
		}
		if err := os.WriteFile(filepath.Join(dir, ".git/exclude"), exclude, 0o644); err != nil {
			return err
		}
	}
	if !strings.Contains(p.text, "\n$ "+clone+"\n") {
		env.Cd = dir
	}
	return nil
}

// goEnvironment makes a script use this machine's caches and the settings of
// scripts/goenv, so that nothing is compiled twice.
func goEnvironment(env *testscript.Env) error {
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN"}
	out, err := exec.Command("go", append([]string{"env", "-json"}, names...)...).Output()
	if err != nil {
		return err
	}
	values := map[string]string{}
	if err := json.Unmarshal(out, &values); err != nil {
		return err
	}
	for name, value := range values {
		env.Setenv(name, value)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	env.Setenv("XDG_CACHE_HOME", cache)      // cached verdicts of proofs
	env.Setenv("PREFLIGHT_VERSION", "pages") // one version for all pages avoids linking again
	env.Setenv("PREFLIGHT_REVISION", "pages")
	env.Setenv("CGO_ENABLED", "0")
	env.Setenv("GOFLAGS", "-trimpath -buildvcs=false -gcflags=github.com/redis/go-redis/...=-l")
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		env.Setenv("GIT_"+who+"_NAME", "test")
		env.Setenv("GIT_"+who+"_EMAIL", "test@example.com")
		env.Setenv("GIT_"+who+"_DATE", "2026-01-02T03:04:05Z")
	}
	env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	return nil
}

// save writes a block to a file: save [-append] FILE BLOCK.
func (p *page) save(ts *testscript.TestScript, _ bool, args []string) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if args[0] == "-append" {
		flags, args = os.O_APPEND|os.O_WRONLY, args[1:]
	}
	file := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	f, err := os.OpenFile(file, flags, 0o644)
	ts.Check(err)
	_, err = f.WriteString(block(ts, args[1]))
	ts.Check(errors.Join(err, f.Close()))
}

// change applies a block of lines that start with -, + or a space to the only
// matching place of a file: change FILE BLOCK.
func (p *page) change(ts *testscript.TestScript, _ bool, args []string) {
	var before, after strings.Builder
	for line := range strings.Lines(block(ts, args[1])) {
		if line[0] != '+' {
			before.WriteString(line[1:])
		}
		if line[0] != '-' {
			after.WriteString(line[1:])
		}
	}
	file := ts.MkAbs(args[0])
	text := ts.ReadFile(file)
	if n := strings.Count(text, before.String()); n != 1 {
		ts.Fatalf("%s has these lines in %d places:\n%s", args[0], n, before.String())
	}
	ts.Check(os.WriteFile(file, []byte(strings.Replace(text, before.String(), after.String(), 1)), 0o644))
}

func block(ts *testscript.TestScript, name string) string {
	return ts.ReadFile(filepath.Join(ts.Getenv("BLOCKS"), name))
}

// downloads are lines that depend on Go's module cache.
var downloads = regexp.MustCompile(`(?m)^go: downloading .*\n`)

// run runs a command and compares its terminal output with the page.
func (p *page) run(ts *testscript.TestScript, _ bool, args []string) {
	var n int
	_, err := fmt.Sscan(args[0], &n)
	ts.Check(err)
	c := p.commands[n]
	// A command may fail: the page shows the exit status if it matters.
	_ = ts.Exec("sh", "-c", "exec 2>&1\n"+c.Text)
	output := downloads.ReplaceAllString(ts.ReadFile("stdout"), "")
	if d := pages.Differs(c.Output, output); d != "" {
		if golden.Update() && !slices.Contains(strings.Split(c.Output, "\n"), pages.Omitted) {
			p.got[n] = output
			return
		}
		ts.Fatalf("%s:%d: $ %s\n%s\n%s=1 writes this output into the page:\n%s", p.name, c.Line, c.Text, d, golden.Variable, output)
	}
}

// write writes the differing outputs to the page.
func (p *page) write(t *testing.T) {
	t.Helper()
	if len(p.got) == 0 {
		return
	}
	lines := strings.SplitAfter(p.text, "\n")
	for n := len(p.commands) - 1; n >= 0; n-- {
		if output, ok := p.got[n]; ok {
			c := p.commands[n]
			lines = slices.Replace(lines, c.Line, c.Line+strings.Count(c.Output, "\n"), strings.TrimRight(output, "\n")+"\n")
		}
	}
	if err := os.WriteFile(filepath.Join(root, p.name), []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
}
