package suggest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// maxEdits is the largest number of edits between a word and its correction.
const maxEdits = 4

// Index answers the same questions as [Nearest] and [Slip] about many
// candidates. It is safe for concurrent use.
type Index struct {
	candidates []string
	lengths    []int // in characters
	build      sync.Once
	grams      map[gram][]int32   // numbers of the candidates, ascending
	short      []int32            // candidates of at most shortLen characters
	lower      map[string][]int32 // by their lower case

	mu      sync.Mutex
	answers map[string]answer
}

// gram is three characters of a word. The word is padded with two zeros on both
// sides, so each character is in three of them.
type gram [3]rune

type answer struct {
	nearest string
	slip    bool
}

// NewIndex returns an index of candidates. It is built at the first question.
func NewIndex(candidates []string) *Index {
	return &Index{candidates: candidates, answers: map[string]answer{}}
}

// Nearest returns the candidate nearest to a misspelt word, quoted, or "" if
// none is near.
func (x *Index) Nearest(word string) string { return x.answer(word).nearest }

// Slip reports whether a word is one or two letters away from a candidate.
func (x *Index) Slip(word string) bool { return x.answer(word).slip }

func (x *Index) answer(word string) answer {
	x.build.Do(x.fill)
	x.mu.Lock()
	defer x.mu.Unlock()
	a, known := x.answers[word]
	if !known {
		a = x.find(word)
		x.answers[word] = a
	}
	return a
}

// find compares the word with the candidates that may be near.
func (x *Index) find(word string) answer {
	var a answer
	best, distance := "", allowed(word)+1
	length, k := utf8.RuneCountInString(word), max(allowed(word), slipEdits)
	for _, i := range x.near(word, k) {
		c := x.candidates[i]
		if d := x.lengths[i] - length; d < -k || d > k {
			continue
		}
		d := levenshtein.ComputeDistance(word, c)
		a.slip = a.slip || slips(word, c, d)
		if d < distance && plausible(word, c, d) {
			best, distance = c, d
		}
	}
	for _, i := range x.lower[strings.ToLower(word)] {
		if x.candidates[i] != word {
			best = x.candidates[i]
			break
		}
	}
	if best != "" {
		a.nearest = strconv.Quote(best)
	}
	return a
}

// near returns the numbers of candidates, in order: all within k edits of a word,
// and some that are further away. One edit changes at most three grams of a word, so a
// candidate within k edits has one of any 3k+1 of them: the rarest are looked
// up.
func (x *Index) near(word string, k int) []int32 {
	all := gramsOf(word)
	need := 3*k + 1
	if len(all) < need {
		return x.short
	}
	slices.SortStableFunc(all, func(a, b gram) int { return cmp.Compare(len(x.grams[a]), len(x.grams[b])) })
	var out []int32
	for _, g := range all[:need] {
		out = append(out, x.grams[g]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// shortLen is the length of the longest candidate that is within maxEdits of a
// word with too few grams to look it up.
const shortLen = 3*maxEdits + 1 - 2 + maxEdits

func (x *Index) fill() {
	x.grams, x.lower = map[gram][]int32{}, map[string][]int32{}
	for i, c := range x.candidates {
		x.lower[strings.ToLower(c)] = append(x.lower[strings.ToLower(c)], int32(i))
		list := gramsOf(c)
		x.lengths = append(x.lengths, len(list)-2)
		if len(list)-2 <= shortLen {
			x.short = append(x.short, int32(i))
		}
		for _, g := range list {
			if at := x.grams[g]; len(at) == 0 || at[len(at)-1] != int32(i) {
				x.grams[g] = append(at, int32(i))
			}
		}
	}
}

func gramsOf(word string) []gram {
	padded := append([]rune{0, 0}, []rune(word)...)
	padded = append(padded, 0, 0)
	out := make([]gram, 0, len(padded)-2)
	for i := range len(padded) - 2 {
		out = append(out, gram(padded[i:i+3]))
	}
	return out
}
