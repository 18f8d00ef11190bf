// Package suggest finds the probable name for a misspelt word.
package suggest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// slipEdits is the largest number of edits of a slip.
const slipEdits = 2

// Nearest returns the candidate nearest to a misspelt word, quoted, or "" if
// none is near. A candidate that differs only in case is the nearest.
func Nearest(word string, candidates []string) string {
	lower := strings.ToLower(word)
	for _, c := range candidates {
		if c != word && strings.ToLower(c) == lower {
			return strconv.Quote(c)
		}
	}
	best, distance := "", allowed(word)+1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(word, c); d < distance && plausible(word, c, d) {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return strconv.Quote(best)
}

// allowed returns the largest number of edits of a misspelling of a word.
func allowed(word string) int { return min(max(len(word)/3, 2), maxEdits) }

// plausible reports whether a word may be a misspelling of a candidate at a
// distance: pod is not a misspelt job.
func plausible(word, candidate string, distance int) bool {
	return 2*distance < len(word) || word != "" && candidate != "" && word[0] == candidate[0]
}

// Slip reports whether a word is one or two letters away from a candidate.
func Slip(word string, candidates []string) bool {
	return slices.ContainsFunc(candidates, func(c string) bool {
		return slips(word, c, levenshtein.ComputeDistance(word, c))
	})
}

func slips(word, candidate string, distance int) bool {
	d := len(candidate) - len(word)
	return d >= -slipEdits && d <= slipEdits && distance <= slipEdits
}
