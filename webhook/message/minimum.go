package message

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"
)

// Test returns the text of a test message.
func (f *Formatter) Test() string { return f.words.Test }

// Minimum returns the text that replaces a message that Telegram refuses also as
// plain text: the severity and name of the most severe alert and the number of
// the others, in letters and digits only. Telegram accepts it wherever it accepts
// any message.
func (f *Formatter) Minimum(items []Item) string {
	if len(items) == 0 {
		return f.words.Minimum("Alert", false)
	}
	first := items[f.sorted(Notice{Items: items})[0]]
	name := f.scale.Of(first.Labels).Name + " " + cmp.Or(first.Labels[model.AlertNameLabel], "Alert")
	name = shorten(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-:", r) {
			return r
		}
		return ' '
	}, name), maxField)
	if n := len(items) - 1; n > 0 {
		name = f.words.AndTitles(name, n)
	}
	return f.words.Minimum(name, allResolved(items))
}
