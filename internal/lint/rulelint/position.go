package rulelint

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// place returns the line and column, both from 1, of a byte in a scalar's
// value. If YAML folds lines, it searches for the word at that byte.
func (s *source) place(n *yaml.Node, value string, offset, end int) (line, column int) {
	offset = min(max(offset, 0), len(value))
	end = min(max(end, offset), len(value))
	before := value[:offset]
	row := strings.Count(before, "\n")
	inLine := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		line = n.Line + 1 + row
		return line, s.indent(n, value) + inLine + 1
	case n.Style&yaml.FoldedStyle == 0 && s.oneLine(n, value):
		column = n.Column + inLine
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			column++
		}
		return n.Line, column
	}
	return s.seek(n, firstLine(value[offset:end]))
}

// indent returns the indentation of a literal block: the difference between the
// first line with text in the file and in the value.
func (s *source) indent(n *yaml.Node, value string) int {
	for i, text := range strings.Split(value, "\n") {
		if strings.TrimSpace(text) == "" || n.Line+i >= len(s.lines) {
			continue
		}
		return len(lead(s.lines[n.Line+i])) - len(lead(text))
	}
	return 0
}

func lead(s string) string { return s[:len(s)-len(strings.TrimLeft(s, " "))] }

func (s *source) oneLine(n *yaml.Node, value string) bool {
	return n.Line-1 < len(s.lines) && strings.Contains(s.lines[n.Line-1], value)
}

// seek searches for a text in the lines after the start of a scalar.
func (s *source) seek(n *yaml.Node, text string) (line, column int) {
	if text == "" {
		return n.Line, n.Column
	}
	for i := n.Line - 1; i < min(len(s.lines), n.Line+60); i++ {
		from := 0
		if i == n.Line-1 {
			from = min(n.Column-1, len(s.lines[i]))
		}
		if at := strings.Index(s.lines[i][from:], text); at >= 0 {
			return i + 1, utf8.RuneCountInString(s.lines[i][:from+at]) + 1
		}
	}
	return n.Line, n.Column
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSpace(s)
}
