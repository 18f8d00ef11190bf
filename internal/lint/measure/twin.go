package measure

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Contradiction is a number in a translation that contradicts the text.
type Contradiction struct {
	From, To int    // range in the translation
	Has      string // numbers of that kind in the text: "5 minutes"
}

// Contradict returns the numbers in a translation that contradict the text. A
// kind of number in only one of them is no contradiction.
func Contradict(text, translation string) []Contradiction {
	var out []Contradiction
	mine := ofText(text)
	for _, n := range Read(translation) {
		if of, ok := mine.contradict(n, text); ok {
			out = append(out, Contradiction{n.From, n.To, listOf(text, of)})
		}
	}
	return append(out, unitsShown(text, translation)...)
}

// listOf quotes numbers with their units as written in the text.
func listOf(text string, numbers []Number) string {
	var out []string
	for _, n := range numbers {
		to := n.To
		if m := unitBehind.FindString(text[to:]); m != "" {
			to += len(m)
		}
		out = append(out, strconv.Quote(text[n.From:to]))
	}
	return strings.Join(slices.Compact(out), ", ")
}

// unitBehind matches the word or suffix after a number.
var unitBehind = regexp.MustCompile(`^(?:[-\p{L}%]+| [\p{L}%]+)`)

// english holds the numbers of an English text.
type english struct {
	numbers  []Number
	implied  []float64 // seconds of units without a number: an hour, half a day
	anywhere []float64 // every number, measure or not
}

// ofText parses an English text.
func ofText(text string) english {
	e := english{numbers: Read(text)}
	all := split(text)
	for i, w := range all {
		lower := strings.ToLower(w.text)
		if f, ok := timeUnits[lower]; ok && slices.Contains(spelled, lower) {
			e.implied = append(e.implied, f, f/2, f/4, 3*f/4)
			if before, _ := neighbours(all, i); i > 0 && lower != "second" && slices.Contains([]string{"a", "an"}, strings.ToLower(before.text)) {
				share := 1.0
				if i > 1 && strings.EqualFold(all[i-2].text, "half") {
					share = 0.5
				}
				if i < 2 || all[i-2].text != "of" { // "a quarter of an hour" is not an hour
					e.numbers = append(e.numbers, Number{Value: share, Precision: 1, Unit: Unit{Time, []float64{f}}, Word: true, From: before.from, To: before.to})
				}
			}
		}
		if f, ok := adverbs[lower]; ok {
			e.implied = append(e.implied, f)
		}
		if v, ok := cardinal(lower); ok {
			e.anywhere = append(e.anywhere, v)
		}
	}
	for _, d := range anyDigits.FindAllString(text, -1) {
		v, _ := strconv.ParseFloat(strings.ReplaceAll(d, ",", ""), 64)
		e.anywhere = append(e.anywhere, v)
	}
	return e
}

var (
	anyDigits = regexp.MustCompile(`[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?`)
	spelled   = []string{"second", "minute", "hour", "day", "week", "month"}
	adverbs   = map[string]float64{"hourly": 3600, "daily": day, "weekly": 7 * day, "monthly": 30 * day}
	others    = map[string]float64{
		"twice": 2, "both": 2, "pair": 2, "second": 2, "double": 2, "thrice": 3, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
		"eighth": 8, "ninth": 9, "tenth": 10, "dozen": 12, "hundred": 100, "thousand": 1000, "million": 1e6,
	}
)

// cardinal parses a number in letters, without a unit after a hyphen.
func cardinal(lower string) (float64, bool) {
	name, _, _ := strings.Cut(lower, "-")
	if v, ok := words[name]; ok {
		return v, true
	}
	v, ok := others[name]
	return v, ok
}

// contradict returns the numbers of the text that a number of its translation
// contradicts.
func (e english) contradict(n Number, text string) ([]Number, bool) {
	of := slices.DeleteFunc(slices.Clone(e.numbers), func(x Number) bool { return !sameKind(x, n) })
	if counts(n.Unit.Kind) {
		return e.contradictCount(n, of, text)
	}
	if slices.ContainsFunc(of, func(x Number) bool { return equalMeasure(x, n) }) || n.Unit.Kind == Time && isIn(n.Value*n.Unit.Factors[0], e.implied) {
		return nil, false
	}
	if len(of) == 0 { // for example three intervals and three hours
		of = slices.DeleteFunc(slices.Clone(e.numbers), func(x Number) bool {
			return x.Value != n.Value || !counts(x.Unit.Kind) || x.Unit.Kind == Bare
		})
	}
	return of, len(of) > 0
}

