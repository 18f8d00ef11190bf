package finding

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what people read, in characters.
const (
	maxValue = 120    // one value
	maxWord  = 300    // a value in a text
	maxText  = 10_000 // a whole text
)

// Value returns a value, such as that of a label, as findings and pages show it:
// control characters escaped, and its end cut if it is long.
func Value(text string) string { return cut(escaped(text, ""), maxValue) }

// Quote returns a value as [Value] does, in double quotes and with escapes of Go.
func Quote(text string) string {
	q := strconv.Quote(text)
	return `"` + cut(q[1:len(q)-1], maxValue) + `"`
}

// quoted matches a value in double quotes, with escapes.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^\s"]+`)

// Text returns a text as findings and pages show it: control characters except
// tabs and line breaks escaped, long values in it cut, and its end cut if it is
// long.
func Text(text string) string { return shown(text, "\n\t") }

// Line returns a text as [Text] does, on one line.
func Line(text string) string { return shown(text, "") }

func shown(text, keep string) string {
	text = escaped(text, keep)
	if len(text) <= maxWord {
		return text
	}
	text = quoted.ReplaceAllStringFunc(text, func(value string) string {
		inner, ok := strings.CutPrefix(value, `"`)
		if !ok {
			return cut(value, maxWord)
		}
		return `"` + cut(strings.TrimSuffix(inner, `"`), maxWord) + `"`
	})
	return cut(text, maxText)
}

// Shown returns the finding with its texts as people read them.
func (f Finding) Shown() Finding {
	f.Where, f.Part, f.Reason, f.Suggestion = Line(f.Where), Line(f.Part), Text(f.Reason), Line(f.Suggestion)
	return f
}

// around returns the part of a line around the marked characters, and the column
// of the mark in it. Control characters and special spaces are replaced by one
// character each, so that the mark stands right.
func around(line string, column, width int) (part string, at, marked int) {
	const before, after = 80, 120
	all := []rune(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Zs, r):
			return ' '
		case isControl(r):
			return unicode.ReplacementChar
		}
		return r
	}, line))
	column = min(column, len(all))
	from, to := max(column-before, 0), min(column+after, len(all))
	part, at, marked = string(all[from:to]), column-from, min(width, max(to-column, 1))
	if from > 0 {
		part, at = "…"+part, at+1
	}
	if to < len(all) {
		part += "…"
	}
	return part, at, marked
}

// cut returns the first characters of a text, and its length if it is longer.
func cut(text string, limit int) string {
	n := utf8.RuneCountInString(text)
	if n <= limit {
		return text
	}
	head := strings.TrimRight(string([]rune(text)[:limit]), `\ `)
	return fmt.Sprintf("%s… (%d characters)", head, n)
}

// escaped returns a text with its control characters as escapes of Go, except
// those to keep.
func escaped(text, keep string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !isControl(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		default:
			quoted := fmt.Sprintf("%+q", r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

// isControl reports whether a character would not be seen, or would change how
// others are shown.
func isControl(r rune) bool { return !unicode.IsPrint(r) }
