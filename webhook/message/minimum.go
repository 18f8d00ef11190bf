package message

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"
)

// Test returns the text of a test message.
func (f *Formatter) Test() string { return f.words.Test }

// someAlert stands for the name of an alert.
const someAlert = "Alert"

// Minimum returns the texts that replace a message that a service refuses also as
// plain text. The first has the severity and name of the most severe alert and
// the number of the others, in letters and digits only. The second is for a name
// that a service refuses: it has nothing of an alert, so a service accepts it
// wherever it accepts any message.
func (f *Formatter) Minimum(items []Item) (named, nameless string) {
	if len(items) == 0 {
		text := f.words.Minimum(someAlert, false)
		return text, text
	}
	labels := items[f.sorted(Notice{Items: items})[0]].Labels
	named = join(letters(f.scale.Of(labels).Name), " ", cmp.Or(letters(labels[model.AlertNameLabel]), someAlert))
	nameless = someAlert
	if rank, ok := f.scale.level(labels); ok {
		nameless = f.scale.Levels[rank].Name + " " + someAlert
	}
	if n := len(items) - 1; n > 0 {
		named, nameless = f.words.AndTitles(named, n), f.words.AndTitles(nameless, n)
	}
	resolved := allResolved(items)
	return f.words.Minimum(named, resolved), f.words.Minimum(nameless, resolved)
}

// MinimumOf returns these texts for a summary.
func (f *Formatter) MinimumOf(s Summary) (named, nameless string) {
	items := make([]Item, 0, len(s.Lines))
	for _, l := range s.Lines {
		it := Item{Resolved: l.Firing == 0}
		it.Labels = l.Labels.First()
		items = append(items, it)
	}
	return f.Minimum(items)
}

// letters returns a text without characters other than letters, digits and those
// of names.
func letters(text string) string {
	return shorten(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-:", r) {
			return r
		}
		return ' '
	}, text), maxField)
}
