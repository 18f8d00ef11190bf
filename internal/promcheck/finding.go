// Package promcheck types PromQL and templates against a catalogue of metrics,
// offline: it finds what Prometheus would accept and then never match, never
// fire, or always fire.
//
// For each node of an expression it knows what can be known before there is
// data ([Type]): the type of the metric, the labels that can, must and cannot
// be there with their closed sets of values, the unit, and the range of
// values. What it cannot know, it does not judge.
package promcheck

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// Finding is one thing that is wrong.
type Finding struct {
	Code Code
	// Where names the definition (`alert "PreflightStale"`), and Part what of
	// it is meant: "expr", `annotation "summary"`.
	Where, Part string
	// Expr is the text that was checked and Pos the part of it that is
	// wrong, in bytes.
	Expr string
	Pos  posrange.PositionRange
	// Reason says what is wrong, Suggestion what was probably meant, if
	// anything.
	Reason     string
	Suggestion string
}

// Place names the definition and the part of it.
func (f Finding) Place() string {
	if f.Part == "" {
		return f.Where
	}
	return f.Where + ", " + f.Part
}

// String shows the finding as a compiler would: what and where, the line with
// a caret under the part that is wrong, and the suggestion.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", f.Place(), f.Code, f.Reason)
	b.WriteString(f.Detail())
	return b.String()
}

// Detail is the line with the caret and the suggestion, each on a new line.
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

// locate returns the line that Pos starts in, the column in it, and how many
// characters to underline. Tabs are shown as single spaces so that the caret
// stands right.
func (f Finding) locate() (line string, column, width int) {
	start := min(max(int(f.Pos.Start), 0), len(f.Expr))
	end := min(max(int(f.Pos.End), start), len(f.Expr))
	from := strings.LastIndexByte(f.Expr[:start], '\n') + 1
	to := len(f.Expr)
	if i := strings.IndexByte(f.Expr[start:], '\n'); i >= 0 {
		to = start + i
	}
	line = strings.ReplaceAll(f.Expr[from:to], "\t", " ")
	trimmed := strings.TrimLeft(line, " ")
	column = len([]rune(f.Expr[from:start])) - (len(line) - len(trimmed))
	width = max(len([]rune(f.Expr[start:min(end, to)])), 1)
	return trimmed, max(column, 0), width
}
