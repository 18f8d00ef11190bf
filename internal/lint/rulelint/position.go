package rulelint

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// place returns the line and column in the file, both from 1, of a byte of a
// scalar's value. Where YAML folds lines the word at that byte is searched.
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
	return s.search(n, firstLine(value[offset:end]))
}

// indent is by how much a literal block is indented: what its first line with
// text has in the file beyond what it has in the value.
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

// search finds a text in the lines that follow the start of a scalar.
func (s *source) search(n *yaml.Node, text string) (line, column int) {
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
