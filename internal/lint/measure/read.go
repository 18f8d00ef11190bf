// Package measure finds the measures in texts, which are numbers with units:
// "over 15 minutes", "three intervals", "15분 넘게".
package measure

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Number is a measure in a text.
type Number struct {
	Value     float64
	Precision float64 // value of the last digit
	Unit      Unit
	Word      bool // written in letters: "three"
	Compared  bool // "over 5": the bound itself is excluded
	Bound     bool // a bound of the value: "over 5 minutes", not "for over 5 minutes"
	Over      bool // after "over", which may precede a window too
	During    bool // after "within" or "for"
	AtLeast   bool // "three times or more"
	From, To  int
}

// Near reports whether the number in a unit equals one of the values, within
// its precision: 14 % equals 0.144.
func (n Number) Near(factor float64, values []float64) bool {
	for _, v := range values {
		exact := v / factor
		diff := math.Abs(n.Value - exact)
		if diff <= 1e-9*math.Abs(exact) || diff <= n.Precision/2 && diff <= 0.03*math.Abs(exact) {
			return true
		}
	}
	return false
}

// word is a part of a text between white space, without punctuation.
type word struct {
	text     string
	from, to int
	stop     bool // punctuation follows it
}

// hidden matches the parts of a text for programs: template actions and code.
var hidden = regexp.MustCompile("(?s)\\{\\{.*?\\}\\}|`[^`]*`")

var blank = regexp.MustCompile(`\S+`)

// split returns the words of a text. Hidden parts become letters, so that an
// adjacent number counts as part of a name.
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

// numeral matches a number or a range, with a suffix.
var numeral = regexp.MustCompile(`^((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(\.[0-9]+)?)(?:[-–~]([0-9]+(?:\.[0-9]+)?))?([^0-9]*)$`)

// quantileName is the short name of a quantile: p95, p999.
var quantileName = regexp.MustCompile(`^p([0-9]{2,4})$`)

// Read returns the measures in a text. It ignores numbers in names, code,
// addresses and template actions. A number in letters needs a unit.
func Read(text string) []Number {
	var out []Number
	all := split(text)
	for i, w := range all {
		var m, q []string
		if strings.ContainsAny(w.text, "0123456789") {
			m, q = numeral.FindStringSubmatch(w.text), quantileName.FindStringSubmatch(w.text)
		}
		switch {
		case q != nil:
			v, _ := strconv.ParseFloat("0."+q[1], 64)
			out = append(out, Number{Value: v, Unit: Unit{Percentile, []float64{1}}, From: w.from, To: w.to})
		case m != nil:
			out = append(out, digits(all, i, m)...)
		default:
			if n, ok := inLetters(all, i); ok {
				out = append(out, n)
			}
		}
	}
	return out
}

// neighbours returns the words before and after one, up to punctuation.
func neighbours(all []word, i int) (before, after word) {
	if i > 0 {
		before = all[i-1]
	}
	if i+1 < len(all) && !all[i].stop {
		after = all[i+1]
	}
	return before, after
}

// digits parses the one or two numbers of a numeral.
func digits(all []word, i int, m []string) []Number {
	w := all[i]
	before, after := neighbours(all, i)
	if slices.Contains([]string{"to", "or", "and"}, after.text) {
		after = unitAfter(all[i+2:]) // 5 to 10 minutes
	}
	u, measure := measured(m[4], after.text)
	unnamed := slices.Contains([]Kind{Bare, Runs, Intervals, Scrapes, Times}, u.Kind)
	if !measure || unnamed && named(m[1], before, after) || strings.HasSuffix(before.text, "분의") { // 3분의 2
		return nil
	}
	var out []Number
	for _, d := range []string{m[1], m[3]} {
		if d != "" {
			out = append(out, value(d, u, w.from+strings.Index(w.text, d)).in(all, i))
		}
	}
	return out
}

