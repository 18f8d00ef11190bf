package message

import (
	"regexp"
	"strings"

	"github.com/alertnative/preflight/webhook/api"
)

// lineAndDetails returns the text of an alert's line, and the text below it: the
// description under the summary. An alert with a list title has no details,
// because its rule writes the whole line.
func (f *Formatter) lineAndDetails(it Item) (line, details string) {
	for _, name := range texts {
		text := withoutLabels(shorten(f.annotation(it, name), maxLine))
		switch {
		case text == "":
		case line == "":
			line = text
		case f.listTitle(it) != "" || mentions(line, text):
			return line, ""
		case name == api.Description && startsWith(text, line):
			return text, "" // it repeats the summary
		default:
			return line, text
		}
	}
	return line, ""
}

func startsWith(text, beginning string) bool {
	return len(text) >= len(beginning) && strings.EqualFold(text[:len(beginning)], beginning)
}

// printedLabels are all labels as a template of Go prints them. Many public rules
// end their description so.
var printedLabels = regexp.MustCompile(`(?i)\s*labels\s*[=:]\s*map\[.*[\]…]$`)

// withoutLabels removes labels that a rule prints into its text: the message shows
// them.
func withoutLabels(text string) string {
	if !strings.Contains(text, "map[") {
		return text
	}
	short := strings.TrimRight(printedLabels.ReplaceAllString(text, ""), " ,;")
	if !visible(short) {
		return text
	}
	return short
}

// belowOf returns the length of the text below the line of an alert.
func (s size) belowOf(n Notice, it Item) int {
	if it.Resolved || n.Kind != Alert && n.Kind != Reminder {
		return 0
	}
	return s.details
}

// withDetails adds the texts below the lines. Equal ones stand once.
func withDetails(lines, below []string) {
	seen := map[string]bool{"": true}
	for i, details := range below {
		if !seen[details] {
			seen[details] = true
			lines[i] += "\n    " + details
		}
	}
}
