package guesses

import (
	_ "embed"
	"sort"
	"strings"
)

// common holds frequent words, names and leaked passwords by the frequency lists
// of zxcvbn, and words of trading systems. They are sorted, one per line. The
// capital after each is the binary logarithm of its rank: A for the first one.
//
//go:embed words.txt
var common string

const minWord = 3

// look returns the bits of a word in the list, and whether the list has words
// that start with it.
func look(word string) (bits float64, known, prefix bool) {
	// Bytes are searched, so that nothing is built first.
	i := sort.Search(len(common), func(i int) bool {
		line := lineAt(i)
		return line[:len(line)-1] >= word
	})
	if i == len(common) {
		return 0, false, false
	}
	line := lineAt(i)
	if line[:len(line)-1] == word {
		return float64(line[len(line)-1]-'A') + 0.5, true, true
	}
	return 0, false, strings.HasPrefix(line, word)
}

// lineAt returns the line of the list that holds a byte.
func lineAt(i int) string {
	line, _, _ := strings.Cut(common[strings.LastIndexByte(common[:i], '\n')+1:], "\n")
	return line
}

// words finds words, also backwards and written with other characters.
func words(password, lower string, context []string) (found []match) {
	add := func(from, to int, bits float64) {
		found = append(found, match{from, to, bits + capitals(password[from:to])})
	}
	listed(lower, add)
	listed(reversed(lower), func(from, to int, bits float64) { add(len(lower)-to, len(lower)-from, bits+1) })
	for _, l := range leets {
		meant := l.decode(lower)
		listed(meant, func(from, to int, bits float64) {
			if choice := l.bits(lower[from:to], meant[from:to]); choice > 0 {
				add(from, to, bits+choice)
			}
		})
	}
	for _, word := range context {
		word = typed(word)
		for from := 0; len(word) >= minWord; from++ {
			next := strings.Index(lower[from:], strings.ToLower(word))
			if next < 0 {
				break
			}
			from += next
			add(from, from+len(word), 0)
		}
	}
	return found
}

// listed calls add for each word of the list in a text.
func listed(text string, add func(from, to int, bits float64)) {
	for from := range len(text) {
		for to := from + minWord; to <= len(text); to++ {
			bits, known, prefix := look(text[from:to])
			if known {
				add(from, to, bits)
			}
			if !prefix {
				break
			}
		}
	}
}

// leet is a way to write letters by other characters.
type leet struct{ from, to string }

// The ways differ in the letters of 1, ! and 6.
var leets = []leet{
	{"4@3016!|5$7+28(9", "aaeolilissttzbcg"},
	{"4@30|5$7+28(961!", "aaeolssttzbcggii"},
}

// decode returns the text that is meant.
func (l leet) decode(text string) string {
	out := []byte(text)
	for i, c := range out {
		if at := strings.IndexByte(l.from, c); at >= 0 {
			out[i] = l.to[at]
		}
	}
	return string(out)
}

// bits returns the bits for the choice of the written characters, or 0 if there
// are only letters.
func (l leet) bits(written, meant string) (bits float64) {
	for i, c := range []byte(l.from) {
		if n := strings.Count(written, string(c)); n > 0 {
			bits += variations(n, strings.Count(meant, l.to[i:i+1])-n)
		}
	}
	return bits
}

func reversed(text string) string {
	out := []byte(text)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

// capitals returns the bits for the choice of capitals.
func capitals(text string) float64 {
	upper, lower := 0, 0
	for _, c := range []byte(text) {
		switch {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		}
	}
	isUpper := func(c byte) bool { return c >= 'A' && c <= 'Z' }
	switch {
	case upper == 0:
		return 0
	case lower == 0, upper == 1 && (isUpper(text[0]) || isUpper(text[len(text)-1])):
		return 1
	}
	return variations(upper, lower)
}
