package promcheck

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/measure"
)

// Check reports the numbers in a text that the expression does not have, in any
// unit: 0.5 is 500 ms and 50 %. It ignores numbers in names, code, addresses
// and template actions.
func (n Numbers) Check(where, part, text string) []finding.Finding {
	return n.check(where, part, text, func(measure.Number) bool { return true })
}

// CheckActions is like Check for a text with actions. Their frequency is not a
// number of the expression.
func (n Numbers) CheckActions(where, part, text string) []finding.Finding {
	return n.check(where, part, text, func(w measure.Number) bool { return !w.Word || w.Unit.Kind != measure.Times })
}

func (n Numbers) check(where, part, text string, looked func(measure.Number) bool) []finding.Finding {
	var out []finding.Finding
	for _, w := range measure.Read(text) {
		if !looked(w) || n.has(w) {
			continue
		}
		out = append(out, finding.Finding{
			Code: finding.OtherNumber, Where: where, Part: part, Text: text, From: w.From, To: w.To, Reason: n.reason(w, text[w.From:w.To]),
		})
	}
	return out
}

func (n Numbers) reason(w measure.Number, shown string) string {
	switch {
	case n.threshold(w) && n.hasDuration(w):
		return fmt.Sprintf("names %s as a threshold, and it is how long the alert waits or looks back (the expression has %s)", shown, n)
	case n.panel:
		return fmt.Sprintf("the panel and its alerts do not have %s (they have %s)", shown, n)
	}
	return fmt.Sprintf("the expression does not have %s (it has %s): write {{ $threshold }}, {{ $window }} or {{ $for }}", shown, n)
}

// String lists the numbers.
func (n Numbers) String() string {
	var out []string
	values := slices.Clone(n.values)
	slices.Sort(values)
	for _, v := range slices.Compact(values) {
		out = append(out, strconv.FormatFloat(v, 'g', -1, 64))
	}
	durations := slices.DeleteFunc(slices.Concat(n.windows, n.waits), func(d time.Duration) bool { return d == 0 })
	slices.Sort(durations)
	for _, d := range slices.Compact(durations) {
		out = append(out, duration(d))
	}
	return listed(out)
}

// has reports whether the expression has a number of the text.
func (n Numbers) has(w measure.Number) bool {
	switch w.Unit.Kind {
	case measure.Time:
		return n.hasTime(w)
	case measure.Runs, measure.Intervals, measure.Scrapes:
		return n.hasRuns(w)
	case measure.Bytes:
		return slices.ContainsFunc(w.Unit.Factors, func(f float64) bool { return w.Near(f, n.converted()) }) ||
			n.factors != nil && w.Near(1, n.values)
	case measure.Percent:
		return w.Value == 0 || w.Value == 100 || w.Near(0.01, shares(n.values, 1)) || w.Near(1, shares(n.values, 100)) ||
			n.rates && !n.seconds && w.Near(10, n.values) // milliseconds per second
	case measure.Percentile:
		return w.Near(w.Unit.Factors[0], n.quantiles)
	case measure.Times:
		if w.AtLeast && slices.Contains(n.strict, w.Value) {
			return false
		}
	}
	return w.Word && w.Value == 1 || n.hasCount(w) || n.runs && n.hasInterval(w, n.timing.Run)
}

// hasCount compares the number with constants.
func (n Numbers) hasCount(w measure.Number) bool {
	if w.Near(1, n.values) || w.Near(0.01, shares(n.values, 1)) {
		return true
	}
	if n.rates && (w.Near(1./60, n.values) || w.Near(1./3600, n.values)) { // a rate per minute or hour
		return true
	}
	if w.Compared && slices.Contains(n.excluded, w.Value) || !w.Compared && slices.Contains(n.reached, w.Value) {
		return true
	}
	return slices.ContainsFunc(n.values, func(v float64) bool { // one in twenty
		return v > 0 && v < 1 && w.Near(1, []float64{1 / v, 1 / (1 - v)})
	})
}

// hasRuns compares a number of runs or scrapes with times. If the expression
// has no runs, a number in letters may belong to another program.
func (n Numbers) hasRuns(w measure.Number) bool {
	switch {
	case w.Unit.Kind == measure.Scrapes:
		return w.Word || n.hasCount(w) || n.hasInterval(w, n.timing.Scrape)
	case !n.runs:
		return w.Word || n.hasCount(w)
	case w.Compared && w.Value == 2 && n.ranges: // a range function needs two runs
		return true
	case n.hasInterval(w, n.timing.Run):
		return true
	}
	return w.Unit.Kind == measure.Runs && !w.During && n.hasCount(w)
}

// hasInterval compares the number with times in steps of that length.
func (n Numbers) hasInterval(w measure.Number, step time.Duration) bool {
	return w.Near(step.Seconds(), n.inSeconds(n.windows, n.waits)) || w.Near(step.Seconds(), n.converted())
}

func (n Numbers) inSeconds(lists ...[]time.Duration) []float64 {
	var out []float64
	for _, d := range slices.Concat(lists...) {
		if d > 0 {
			out = append(out, d.Seconds())
		}
	}
	return out
}

// threshold reports whether a text compares a time with that number.
func (n Numbers) threshold(w measure.Number) bool {
	return n.times && w.Bound && w.Unit.Kind == measure.Time
}

func (n Numbers) hasDuration(w measure.Number) bool {
	return w.Near(w.Unit.Factors[0], n.inSeconds(n.windows, n.waits))
}

// hasTime compares the number with durations, and with constants in seconds. A
// threshold is not a duration, but after "over" a window is possible too.
func (n Numbers) hasTime(w measure.Number) bool {
	factor := w.Unit.Factors[0]
	switch {
	case !n.threshold(w):
		if n.hasDuration(w) {
			return true
		}
	case w.Over && w.Near(factor, n.inSeconds(n.windows)):
		return true
	}
	if w.Near(factor, n.converted()) || n.factors != nil && w.Near(1, n.values) {
		return true
	}
	return !n.seconds && (w.Near(1, n.values) || w.Near(1000*factor, n.values)) // the unit may be milliseconds
}

// shares returns the values and their complements: 0.95 leaves 5 %.
func shares(values []float64, whole float64) []float64 {
	out := slices.Clone(values)
	for _, v := range values {
		if v > 0 && v < whole {
			out = append(out, whole-v)
		}
	}
	return out
}
