package repository_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// phrase is a word or phrase that makes a sentence hard to read. CONTRIBUTING.md
// explains the style.
type phrase struct {
	pattern *regexp.Regexp
	instead string
}

func avoid(pattern, instead string) phrase {
	return phrase{regexp.MustCompile(`(?i)` + pattern), instead}
}

var phrases = []phrase{
	// Words for the delivery and the state of alerts.
	avoid(`\b(un)?told\b`, "delivered, undelivered, notified"),
	avoid(`\btell(s|ing)?\b`, "deliver, notify, report, distinguish"),
	avoid(`\bblind(ness)?\b`, "no heartbeat"),
	avoid(`\bsight\b|\bsigns? of life\b`, "heartbeat"),
	avoid(`\bhas the turn\b`, "holds the lease"),
	avoid(`\bforeign (alert|replica|message|event)`, "of another site, received elsewhere"),
	avoid(`\bdoubtful\b|\b(is|are|be) (not )?believed\b`, "unconfirmed"),
	avoid(`\basked (for )?nothing\b`, "not contacted"),

	// Subjects that do not name the actor.
	avoid(`\b(no|some)body\b|\bwhom\b|\bwhoever\b`, "the actor: the operator, no receiver"),
	avoid(`\b(is|are|was|were) what\b`, "is, are, with a noun"),
	avoid(`\bsays? (what|who|whether|why|how|where|which)\b`, "describes, reports, explains"),
	avoid(`\bwhat (the|a|an) \w+ (is|are|has|have|says?|said)\b`, "a noun"),
	avoid(`\bthat of (which|what)\b|\bof that which\b`, "a noun"),
	avoid(`\bhear(s|d)? of\b`, "receives, knows"),

	// Rare words.
	avoid(`\band (its|their) kin\b`, "and related programs"),
	avoid(`\btakings?\b`, "use"),
	avoid(`\b(begin|start)s? anew\b`, "restarts"),
}

// exception allows a phrase in a line.
type exception struct {
	file, line *regexp.Regexp
	why        string
}

func allow(file, line, why string) exception {
	return exception{regexp.MustCompile(`^(` + file + `)$`), regexp.MustCompile(line), why}
}

var exceptions = []exception{
	allow(`CONTRIBUTING\.md`, `^\|`, "the glossary lists words to avoid"),
	allow(`test/repository/english_test\.go`, ``, "the lists above"),
	allow(`webhook/.*|internal/stack/heartbeat_test\.go|docs/reference/webhook\.md`, `Alerting is blind|alerting (is|was) blind|"blind"|PipelineBlind`, "texts and label values that users may depend on"),
	allow(`webhook/.*|docs/how-to/run-replicas\.md`, "[\"`]telling[\"`]", "a label value that users may depend on"),
	allow(`internal/stack/servers/.*`, `nobody`, "a user of Unix systems"),
	allow(`internal/lint/definitions/help\.go`, `nobody`, "a word in the help texts of other authors"),
}

// line is a line of text for people.
type line struct {
	number int
	text   string
}

// goText returns the comments and string literals of a Go file.
func goText(source []byte) []line {
	var s scanner.Scanner
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	s.Init(file, source, nil, scanner.ScanComments)
	var out []line
	for {
		pos, kind, text := s.Scan()
		switch kind {
		case token.EOF:
			return out
		case token.COMMENT, token.STRING:
			first := files.Position(pos).Line
			for i, t := range strings.Split(text, "\n") {
				out = append(out, line{first + i, t})
			}
		}
	}
}

// allText returns the lines of a file.
func allText(source []byte) []line {
	var out []line
	for i, t := range strings.Split(string(source), "\n") {
		out = append(out, line{i + 1, t})
	}
	return out
}

// textOf returns the part of a file that the style covers. It returns nil for
// generated files, recordings, the license and the history of changes.
func textOf(name string, source []byte) []line {
	parts := strings.Split(name, "/")
	switch {
	case parts[0] == "generated", slices.Contains(parts, "testdata") && path.Ext(name) != ".txtar", name == "LICENSE", name == "CHANGELOG.md":
		return nil
	case path.Ext(name) == ".go":
		return goText(source)
	case parts[0] == "scripts", name == "Makefile", name == "Dockerfile", slices.Contains([]string{".md", ".yml", ".yaml", ".tmpl", ".txtar"}, path.Ext(name)):
		return allText(source)
	}
	return nil
}

// violations returns the lines of a file that contain a phrase.
func violations(name string, source []byte) []string {
	var out []string
	for _, l := range textOf(name, source) {
		for _, p := range phrases {
			found := p.pattern.FindString(l.text)
			if found == "" || slices.ContainsFunc(exceptions, func(e exception) bool { return e.file.MatchString(name) && e.line.MatchString(l.text) }) {
				continue
			}
			out = append(out, fmt.Sprintf("%s:%d: %q: write: %s", name, l.number, found, p.instead))
		}
	}
	return out
}

func TestEnglish(t *testing.T) {
	cmd := exec.Command("git", "ls-files")
	cmd.Dir = root
	files, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, name := range strings.Fields(string(files)) {
		source := []byte(read(t, name))
		if textOf(name, source) != nil {
			checked++
		}
		for _, v := range violations(name, source) {
			t.Error(v)
		}
	}
	if checked < 500 {
		t.Errorf("only %d files have text: git ls-files is incomplete", checked)
	}
}

func TestPlantedPhrases(t *testing.T) {
	for text, want := range map[string]string{
		"The chat is told.":                       `page.md:1: "told": write: delivered, undelivered, notified`,
		"Untold alerts wait.":                     `page.md:1: "Untold": write: delivered, undelivered, notified`,
		"One replica has the turn.":               `page.md:1: "has the turn": write: holds the lease`,
		"An end is not believed yet.":             `page.md:1: "is not believed": write: unconfirmed`,
		"It says what the planner has.":           `page.md:1: "says what": write: describes, reports, explains`,
		"Upbit and Binance are asked nothing.":    `page.md:1: "asked nothing": write: not contacted`,
		"Nobody reads it.":                        `page.md:1: "Nobody": write: the actor: the operator, no receiver`,
		"The ledger is what was posted.":          `page.md:1: "is what": write: is, are, with a noun`,
		"The alert is delivered.\nIt tells twice": `page.md:2: "tells": write: deliver, notify, report, distinguish`,
	} {
		if got := violations("page.md", []byte(text)); len(got) == 0 || got[0] != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	const source = "package x\n\n// told\nvar told = \"told\"\n"
	if got := violations("x.go", []byte(source)); len(got) != 2 {
		t.Errorf("want the comment and the string, got %q", got)
	}
	for _, name := range []string{"generated/routes.md", "webhook/testdata/sent.md", "CHANGELOG.md"} {
		if got := violations(name, []byte("The chat is told.")); got != nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := violations("webhook/watch.go", []byte("package x\n\nvar title = \"Alerting is blind\"\n")); got != nil {
		t.Errorf("an exception is reported: %q", got)
	}
}
