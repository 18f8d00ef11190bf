// Package suggest finds the probable name for a misspelt word.
package suggest

import (
	"slices"
	"strconv"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the candidate nearest to a misspelt word, quoted, or "" if
// none is near.
func Nearest(word string, candidates []string) string {
	best, distance := "", max(len(word)/3, 2)+1
	for _, c := range candidates {
		d := levenshtein.ComputeDistance(word, c)
		if 2*d >= len(word) && !sameStart(word, c) {
			continue // pod is not a misspelt job
		}
		if d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return strconv.Quote(best)
}

func sameStart(a, b string) bool { return a != "" && b != "" && a[0] == b[0] }

// Slip reports whether a word is one or two letters away from a candidate.
func Slip(word string, candidates []string) bool {
	return slices.ContainsFunc(candidates, func(c string) bool {
		d := len(c) - len(word)
		return d >= -2 && d <= 2 && levenshtein.ComputeDistance(word, c) <= 2
	})
}
