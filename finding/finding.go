// Package finding describes what is wrong with a definition, in one type for
// every checker of this module.
package finding

import (
	"fmt"
	"strings"
)

// Code names a kind of finding: "PQ004". Codes are stable;
// docs/reference/findings.md explains each.
type Code string

// Severity is how sure and how bad a finding is.
type Severity string

// The severities of findings. The zero value is a Bug.
const (
	Bug     Severity = "bug"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Finding is one mistake.
type Finding struct {
	Code     Code
	Severity Severity
	File     string // of the definition; empty when it is not known
	Line     int
	Where    string // the definition: alert "RedisLatencyHigh", scenario "looks back an hour"
	Part     string // of the definition: expr, annotation "summary"; empty: the whole
	Text     string // the expression or text that is wrong
	From, To int    // bytes of Text that the caret marks

	Reason     string
	Suggestion string // "did you mean", quoted; empty: none
}

// Place names the definition and the part of it.
func (f Finding) Place() string {
	if f.Part == "" {
		return f.Where
	}
	return f.Where + ", " + f.Part
}

// Error returns what [Finding.String] does.
func (f Finding) Error() string { return f.String() }

// String shows the finding as a compiler would: file and line where they are
// known, the place, the code and the reason, the line of the text with a caret
// under the part that is wrong, and the suggestion.
func (f Finding) String() string {
	var b strings.Builder
	switch {
	case f.File != "" && f.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", f.File, f.Line)
	case f.File != "":
		fmt.Fprintf(&b, "%s: ", f.File)
	}
	fmt.Fprintf(&b, "%s: ", f.Place())
	if f.Code != "" {
		fmt.Fprintf(&b, "%s: ", f.Code)
	}
	b.WriteString(f.Reason)
	b.WriteString(f.Detail())
	return b.String()
}

// Detail returns the line with the caret and the suggestion, each on a new line.
func (f Finding) Detail() string {
	var b strings.Builder
	if line, column, width := f.locate(); line != "" {
		fmt.Fprintf(&b, "\n    %s\n    %s%s", line, strings.Repeat(" ", column), strings.Repeat("^", width))
	}
	if f.Suggestion != "" {
		fmt.Fprintf(&b, "\n    did you mean %s?", f.Suggestion)
	}
	return b.String()
}

// locate returns the line that From is in, the column in it, and how many
// characters to underline. Tabs are shown as single spaces so that the caret
// stands right.
func (f Finding) locate() (line string, column, width int) {
	start := min(max(f.From, 0), len(f.Text))
	end := min(max(f.To, start), len(f.Text))
	from := strings.LastIndexByte(f.Text[:start], '\n') + 1
	to := len(f.Text)
	if i := strings.IndexByte(f.Text[start:], '\n'); i >= 0 {
		to = start + i
	}
	line = strings.ReplaceAll(f.Text[from:to], "\t", " ")
	trimmed := strings.TrimLeft(line, " ")
	column = len([]rune(f.Text[from:start])) - (len(line) - len(trimmed))
	width = max(len([]rune(f.Text[start:min(end, to)])), 1)
	return trimmed, max(column, 0), width
}

// Waiver says why a finding about a definition does not hold. A waiver whose
// finding is gone is a finding itself.
type Waiver struct {
	Code Code
	Why  string
}

// Equivalent excuses a mutant that means the same. Generation checks it on
// random series, and an excuse that excuses nothing is an error.
type Equivalent struct {
	Mutant string // the change as "preflight-gen mutate" shows it: "sum → max"
	Why    string
}
