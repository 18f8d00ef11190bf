package checker

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/metrics/desc"
)

// errOtherShape ends the errors of a run that has no place in the file.
var errOtherShape = errors.New("its counts cannot be continued: give each version a file of its own (--metrics-output), or move this file away")

func typeOf(d desc.Desc) exposition.Type {
	switch d.Type {
	case desc.Counter:
		return exposition.Counter
	case desc.Histogram:
		return exposition.Histogram
	default:
		return exposition.Gauge
	}
}

// sharedType returns the type of a family that another version may have written
// with another type. A counter is counted in a gauge too.
func (m *merger) sharedType(d desc.Desc, before *exposition.Family) (exposition.Type, error) {
	own := typeOf(d)
	switch there := before.Type; {
	case there == own:
	case there == exposition.Untyped && d.Type != desc.Histogram: // the file lacks the TYPE
	case there == exposition.Gauge && d.Type == desc.Counter:
		m.note("%s stays a gauge as in the file, which another version wrote", d.Name)
		return there, nil
	default:
		return own, fmt.Errorf("%s is a %s in the file, and a %s in this version: %w", d.Name, there, d.Type, errOtherShape)
	}
	return own, nil
}

// countable reports whether a count may continue from a series. An edited file
// may hold any value, and NaN would stay forever.
func countable(s exposition.Series) bool {
	h := distribution(s)
	v := s.Value + h.Sum
	if !(v >= 0) || math.IsInf(v, 0) {
		return false
	}
	last := exposition.Point{At: math.Inf(-1)}
	for i, b := range h.Points {
		ascends := i == 0 || b.At > last.At
		if !ascends || math.IsNaN(b.At) || !(b.Value >= last.Value) {
			return false
		}
		last = b
	}
	return last.Value <= h.Count && h.Count < 1<<62
}

// distribution returns the histogram of a series, or an empty one.
func distribution(s exposition.Series) exposition.Distribution {
	if s.Dist == nil {
		return exposition.Distribution{}
	}
	return *s.Dist
}

// sum returns before plus now, which have the same type and buckets.
func sum(before, now exposition.Series) (exposition.Series, error) {
	before.Value += now.Value
	if before.Dist == nil {
		return before, nil
	}
	h, err := rebucket(*now.Dist, before.Dist.Points)
	if err != nil {
		return before, err
	}
	h.Count += before.Dist.Count
	h.Sum += before.Dist.Sum
	for i, b := range before.Dist.Points {
		h.Points[i].Value += b.Value
	}
	before.Dist = &h
	return before, nil
}

// inShape returns a series of the run with the buckets of the file. A nil layout
// changes no buckets.
func inShape(s exposition.Series, layout []exposition.Point) (exposition.Series, error) {
	if s.Dist == nil || layout == nil {
		return s, nil
	}
	h, err := rebucket(*s.Dist, layout)
	s.Dist = &h
	return s, err
}

// rebucket returns a histogram of a run with other bounds. A run observes a
// series once, so the sum is the observed value.
func rebucket(h exposition.Distribution, layout []exposition.Point) (exposition.Distribution, error) {
	out := exposition.Distribution{Count: h.Count, Sum: h.Sum, Points: make([]exposition.Point, len(layout))}
	for i, l := range layout {
		n := 0.0
		same := slices.IndexFunc(h.Points, func(b exposition.Point) bool { return b.At == l.At })
		switch {
		case same >= 0:
			n = h.Points[same].Value
		case math.IsInf(l.At, 1), h.Count == 1 && h.Sum <= l.At:
			n = h.Count
		case h.Count > 1:
			return out, fmt.Errorf("the file has other buckets: %w", errOtherShape)
		}
		out.Points[i] = exposition.Point{At: l.At, Value: n}
	}
	return out, nil
}

// sameBuckets ignores +Inf, which is in the file but not in the description.
func sameBuckets(d desc.Desc, s exposition.Series) bool {
	var bounds []float64
	for _, b := range s.Dist.Points {
		if !math.IsInf(b.At, 1) {
			bounds = append(bounds, b.At)
		}
	}
	return slices.Equal(bounds, d.Buckets)
}
