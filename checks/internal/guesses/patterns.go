package guesses

import (
	"math"
	"strconv"
	"strings"
)

// repeats finds parts that are repeated, such as abcabc.
func repeats(password string, context []string) (found []match) {
	type run struct{ from, to, period int }
	var runs []run
	for period := 1; period <= len(password)/2; period++ {
	next:
		for from := 0; from+2*period <= len(password); from++ {
			to := from + period
			for to < len(password) && password[to] == password[to-period] {
				to++
			}
			times := (to - from) / period
			if times < 2 || period == 1 && times < 3 {
				continue
			}
			for _, r := range runs { // a repetition of repetitions
				if r.from <= from && to <= r.to && period%r.period == 0 {
					continue next
				}
			}
			runs = append(runs, run{from, to, period})
			bits := Bits(password[from:from+period], context...) + math.Log2(float64(times))
			found = append(found, match{from, from + times*period, bits})
			from = to - period // the next run starts no earlier
		}
	}
	return found
}

// sequences finds characters in the order of their codes, such as abc, 8642.
func sequences(password string) (found []match) {
	step := func(i int) int { return int(password[i]) - int(password[i-1]) }
	for from := 0; from+2 < len(password); {
		to := from + 2
		delta := step(from + 1)
		for to < len(password) && step(to) == delta {
			to++
		}
		if size := delta * delta; to-from >= 3 && size > 0 && size <= 25 {
			start := 26.0
			switch first := password[from]; {
			case strings.IndexByte("aAzZ019", first) >= 0:
				start = 4
			case first >= '0' && first <= '9':
				start = 10
			}
			if delta < 0 {
				start *= 2
			}
			found = append(found, match{from, to, math.Log2(start * float64(to-from))})
		}
		from = to - 1
	}
	return found
}

// Rows of the keyboard, without and with shift. Each key touches two of the row
// above.
var (
	rows    = []string{"`1234567890-=", " qwertyuiop[]\\", " asdfghjkl;'", " zxcvbnm,./"}
	shifted = []string{"~!@#$%^&*()_+", " QWERTYUIOP{}|", " ASDFGHJKL:\"", " ZXCVBNM<>?"}
)

// Averages of the keyboard.
const (
	keys       = 47
	neighbours = 4.6
)

// key returns the place of a character on the keyboard.
func key(c byte) (x, y int, shift, ok bool) {
	for y := range rows {
		if x := strings.IndexByte(rows[y], c); x >= 0 && c != ' ' {
			return x, y, false, true
		}
		if x := strings.IndexByte(shifted[y], c); x >= 0 && c != ' ' {
			return x, y, true, true
		}
	}
	return 0, 0, false, false
}

// walks finds walks over the keyboard, such as qwert or 1qaz.
func walks(password string) (found []match) {
	for from := 0; from+2 < len(password); {
		to, turns, shifts := walk(password[from:])
		if to >= 3 {
			found = append(found, match{from, from + to, walkBits(to, turns, shifts)})
		}
		from += max(1, to-1)
	}
	return found
}

// walk returns the length of the walk at the start of a text, its straight parts
// and its characters with shift.
func walk(text string) (length, turns, shifts int) {
	x, y, shift, ok := key(text[0])
	if !ok {
		return 1, 0, 0
	}
	if shift {
		shifts++
	}
	type direction struct{ x, y int }
	var last direction
	for length = 1; length < len(text); length++ {
		nextX, nextY, shift, ok := key(text[length])
		d := direction{nextX - x, nextY - y}
		switch d {
		case direction{-1, 0}, direction{1, 0}, direction{0, -1}, direction{1, -1}, direction{0, 1}, direction{-1, 1}:
		default:
			ok = false
		}
		if !ok {
			break
		}
		if d != last {
			turns++
		}
		if shift {
			shifts++
		}
		x, y, last = nextX, nextY, d
	}
	return length, turns, shifts
}

// walkBits counts the walks of up to this length with up to so many turns.
func walkBits(length, turns, shifts int) float64 {
	total := 0.0
	for l := 2; l <= length; l++ {
		for t := 1; t <= min(turns, l-1); t++ {
			total += choose(l-1, t-1) * keys * math.Pow(neighbours, float64(t))
		}
	}
	bits := math.Log2(total)
	switch {
	case shifts == length:
		bits++
	case shifts > 0:
		bits += variations(shifts, length-shifts)
	}
	return bits
}

var (
	dateBits = math.Log2(4 * 365 * 100) // four orders and separators
	yearBits = math.Log2(100)
)

const longestDate = len("2026-11-29")

// dates finds years and dates.
func dates(password string) (found []match) {
	for from := range len(password) {
		for to := from + 4; to <= min(len(password), from+longestDate); to++ {
			switch text := password[from:to]; {
			case isYear(text):
				found = append(found, match{from, to, yearBits})
			case isDate(text):
				found = append(found, match{from, to, dateBits})
			}
		}
	}
	return found
}

func isYear(text string) bool {
	return len(text) == 4 && isDigits(text) && (text[:2] == "19" || text[:2] == "20")
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// isDate reports whether a text is a day, a month and a year in some order.
func isDate(text string) bool {
	switch {
	case isDigits(text) && len(text) == 6:
		return isDateOf(text[:2], text[2:4], text[4:])
	case isDigits(text) && len(text) == 8:
		return isDateOf(text[:2], text[2:4], text[4:]) || isDateOf(text[:4], text[4:6], text[6:])
	}
	i := strings.IndexAny(text, "-/._ ")
	if i < 0 {
		return false
	}
	parts := strings.Split(text, text[i:i+1])
	return len(parts) == 3 && isDateOf(parts[0], parts[1], parts[2])
}

// isDateOf reports whether three numbers are a date.
func isDateOf(a, b, c string) bool {
	isYear := func(text string) bool { return isDigits(text) && len(text) == 2 || isYear(text) }
	isDay := func(a, b string) bool {
		m, errM := strconv.Atoi(a)
		n, errN := strconv.Atoi(b)
		return errM == nil && errN == nil && len(a) <= 2 && len(b) <= 2 && min(m, n) >= 1 && max(m, n) <= 31 && min(m, n) <= 12
	}
	return isYear(a) && isDay(b, c) || isYear(c) && isDay(a, b)
}
