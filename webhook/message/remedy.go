package message

import (
	"cmp"
	"strings"

	"github.com/alertnative/preflight/webhook/api"
)

const (
	maxRemedy   = 250 // UTF-16 code units
	maxRemedies = 10  // in one message
)

// remedy returns the remedy for the reason of an alert, or "". Where there are
// several reasons, the first one that has a remedy counts.
func (f *Formatter) remedy(it Item) string {
	reasons := f.remedies[it.Labels[api.Check]]
	for reason := range strings.SplitSeq(it.Annotations[api.Reason], ",") {
		texts := reasons[strings.TrimSpace(reason)]
		if text := cmp.Or(texts[f.words.language], texts["en"]); text != "" {
			return shorten(text, maxRemedy)
		}
	}
	return ""
}

// withRemedies adds the remedies of firing alerts below their lines. A remedy
// stands once.
func (f *Formatter) withRemedies(items []Item, lines []string) {
	seen := map[string]bool{}
	for i, it := range items {
		if remedy := f.remedy(it); remedy != "" && !it.Resolved && !seen[remedy] && len(seen) < maxRemedies {
			seen[remedy] = true
			lines[i] += "\n    → " + remedy
		}
	}
}
