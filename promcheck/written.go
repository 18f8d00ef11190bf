package promcheck

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// number is a number that a text names as a measure.
type number struct {
	value     float64
	precision float64 // of the last digit
	unit      unit
	compared  bool // "over 5": the bound itself is not reached
	from, to  int
}

type kind int

const (
	bare kind = iota
	aTime
	ofBytes
	percent
	percentile
)

// unit is what a number counts; factors lead to seconds, bytes or shares.
type unit struct {
	kind    kind
	factors []float64
}

var timeUnits = map[string]float64{
	"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400,
	"millisecond": 1e-3, "sec": 1, "second": 1, "min": 60, "minute": 60, "hr": 3600, "hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400,
}

// koreanUnits are the units that stand right after a number, the longest first.
var koreanUnits = []struct {
	name string
	unit unit
}{
	{"밀리초", unit{aTime, []float64{1e-3}}}, {"개월", unit{aTime, []float64{30 * 86400}}}, {"시간", unit{aTime, []float64{3600}}},
	{"퍼센트", unit{percent, nil}}, {"백분위", unit{percentile, []float64{0.01}}},
	{"초", unit{aTime, []float64{1}}}, {"분", unit{aTime, []float64{60}}}, {"일", unit{aTime, []float64{86400}}}, {"주", unit{aTime, []float64{7 * 86400}}},
}

// unitOfWord reads a unit that stands after a number.
func unitOfWord(word string) (unit, bool) {
	word = strings.Trim(word, "-.,;:!?)]\"'")
	if word == "%" || word == "percent" {
		return unit{percent, nil}, true
	}
	if f, ok := timeUnits[word]; ok {
		return unit{aTime, []float64{f}}, true
	}
	if f, ok := timeUnits[strings.TrimSuffix(strings.ToLower(word), "s")]; ok && len(word) > 2 {
		return unit{aTime, []float64{f}}, true
	}
	if i := slices.Index([]string{"byte", "k", "m", "g", "t"}, byteWord(word)); i >= 0 {
		decimal, binary := 1.0, 1.0
		for range i {
			decimal, binary = decimal*1000, binary*1024
		}
		return unit{ofBytes, []float64{decimal, binary}}, true
	}
	for _, k := range koreanUnits {
		if strings.HasPrefix(word, k.name) {
			return k.unit, true
		}
	}
	return unit{}, false
}

// byteWord returns the prefix of a unit of bytes: "m" of MB and MiB.
func byteWord(word string) string {
	switch {
	case strings.EqualFold(word, "byte"), strings.EqualFold(word, "bytes"):
		return "byte"
	case len(word) == 2 && word[1] == 'B', len(word) == 3 && strings.HasSuffix(word, "iB"):
		return strings.ToLower(word[:1])
	}
	return ""
}

// word is a part of a text between white space, without the punctuation around.
type word struct {
	text     string
	from, to int
	stop     bool // punctuation stands after it
}

// hidden are the parts of a text that are read by programs: actions of
// templates, and code.
var hidden = regexp.MustCompile("(?s)\\{\\{.*?\\}\\}|`[^`]*`")

var blank = regexp.MustCompile(`\S+`)

// split returns the words of a text. What is hidden becomes letters, so that a number beside
// it is part of a name.
func split(text string) []word {
	text = hidden.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("x", len(s)) })
	var out []word
	for _, at := range blank.FindAllStringIndex(text, -1) {
		w := word{from: at[0], to: at[1]}
		trimmed := strings.TrimLeft(text[w.from:w.to], "([<>≤≥=~≈±\"'“‘")
		w.from = w.to - len(trimmed)
		trimmed = strings.TrimRight(trimmed, ")].,;:!?\"'”’")
		w.stop = w.from+len(trimmed) < w.to
		w.to = w.from + len(trimmed)
		w.text = trimmed
		out = append(out, w)
	}
	return out
}

// numeral is a number, or a range of two, with what is written right after it.
var numeral = regexp.MustCompile(`^((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?)(?:[-–]([0-9]+(?:\.[0-9]+)?))?([^0-9]*)$`)

// quantileName is the short name of a quantile: p95, p999.
var quantileName = regexp.MustCompile(`^p([0-9]{2,4})$`)

