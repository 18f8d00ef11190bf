// Package columns measures texts on a terminal.
package columns

import (
	"strings"

	"golang.org/x/text/width"
)

// Of returns the number of columns of a text. Korean, Chinese and Japanese
// characters have two.
func Of(text string) int {
	n := 0
	for _, r := range text {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

// Pad returns a text with the spaces that fill a number of columns.
func Pad(text string, n int) string { return text + strings.Repeat(" ", max(0, n-Of(text))) }
