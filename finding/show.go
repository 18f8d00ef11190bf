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
// line breaks escaped, long values in it cut, and its end cut if it is long.
func Text(text string) string {
	if len(text) <= maxWord && !strings.ContainsFunc(text, isControl) {
		return text
	}
	text = quoted.ReplaceAllStringFunc(escaped(text, "\n\t"), func(value string) string {
		inner, ok := strings.CutPrefix(value, `"`)
		if !ok {
			return cut(value, maxWord)
		}
		return `"` + cut(strings.TrimSuffix(inner, `"`), maxWord) + `"`
	})
	return cut(text, maxText)
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