// unitAfter returns the word with the unit of the number at the start of the
// words, if there is one.
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

// value parses the digits of a number.
func value(digits string, u Unit, at int) Number {
	v, _ := strconv.ParseFloat(strings.ReplaceAll(digits, ",", ""), 64)
	precision := 1.0
	if _, decimals, ok := strings.Cut(digits, "."); ok {
		for range decimals {
			precision /= 10
		}
	}
	return Number{Value: v, Precision: precision, Unit: u, From: at, To: at + len(digits)}
}

// in sets the fields of a number that depend on the words before it.
func (n Number) in(all []word, i int) Number {
	before, _ := neighbours(all, i)
	n.Compared = compares(before.text)
	n.During = slices.Contains([]string{"within", "for"}, strings.ToLower(before.text))
	n.Over = strings.EqualFold(before.text, "over")
	n.AtLeast = strings.EqualFold(before.text, "least") || orMore(all[i+1:])
	n.Bound = n.Compared && !strings.EqualFold(before.text, "past") && !lasts(all[:max(i-1, 0)])
	return n
}

// orMore reports whether the words after a number make it a minimum.
func orMore(after []word) bool {
	for j, w := range after[:min(len(after), 3)] {
		more := w.text == "or" && j+1 < len(after) && after[j+1].text == "more"
		if more || strings.HasPrefix(w.text, "이상") {
			return true
		}
		if w.stop {
			return false
		}
	}
	return false
}

// measured returns the unit of a number with that suffix and next word. A
// number with another suffix is part of a name: 2xx, 10x, 3rd.
func measured(suffix, next string) (u Unit, measure bool) {
	suffix = strings.TrimLeft(suffix, "-")
	first, _ := utf8.DecodeRuneInString(suffix)
	if i := strings.IndexFunc(suffix, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }); i > 0 {
		suffix = suffix[:i] // 500ms를
	}
	switch {
	case suffix == "":
		u, _ := unitOf(next)
		return u, true
	case slices.Contains([]string{"st", "nd", "rd", "th"}, suffix):
		return Unit{Percentile, []float64{0.01}}, strings.HasPrefix(next, "percentile") || strings.HasPrefix(next, "quantile")
	case strings.HasPrefix(suffix, "번째"), strings.HasPrefix(suffix, "분의"): // the third; of three parts
		return Unit{}, false
	case suffix == "일" && (strings.HasPrefix(next, "때") || strings.HasPrefix(next, "경우")): // when it is 5
		return Unit{}, true
	}
	if u, ok := unitOf(suffix); ok {
		return u, true
	}
	return Unit{}, unicode.Is(unicode.Hangul, first)
}

// labelled are words before numbers that are names: port 9093.
var labelled = []string{
	"port", "ports", "step", "line", "lines", "section", "page", "chapter", "version", "level", "code", "codes", "exit", "id", "slot", "shard", "partition",
	"node", "tier", "phase", "stage", "number", "no", "ticket", "issue", "channel", "option", "table", "status", "error", "errno", "signal", "part", "layer",
}

// named reports whether a number without a unit is a name.
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

// compares reports whether a word makes the number after it an excluded bound.
func compares(word string) bool {
	return slices.Contains([]string{
		"over", "above", "than", "below", "under", "exceeds", "exceed", "exceeding", "beyond", "past",
	}, strings.ToLower(word))
}

// lasts reports whether the words before a comparison state a duration: "down
// for", "has been slow".
func lasts(before []word) bool {
	for back := 1; back <= min(len(before), 8); back++ {
		w := before[len(before)-back]
		switch lower := strings.ToLower(w.text); {
		case w.stop:
			return false
		case back <= 2 && slices.Contains([]string{"for", "within", "lasts", "lasting", "lasted"}, lower),
			slices.Contains([]string{"been", "stayed", "remained", "persisted", "continued"}, lower):
			return true
		}
	}
	return false
}
