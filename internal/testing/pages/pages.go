// Package pages parses the commands, files and outputs in pages of the
// documentation, so that tests can run and compare them.
package pages

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Block is a fenced block of a page.
type Block struct {
	Line     int    // number of its first line, from 1
	Language string // the word after the fence
	Before   string // the paragraph before it
	Text     string
}

// Blocks returns the fenced blocks of a page.
func Blocks(page string) []Block {
	var (
		blocks    []Block
		paragraph []string
		inside    bool
	)
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && inside:
			inside, paragraph = false, nil
		case isFence:
			inside = true
			blocks = append(blocks, Block{Line: i + 2, Language: strings.TrimSpace(fence), Before: strings.Join(paragraph, " ")})
		case inside:
			blocks[len(blocks)-1].Text += line + "\n"
		case line != "":
			paragraph = append(paragraph, line)
		case len(paragraph) > 0 && !strings.HasSuffix(paragraph[len(paragraph)-1], ":"):
			paragraph = nil
		}
	}
	return blocks
}

// Command is a command of a console block with the output in the page.
type Command struct {
	Line   int // line number of the command, from 1
	Text   string
	Output string
}

// Commands returns the commands of a console block. A command follows "$ ".
func (b Block) Commands() ([]Command, error) {
	var commands []Command
	for i, line := range strings.Split(strings.TrimSuffix(b.Text, "\n"), "\n") {
		if text, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, Command{Line: b.Line + i, Text: text})
			continue
		}
		if len(commands) == 0 {
			return nil, fmt.Errorf("line %d: a console block starts with a command: write \"$ \" before it", b.Line+i)
		}
		commands[len(commands)-1].Output += line + "\n"
	}
	return commands, nil
}

// Find returns a command that a page shows in a console block.
func Find(page, text string) (Command, error) {
	for _, b := range Blocks(page) {
		if b.Language != "console" {
			continue
		}
		commands, err := b.Commands()
		if err != nil {
			return Command{}, err
		}
		if i := slices.IndexFunc(commands, func(c Command) bool { return c.Text == text }); i >= 0 {
			return commands[i], nil
		}
	}
	return Command{}, fmt.Errorf("the page does not show the command %q", text)
}

// Omitted is a line that replaces any number of output lines.
const Omitted = "…"

// Differs reports the first shown line that the output lacks in its place.
// Times, durations and ports may differ. It returns "" for an equal output.
func Differs(shown, output string) string {
	got := lines(output)
	skip := false
	for _, want := range lines(shown) {
		if want == Omitted {
			skip = true
			continue
		}
		at := 0
		for skip && at < len(got) && got[at] != want {
			at++
		}
		switch {
		case at == len(got):
			return fmt.Sprintf("the output lacks %q", want)
		case got[at] != want:
			return fmt.Sprintf("the output has %q, the page shows %q", got[at], want)
		}
		got, skip = got[at+1:], false
	}
	if len(got) > 0 && !skip {
		return fmt.Sprintf("the page lacks %q", got[0])
	}
	return ""
}

var varying = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`\b(\d+m)?\d+(\.\d+)?(ms|µs|s)\b`), "DURATION"},
}

// lines returns the lines of an output with placeholders for variable parts.
func lines(text string) []string {
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range all {
		all[i] = strings.TrimRight(all[i], " ")
	}
	if len(all) == 1 && all[0] == "" {
		return nil
	}
	return all
}
