// Package guesses estimates how many guesses an attacker needs for a password.
//
// Attackers try words, names and passwords of leaks before random letters, with
// capitals, digits in the place of letters, years and keyboard walks. The
// method is the one of zxcvbn (Wheeler, USENIX Security 2016): the password is
// split into such parts where that takes the fewest guesses. It differs in two
// points. Random characters count by the alphabet that the password uses. The
// list of words is small and is searched as it is, so a start costs nothing;
// text that only resembles words counts by the frequency of its pairs of
// letters. Hangul counts by the keys that type it.
package guesses

import (
	"math"
	"strings"
)

const (
	maxLength = 100 // bytes that are judged; more cannot be weaker
	maxParts  = 16
	// An attacker does not know the number of parts, and tries fewer first.
	bitsPerPart = 13.3
)

// Bits returns the binary logarithm of the guesses for a password. The context
// holds words that an attacker tries first, such as the name of the user.
func Bits(password string, context ...string) float64 {
	password = typed(password)
	password = password[:min(len(password), maxLength)]
	letter := math.Log2(float64(alphabet(password)))
	return cheapest(len(password), letter, matches(password, context))
}

// match is a part of the password that an attacker finds faster than letter by
// letter.
type match struct {
	from, to int // of its bytes
	bits     float64
}

// matches returns all matches.
func matches(password string, context []string) (found []match) {
	lower := strings.ToLower(password)
	if len(lower) != len(password) {
		lower = password // a letter whose cases differ in length
	}
	found = append(found, words(password, lower, context)...)
	found = append(found, pronounceable(password, lower)...)
	found = append(found, repeats(password, context)...)
	found = append(found, sequences(password)...)
	found = append(found, walks(password)...)
	found = append(found, dates(password)...)
	for i, m := range found {
		if m.to-m.from < len(password) {
			found[i].bits = max(m.bits, math.Log2(50)) // a part is never free
		}
	}
	return found
}

// alphabet returns the number of letters from which the password seems to be
// made.
func alphabet(password string) int {
	const hex = "0123456789abcdef"
	if strings.Trim(password, hex) == "" || strings.Trim(password, strings.ToUpper(hex)) == "" {
		if strings.Trim(password, "0123456789") == "" {
			return 10
		}
		return 16
	}
	size := map[string]int{}
	for _, c := range []byte(password) {
		switch {
		case c >= '0' && c <= '9':
			size["digit"] = 10
		case c >= 'a' && c <= 'z':
			size["lower"] = 26
		case c >= 'A' && c <= 'Z':
			size["upper"] = 26
		case c < 0x80:
			size["symbol"] = 33
		default:
			size["other"] = 64 // a byte of UTF-8
		}
	}
	total := 0
	for _, n := range size {
		total += n
	}
	return max(total, 2)
}

// cheapest returns the bits of the cheapest way to split n bytes into matches
// and bytes between them, of so many bits each.
func cheapest(n int, letter float64, found []match) float64 {
	ending := make([][]match, n+1)
	for _, m := range found {
		ending[m.to] = append(ending[m.to], m)
	}
	// Cheapest splits of the first k bytes into l parts, of which the last one is
	// a match or is not.
	matched, between := table(n+1), table(n+1)
	matched[0][0] = 0
	for k := 1; k <= n; k++ {
		for l := 1; l <= maxParts; l++ {
			between[k][l] = min(between[k-1][l], matched[k-1][l-1]) + letter
			for _, m := range ending[k] {
				before := min(matched[m.from][l-1], between[m.from][l-1])
				matched[k][l] = min(matched[k][l], before+m.bits)
			}
		}
	}
	best := math.Inf(1)
	orders := 0.0 // of the parts
	for l := 1; l <= maxParts; l++ {
		orders += math.Log2(float64(l))
		best = min(best, plus(min(matched[n][l], between[n][l])+orders, bitsPerPart*float64(l-1)))
	}
	if n == 0 {
		return 0
	}
	return best
}

func table(n int) [][maxParts + 1]float64 {
	t := make([][maxParts + 1]float64, n)
	for i := range t {
		for l := range t[i] {
			t[i][l] = math.Inf(1)
		}
	}
	return t
}

// plus adds numbers of guesses that are given in bits.
func plus(a, b float64) float64 {
	if math.IsInf(a, 1) {
		return a
	}
	return max(a, b) + math.Log2(1+math.Exp2(-math.Abs(a-b)))
}

// variations returns the bits for the choice of up to a places among a and b.
func variations(a, b int) float64 {
	total := 0.0
	for i := 1; i <= min(a, b); i++ {
		total += choose(a+b, i)
	}
	return math.Log2(max(total, 2))
}

// choose returns the binomial coefficient.
func choose(n, k int) float64 {
	r := 1.0
	for i := 1; i <= k; i++ {
		r = r * float64(n-k+i) / float64(i)
	}
	return r
}
