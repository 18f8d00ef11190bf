package pipelinetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
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
	for _, chat := range p.bot.ChatIDs() {
		for _, m := range p.bot.Messages(chat) {
			entries = append(entries, p.shown(chat, m)...)
		}
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

// shown returns the entries for a message and each of its edits.
func (p *Pipeline) shown(chat int64, m fakebot.Message) []entry {
	sound := "rings"
	if m.Silent {
		sound = "silent"
	}
	reply := ""
	if m.ReplyTo != 0 {
		reply = fmt.Sprintf(", reply to %d", m.ReplyTo)
	}
	text := m.Text
	if len(m.Edits) > 0 {
		text = m.Edits[0].Text
	}
	for i, b := range m.Buttons {
		sep := "\n"
		if i > 0 && b.Row == m.Buttons[i-1].Row {
			sep = " "
		}
		text += sep + "[" + b.Text + "]"
	}
	name := p.options.chatName(chat)
	entries := []entry{{m.Sent, fmt.Sprintf("→ chat %s: message %d, %s%s\n%s", name, m.ID, sound, reply, body(text))}}
	for i, e := range m.Edits {
		after := m.Text
		if i+1 < len(m.Edits) {
			after = m.Edits[i+1].Text
		}
		entries = append(entries, entry{e.At, fmt.Sprintf("→ chat %s: edit of message %d\n%s", name, m.ID, body(changes(e.Text, after)))})
	}
	return entries
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
