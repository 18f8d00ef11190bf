// Package finding describes mistakes in definitions. All checkers of this
// module use its types.
package finding

import (
	"fmt"
	"strings"
)

// Code identifies a kind of finding: "PQ004". Codes are stable;
// docs/reference/findings.md explains each.
type Code string

// Severity is the certainty and gravity of a finding.
type Severity string

// Severities of findings. The zero value means Bug.
const (
	Bug     Severity = "bug"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Finding is one mistake.
type Finding struct {
	Code     Code
	Severity Severity
	File     string // file of the definition; "" if unknown
	Line     int
	Where    string // definition: alert "RedisLatencyHigh", scenario "looks back an hour"
	Part     string // part of the definition: expr, annotation "summary"; "" for the whole
	Text     string // expression or text with the mistake
	From, To int    // byte range of Text that the caret marks

	Reason     string
	Suggestion string // quoted, for "did you mean"; "" for none
}

// Place returns the definition and the part.
func (f Finding) Place() string {
	if f.Part == "" {
		return f.Where
	}
	return f.Where + ", " + f.Part
}

// Error returns the result of [Finding.String].
func (f Finding) Error() string { return f.String() }

// String formats the finding like a compiler's error: file and line if known,
// the place, the code and the reason, the line of text with a caret under the
// mistake, and the suggestion. It cuts long values, and escapes control
// characters.
func (f Finding) String() string {
	f = f.Shown()
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
		line, column, width = around(line, column, width)
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

// Waiver gives the reason why a finding does not apply. A waiver without a
// finding is a finding itself.
type Waiver struct {
	Code Code
	Part string // part of the definition, as the finding names it: promise of {severity="page"}; "" for every part
	Why  string
}

// Equivalent excuses a mutant with the same meaning. Generation checks it on
// random series. An Equivalent that excuses no mutant is an error.
type Equivalent struct {
	Mutant string // change as "preflight-gen mutate" shows it: "sum → max"
	Why    string
}
