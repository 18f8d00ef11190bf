package guesses

import (
	"math"
	"sync"
)

const (
	minPronounceable = 4
	boundary         = 26 // the place before the first letter
)

// pairs returns the bits of each letter after another one, by the words of the
// list.
var pairs = sync.OnceValue(func() *[27][26]float64 {
	var counts, bits [27][26]float64
	before := boundary
	for _, c := range []byte(common) {
		if c < 'a' || c > 'z' {
			before = boundary
			continue
		}
		counts[before][c-'a']++
		before = int(c - 'a')
	}
	for before, row := range counts {
		total := 0.0
		for _, n := range row {
			total += n + 0.5
		}
		for c, n := range row {
			bits[before][c] = math.Log2(total / (n + 0.5))
		}
	}
	return &bits
})

// pronounceable finds text that resembles words. Random letters cost more by the
// frequency of pairs than one by one.
func pronounceable(password, lower string) (found []match) {
	for from := range len(lower) {
		bits, before := 0.0, boundary
		for to := from; to < len(lower) && lower[to] >= 'a' && lower[to] <= 'z'; to++ {
			bits += pairs()[before][lower[to]-'a']
			before = int(lower[to] - 'a')
			if n := to + 1 - from; n >= minPronounceable {
				found = append(found, match{from, to + 1, bits + capitals(password[from:to+1])})
			}
		}
	}
	return found
}
