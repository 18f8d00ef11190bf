package pipelinetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// note is a line that the story adds to the transcript.
type note struct {
	at   time.Time
	text string
}

// Note adds a line to the transcript.
func (p *Pipeline) Note(text string) {
	p.notes = append(p.notes, note{time.Now(), text})
}

// entry is a part of the transcript.
type entry struct {
	at   time.Time
	text string
}

// Transcript returns a readable record of the story: its notes, every message
// as the chat showed it, and the calls of Alertmanager's other integrations.
// Each has the time since the start. Heartbeats are left out.
func (p *Pipeline) Transcript() string {
	var entries []entry
	for _, n := range p.notes {
		entries = append(entries, entry{n.at, "== " + n.text + "\n"})
	}
	for _, m := range p.posts() {
		entries = append(entries, m.entries()...)
	}
	for _, c := range p.outside.of("") {
		if c.chat == 0 && !c.of.watchdog {
			call := "call"
			if c.of.program != "" {
				call = c.of.program + " would get"
			}
			entries = append(entries, entry{c.At, fmt.Sprintf("→ %s: %s\n%s", c.of.receiver, call, body(c.Text))})
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return a.at.Truncate(time.Second).Compare(b.at.Truncate(time.Second))
	})
	var out strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&out, "%-10s %s", p.since(e.at), e.text)
	}
	return out.String()
}

// since formats a time as the duration since the start of the story.
func (p *Pipeline) since(t time.Time) string {
	return "+" + t.Sub(p.begin).Truncate(time.Second).String()
}

// body indents a text.
func body(text string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		out.WriteString(strings.TrimRight("    | "+line, " ") + "\n")
	}
	return out.String()
}

// changes returns the lines that an edit removed and added.
func changes(before, after string) string {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, line := range a {
		if !slices.Contains(b, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			out = append(out, "+ "+line)
		}
	}
	return strings.Join(out, "\n")
}