// written returns the numbers of a text that are measures.
func written(text string) []number {
	var out []number
	all := split(text)
	for i, w := range all {
		var before, after word
		if i > 0 {
			before = all[i-1]
		}
		if i+1 < len(all) && !w.stop {
			after = all[i+1]
		}
		if m := quantileName.FindStringSubmatch(w.text); m != nil {
			v, _ := strconv.ParseFloat("0."+m[1], 64)
			out = append(out, number{value: v, unit: unit{percentile, []float64{1}}, from: w.from, to: w.to})
			continue
		}
		m := numeral.FindStringSubmatch(w.text)
		if m == nil {
			continue
		}
		if slices.Contains([]string{"to", "or", "and"}, after.text) {
			after = unitAfter(all[i+2:]) // 5 to 10 minutes
		}
		u, measure := measured(m[4], after.text)
		if !measure || u.kind == bare && named(m[1], before, after) {
			continue
		}
		for _, digits := range []string{m[1], m[3]} {
			if digits == "" {
				continue
			}
			at := w.from + strings.Index(w.text, digits)
			out = append(out, value(digits, u, compares(before.text), at))
		}
	}
	return out
}

// unitAfter returns the word with the unit of the number that the words begin
// with, if they do.
func unitAfter(rest []word) word {
	if len(rest) == 0 {
		return word{}
	}
	m := numeral.FindStringSubmatch(rest[0].text)
	switch {
	case m == nil:
		return word{}
	case m[4] != "":
		return word{text: m[4]}
	case len(rest) > 1:
		return rest[1]
	}
	return word{}
}

// value reads the digits of a number.
func value(digits string, u unit, compared bool, at int) number {
	v, _ := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	precision := 1.0
	if _, decimals, ok := strings.Cut(digits, "."); ok {
		for range decimals {
			precision /= 10
		}
	}
	return number{value: v, precision: precision, unit: u, compared: compared, from: at, to: at + len(digits)}
}

// measured returns the unit of a number with that suffix and next word. A number
// with another suffix is part of a name: 2xx, 10x, 3rd.
func measured(suffix, next string) (u unit, measure bool) {
	suffix = strings.TrimLeft(suffix, "-")
	first, _ := utf8.DecodeRuneInString(suffix)
	if i := strings.IndexFunc(suffix, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }); i > 0 {
		suffix = suffix[:i] // 500ms를
	}
	switch {
	case suffix == "":
		u, _ := unitOfWord(next)
		return u, true
	case slices.Contains([]string{"st", "nd", "rd", "th"}, suffix):
		return unit{percentile, []float64{0.01}}, strings.HasPrefix(next, "percentile") || strings.HasPrefix(next, "quantile")
	}
	if u, ok := unitOfWord(suffix); ok {
		return u, true
	}
	return unit{}, unicode.Is(unicode.Hangul, first)
}

// labelled are words after which a number is a name: port 9093.
var labelled = []string{
	"port", "ports", "step", "line", "lines", "section", "page", "chapter", "version", "level", "code", "codes", "exit", "id", "slot", "shard", "partition",
	"node", "tier", "phase", "stage", "number", "no", "ticket", "issue", "channel", "option", "table", "status", "error", "errno", "signal", "part", "layer",
}

// named reports whether a number without a unit names a thing and measures
// nothing.
func named(digits string, before, after word) bool {
	n, err := strconv.Atoi(digits)
	whole := err == nil
	switch lower := strings.ToLower(before.text); {
	case whole && n <= 1:
		return true
	case compares(before.text) || lower == "least" || lower == "most":
		return false
	case slices.Contains(labelled, lower):
		return true
	case whole && (n >= 100 && n <= 599 && len(digits) == 3 || n >= 1970 && n <= 2100): // answers 503; in 2026
		return true
	}
	first, _ := utf8.DecodeRuneInString(before.text)
	if unicode.IsUpper(first) && !before.stop { // PostgreSQL 17, SELECT 2
		return true
	}
	next := strings.ToLower(after.text)
	return next == "am" || next == "pm" || isMonth(next)
}

func isMonth(word string) bool {
	return slices.Contains([]string{
		"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
	}, word)
}

// compares reports whether a word makes the number after it a bound that is not
// reached itself.
func compares(word string) bool {
	return slices.Contains([]string{
		"over", "above", "than", "below", "under", "exceeds", "exceed", "exceeding", "beyond", "past",
	}, strings.ToLower(word))
}
