package pages_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/alertnative/preflight/internal/testing/pages"
)

// root is the project's folder.
const root = "../../.."

const clone = "git clone https://github.com/alertnative/preflight"

// elsewhere maps commands that cannot run here to the test that compares their
// output, or to the reason for having none.
var elsewhere = map[string]string{
	"make demo": "TestDemo of cmd/preflight-stack",
	"make test": "TestTheStepsOfMakeTest",
	clone:       "it needs the network: a copy of the project replaces it",
}

// linkTool puts a tool that scripts/tools has built into the folder of programs.
func linkTool(t *testing.T, bin, name string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "bin", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: run scripts/tools", err)
	}
	if err := errors.Join(os.MkdirAll(bin, 0o755), os.Symlink(path, filepath.Join(bin, name))); err != nil {
		t.Fatal(err)
	}
}

// The console blocks of the README, the tutorial and the guides work as shown.
// Each page is a script in a copy of the project.
func TestPages(t *testing.T) {
	t.Parallel()
	names := []string{"README.md", "docs/tutorial.md"}
	guides, err := filepath.Glob(root + "/docs/how-to/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, guide := range guides {
		names = append(names, filepath.Join("docs/how-to", filepath.Base(guide)))
	}
	bin := filepath.Join(t.TempDir(), "bin")
	linkTool(t, bin, "promtool")
	files := projectFiles(t)
	for _, name := range names {
		p := newPage(t, name)
		if !p.runs {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "page.txtar"), []byte(p.script.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { p.write(t) }) // the script runs after this function
			testscript.Run(t, testscript.Params{
				Dir:   dir,
				Setup: func(env *testscript.Env) error { return p.setUp(env, files, bin) },
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"save": p.save, "change": p.change, "run": p.run,
				},
			})
		})
	}
	t.Run("completion", func(t *testing.T) { testCompletion(t, bin) })
}

// Tests cover every block of the README and the tutorial.
func TestBlocksOfReadmeAndTutorial(t *testing.T) {
	t.Parallel()
	home := read(t, "examples/home/main.go")
	for _, name := range []string{"README.md", "docs/tutorial.md"} {
		for _, b := range pages.Blocks(read(t, name)) {
			switch file, _, _ := fileOf(b); {
			case b.Language == "console", b.Language == "mermaid", file != "":
			case b.Language == "yaml" && strings.HasPrefix(b.Text, "checks:\n"):
				// The guide has this check in the file.
				if guide := read(t, "docs/how-to/add-a-check.md"); !strings.Contains(guide, "name: Order Router") {
					t.Errorf("%s:%d: docs/how-to/add-a-check.md has no such check", name, b.Line)
				}
			case b.Language == "go" && strings.Contains(home, strings.TrimSpace(b.Text)):
			default:
				t.Errorf("%s:%d: no test runs or compares this block: use console for commands", name, b.Line)
			}
		}
	}
}

// The Korean README shows the same commands and outputs.
func TestKoreanReadmeHasSameBlocks(t *testing.T) {
	t.Parallel()
	korean := pages.Blocks(read(t, "README.ko.md"))
	for i, b := range pages.Blocks(read(t, "README.md")) {
		if b.Language == "mermaid" {
			continue
		}
		if i >= len(korean) || korean[i].Language != b.Language || uncommented(korean[i].Text) != uncommented(b.Text) {
			t.Errorf("README.ko.md lacks the block of README.md:%d, or has another in its place", b.Line)
		}
	}
	for name, other := range map[string]string{"README.md": "README.ko.md", "README.ko.md": "README.md"} {
		if !strings.Contains(read(t, name), "]("+other+")") {
			t.Errorf("%s has no link to %s", name, other)
		}
	}
}

// uncommented returns a block without comments, which are translated.
func uncommented(text string) string {
	return regexp.MustCompile(`(?m) *(#|//) .*$`).ReplaceAllString(text, "")
}

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	if n := len(strings.Fields(read(t, "README.md"))); n > 1500 {
		t.Errorf("README.md has %d words: at most 1,500; move text to docs/", n)
	}
}

// The README shows steps of make test by name, and its last line.
func TestStepsOfMakeTest(t *testing.T) {
	t.Parallel()
	script := read(t, "scripts/test")
	step := regexp.MustCompile(`^== (.*) \(after \d+m\d\ds\)$`)
	last := regexp.MustCompile(`^All passed in \d+m\d\ds\.$`)
	if !strings.Contains(script, `\nAll passed in %dm%02ds.\n`) {
		t.Error("scripts/test has another last line")
	}
	command, err := pages.Find(read(t, "README.md"), "make test")
	if err != nil {
		t.Fatal(err)
	}
	at, shown := 0, 0
	for line := range strings.Lines(command.Output) {
		line = strings.TrimSuffix(line, "\n")
		if line == pages.Omitted || last.MatchString(line) {
			continue
		}
		m := step.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("README.md shows %q under make test: it is no step", line)
			continue
		}
		shown++
		i := strings.Index(script[at:], " '"+m[1]+"' ") // step or beside
		if i < 0 {
			t.Errorf("README.md shows the step %q: scripts/test has none in that place", m[1])
			continue
		}
		at += i
	}
	if shown == 0 {
		t.Error("README.md shows no step of make test")
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
