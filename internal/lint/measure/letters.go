package measure

import (
	"slices"
	"strings"
)

// words maps numbers in letters to values.
var words = map[string]float64{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}

// factors are words that make "three times" a factor.
var factors = []string{"as", "the", "more", "less", "too", "its", "their", "that", "larger", "higher", "faster", "slower", "longer"}

// inLetters parses a number in letters before a unit: "three intervals", "a
// five-minute window", "세 번".
func inLetters(all []word, i int) (Number, bool) {
	w := all[i]
	before, after := neighbours(all, i)
	n := Number{Precision: 1, Word: true, From: w.from, To: w.to}
	lower := strings.ToLower(w.text)
	name, suffix, hyphen := strings.Cut(lower, "-")
	v, ok := words[name]
	switch {
	case lower == "half" && slices.Contains([]string{"a", "an"}, after.text) && i+2 < len(all):
		v = 0.5
		n.Unit, ok = unitOf(all[i+2].text)
	case lower == "twice" && (orMore(all[i+1:]) || strings.EqualFold(before.text, "than")):
		n.Value, n.Unit = 2, Unit{Times, nil}
		return n.in(all, i), true
	case !ok:
		n.Value, n.Unit, ok = koreanNumber(w, after)
		return n.in(all, i), ok
	case hyphen:
		n.Unit, ok = unitOf(suffix)
	default:
		n.Unit, ok = unitOf(full(all, i, after))
	}
	n.Value = v
	if !ok || n.Unit.Kind == Bare || vague(all, i) || words[strings.ToLower(before.text)] >= 20 { // twenty four hours
		return n, false
	}
	if len(all) > i+2 && !after.stop {
		next := strings.ToLower(all[i+2].text)
		switch {
		case n.Unit.Kind == Times && slices.Contains(factors, next):
			return n, false
		case strings.ToLower(after.text) == "run" && v > 1 && !strings.HasPrefix(next, "interval"):
			return n, false // for example "two run on a host"
		}
	}
	return n.in(all, i), true
}

// full returns the word with the unit after a number in letters: the next one,
// or the one after an adjective.
func full(all []word, i int, after word) string {
	adjective := slices.Contains([]string{"full", "whole", "consecutive", "successive", "more"}, strings.ToLower(after.text))
	if adjective && !after.stop && i+2 < len(all) {
		return all[i+2].text
	}
	return after.text
}

// vague reports whether a number in letters belongs to an approximate pair:
// "one or two minutes".
func vague(all []word, i int) bool {
	return i > 1 && slices.Contains([]string{"or", "to"}, strings.ToLower(all[i-1].text)) && words[strings.ToLower(all[i-2].text)] > 0
}
