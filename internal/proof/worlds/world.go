// Package worlds makes small sets of series that distinguish a rule from a rule with a
// mistake. The labels follow from the matchers of the rule, the values from its
// thresholds, the lengths from its windows and delays. A seed determines a
// world.
package worlds

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// World is a set of series with a sample at each step.
type World struct {
	Step   time.Duration
	Series []Series
}

// Series is a series in parts.
type Series struct {
	Name   string
	Labels map[string]string
	Parts  []Part
}

// Part is a number of samples of one form.
type Part struct {
	Len  int
	Form Form
	// Value is the value of a Hold, and the start of a Ramp.
	Value float64
	// Slope is the growth between two samples of a Ramp or a Count. Shape has
	// the buckets of a Native.
	Slope float64
	Shape []float64
}

// Form is the form of a part.
type Form int

// Forms of parts.
const (
	Hold   Form = iota // one value
	Ramp               // a gauge that grows evenly
	Count              // a counter, which continues the part before it
	Reset              // a counter that starts at zero
	Native             // a native histogram that grows as a counter
	Gap                // no samples
	Stale              // one stale marker, and no samples after it
)

// Clone returns an independent copy.
func (w World) Clone() World {
	w.Series = slices.Clone(w.Series)
	for i, s := range w.Series {
		w.Series[i].Labels = maps.Clone(s.Labels)
		w.Series[i].Parts = slices.Clone(s.Parts)
	}
	return w
}

// Len returns the number of samples of the longest series.
func (w World) Len() int {
	n := 0
	for _, s := range w.Series {
		n = max(n, s.Len())
	}
	return n
}

// Len returns the number of samples, gaps included.
func (s Series) Len() int {
	n := 0
	for _, p := range s.Parts {
		n += p.Len
	}
	return n
}

// Test returns the series as a test without expectations.
func (w World) Test() testfile.Test {
	t := testfile.Test{Interval: model.Duration(w.Step)}
	for _, s := range w.Series {
		t.Series = append(t.Series, testfile.Series{Series: s.Key(), Values: s.Values()})
	}
	return t
}

// Key returns the name and labels: up{job="a"}.
func (s Series) Key() string {
	var pairs []string
	for _, l := range slices.Sorted(maps.Keys(s.Labels)) {
		if s.Labels[l] != "" {
			pairs = append(pairs, fmt.Sprintf("%s=%q", l, s.Labels[l]))
		}
	}
	if len(pairs) == 0 {
		return s.Name
	}
	return s.Name + "{" + strings.Join(pairs, ", ") + "}"
}

// Values returns the values in promtool's notation.
func (s Series) Values() string {
	var out []string
	now := 0.0 // of a counter
	sum := make([]float64, 0, 4)
	for _, p := range s.Parts {
		if p.Len <= 0 {
			continue
		}
		switch p.Form {
		case Hold:
			out = append(out, times(number(p.Value), p.Len))
		case Ramp:
			out = append(out, growing(p.Value, p.Slope, p.Len))
		case Count, Reset:
			if p.Form == Reset {
				now = 0
			}
			out = append(out, growing(now, p.Slope, p.Len))
			now = round(now + p.Slope*float64(p.Len))
		case Native:
			sum = grown(sum, p.Shape, 0)
			out = append(out, fmt.Sprintf("%s+%sx%d", native(sum), native(p.Shape), p.Len-1))
			sum = grown(sum, p.Shape, p.Len)
		case Gap:
			out = append(out, times("_", p.Len))
		case Stale:
			out = append(out, "stale")
			if p.Len > 1 {
				out = append(out, times("_", p.Len-1))
			}
		}
	}
	return strings.Join(out, " ")
}

// times returns promtool's text of n equal values.
func times(text string, n int) string {
	switch {
	case n == 1:
		return text
	case text == "_":
		return fmt.Sprintf("_x%d", n)
	default:
		return fmt.Sprintf("%sx%d", text, n-1)
	}
}

// growing returns promtool's text of n evenly growing values.
func growing(from, slope float64, n int) string {
	switch {
	case n == 1 || slope == 0:
		return times(number(from), n)
	case slope < 0:
		return fmt.Sprintf("%s-%sx%d", number(from), number(-slope), n-1)
	default:
		return fmt.Sprintf("%s+%sx%d", number(from), number(slope), n-1)
	}
}

// grown returns the buckets after n steps.
func grown(sum, shape []float64, n int) []float64 {
	out := make([]float64, len(shape))
	copy(out, sum)
	for i, v := range shape {
		out[i] += v * float64(n)
	}
	return out
}

// native returns a histogram with buckets of the bounds 1, 2, 4, ….
func native(buckets []float64) string {
	var texts []string
	count, total := 0.0, 0.0
	for i, v := range buckets {
		count += v
		total += v * math.Exp2(float64(i))
		texts = append(texts, number(v))
	}
	return fmt.Sprintf("{{schema:0 sum:%s count:%s buckets:[%s]}}", number(total), number(count), strings.Join(texts, " "))
}

func number(v float64) string { return strconv.FormatFloat(round(v), 'f', -1, 64) }

// round removes the rounding errors of sums.
func round(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return v
	}
	out, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 10, 64), 64)
	return out
}
