package promcheck

import (
	"slices"
	"strconv"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the candidate that a misspelt word was probably meant to be,
// quoted, or "".
func Nearest(word string, candidates []string) string { return nearest(word, candidates) }

// nearest returns the candidate that a misspelt word was probably meant to be,
// quoted, or "" when none is near.
func nearest(word string, candidates []string) string {
	best, distance := "", max(len(word)/3, 2)+1
	for _, c := range candidates {
		d := levenshtein.ComputeDistance(word, c)
		if 2*d >= len(word) && !sameStart(word, c) {
			continue // pod is no slip for job
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

// slip says whether a word is one or two letters away from one of the
// candidates.
func slip(word string, candidates []string) bool {
	return slices.ContainsFunc(candidates, func(c string) bool {
		d := len(c) - len(word)
		return d >= -2 && d <= 2 && levenshtein.ComputeDistance(word, c) <= 2
	})
}
