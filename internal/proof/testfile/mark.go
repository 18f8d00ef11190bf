package testfile

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// Mark is the comment above a suggested test. A person deletes it after reading
// the test.
const Mark = "preflight: suggested"

// marks reports for each of n tests whether a comment above it, or in its first
// line, is the mark.
func marks(data []byte, n int) []bool {
	out := make([]bool, n)
	if !strings.Contains(string(data), Mark) {
		return out
	}
	var doc struct {
		Tests []yaml.Node `yaml:"tests"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return out
	}
	lines := strings.Split(string(data), "\n")
	for i := range min(n, len(doc.Tests)) {
		first := doc.Tests[i].Line - 1
		for at := first; at >= 0 && at < len(lines); at-- {
			text := strings.TrimSpace(lines[at])
			if at < first && !strings.HasPrefix(text, "#") {
				break
			}
			out[i] = out[i] || isMark(text)
		}
	}
	return out
}

func isMark(line string) bool {
	_, comment, found := strings.Cut(line, "#")
	return found && strings.Contains(comment, Mark)
}