// contradictCount is like contradict for a number of runs, times or things.
// Texts have many words for these.
func (e english) contradictCount(n Number, of []Number, text string) ([]Number, bool) {
	if n.Value <= 1 {
		return nil, false
	}
	measures := slices.DeleteFunc(slices.Clone(e.numbers), func(x Number) bool { return x.Value != n.Value || counts(x.Unit.Kind) })
	switch {
	case n.Unit.Kind != Bare && len(measures) > 0 && len(of) == 0: // for example five minutes and five times
		return measures, true
	case isIn(n.Value, e.anywhere), e.converts(n):
		return nil, false
	}
	if len(of) == 0 { // for example six passes: the unit is unknown
		for _, w := range split(text) {
			if v, ok := words[strings.ToLower(w.text)]; ok && v > 1 {
				of = append(of, Number{Value: v, From: w.from, To: w.to})
			}
		}
	}
	of = slices.DeleteFunc(of, func(x Number) bool { return x.Value <= 1 })
	return of, len(of) > 0
}

// converts reports whether a number without a known unit is a time of the text
// in any unit: 90 for "an hour and a half".
func (e english) converts(n Number) bool {
	if n.Unit.Kind != Bare {
		return false
	}
	var seconds []float64
	for _, x := range e.numbers {
		if x.Unit.Kind == Time {
			seconds = append(seconds, x.Value*x.Unit.Factors[0])
		}
	}
	for _, factor := range timeUnits {
		if isIn(n.Value*factor, seconds) || isIn(n.Value*factor, e.implied) {
			return true
		}
	}
	return false
}

func counts(k Kind) bool { return slices.Contains([]Kind{Bare, Runs, Intervals, Scrapes, Times}, k) }

func sameKind(a, b Number) bool {
	return a.Unit.Kind == b.Unit.Kind || counts(a.Unit.Kind) && counts(b.Unit.Kind)
}

// equalMeasure reports whether two numbers with units are the same measure.
func equalMeasure(a, b Number) bool {
	one := []float64{1}
	for _, f := range cmpOr(a.Unit.Factors, one) {
		for _, g := range cmpOr(b.Unit.Factors, one) {
			if equal(a.Value*f, b.Value*g) {
				return true
			}
		}
	}
	return false
}

func cmpOr(list, other []float64) []float64 {
	if len(list) == 0 {
		return other
	}
	return list
}

func equal(a, b float64) bool { return math.Abs(a-b) <= 1e-9*cmp.Or(math.Abs(a), 1) }

func isIn(v float64, list []float64) bool {
	return slices.ContainsFunc(list, func(x float64) bool { return equal(v, x) })
}

// shownUnit matches the word after an action: "{{ $value }} minutes".
var shownUnit = regexp.MustCompile(`\}\} ?([\p{L}%]+)`)

// unitsShown returns the units after the actions of a translation that the text
// does not have.
func unitsShown(text, translation string) []Contradiction {
	mine := unitsBehind(text)
	var out []Contradiction
	for _, u := range unitsBehind(translation) {
		if len(mine) > 0 && !slices.ContainsFunc(mine, func(m shown) bool { return m.seconds == u.seconds }) {
			out = append(out, Contradiction{u.from, u.to, strconv.Quote(text[mine[0].from:mine[0].to])})
		}
	}
	return out
}

// shown is a unit of time after an action.
type shown struct {
	seconds  float64
	from, to int
}

func unitsBehind(text string) []shown {
	var out []shown
	for _, at := range shownUnit.FindAllStringSubmatchIndex(text, -1) {
		if u, ok := unitOf(text[at[2]:at[3]]); ok && u.Kind == Time {
			out = append(out, shown{u.Factors[0], at[2], at[3]})
		}
	}
	return out
}
