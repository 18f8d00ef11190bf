package testfile

import "strings"

// Line is an input series in promtool's notation: the series and its values.
type Line struct{ Series, Text string }

// Lines returns the input series that promtool loads. Promtool stops loading at
// an empty line or a comment, which a series or its values may contain. left is
// the number of series after it: no test sees them.
func (t Test) Lines() (lines []Line, left int) {
	for i, s := range t.Series {
		for text := range strings.SplitSeq(s.Series+" "+s.Values, "\n") {
			text = strings.TrimSpace(text)
			if text == "" || strings.HasPrefix(text, "#") {
				return lines, len(t.Series) - i - 1
			}
			if !isStart(text) {
				lines = append(lines, Line{s.Series, text})
			}
		}
	}
	return lines, 0
}

// isStart reports whether a line has the start timestamps of the next series,
// which rules do not see.
func isStart(line string) bool {
	name, _, found := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	return found && strings.HasSuffix(name, "@st")
}
