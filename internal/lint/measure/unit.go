package measure

import (
	"slices"
	"strings"
)

// Kind is the kind of a unit.
type Kind int

// Kinds of units. Times is the kind of a frequency.
const (
	Bare Kind = iota
	Time
	Bytes
	Percent
	Percentile
	Runs
	Intervals
	Scrapes
	Times
)

// Unit is the unit of a number. Its factor converts to seconds, bytes or
// shares.
type Unit struct {
	Kind    Kind
	Factors []float64
}

const day = 86400

var timeUnits = map[string]float64{
	"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": day, "w": 7 * day,
	"millisecond": 1e-3, "sec": 1, "second": 1, "min": 60, "minute": 60, "hr": 3600, "hour": 3600, "day": day, "week": 7 * day, "month": 30 * day,
}

// Seconds returns the number of seconds of a short unit of time: "h" in "5h".
func Seconds(name string) (float64, bool) {
	f, ok := timeUnits[name]
	return f, ok
}

// counted are the units for runs of a checker, or for the number of times.
var counted = map[string]Kind{
	"run": Runs, "runs": Runs, "interval": Intervals, "intervals": Intervals, "scrape": Scrapes, "scrapes": Scrapes, "times": Times,
}

// unitOf returns the unit for a word.
func unitOf(word string) (Unit, bool) {
	word = strings.Trim(word, "-.,;:!?)]\"'")
	if word == "%" || word == "percent" {
		return Unit{Kind: Percent}, true
	}
	if f, ok := timeUnits[word]; ok {
		return Unit{Time, []float64{f}}, true
	}
	if f, ok := timeUnits[strings.TrimSuffix(strings.ToLower(word), "s")]; ok && len(word) > 2 {
		return Unit{Time, []float64{f}}, true
	}
	if kind, ok := counted[strings.ToLower(word)]; ok {
		return Unit{Kind: kind}, true
	}
	if i := slices.Index([]string{"byte", "k", "m", "g", "t"}, byteWord(word)); i >= 0 {
		decimal, binary := 1.0, 1.0
		for range i {
			decimal, binary = decimal*1000, binary*1024
		}
		return Unit{Bytes, []float64{decimal, binary}}, true
	}
	return koreanUnit(word)
}

// byteWord returns the prefix of a unit of bytes: "m" for MB and MiB.
func byteWord(word string) string {
	switch {
	case strings.EqualFold(word, "byte"), strings.EqualFold(word, "bytes"):
		return "byte"
	case len(word) == 2 && word[1] == 'B', len(word) == 3 && strings.HasSuffix(word, "iB"):
		return strings.ToLower(word[:1])
	}
	return ""
}
