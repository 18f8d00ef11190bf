// Package memstore keeps series in memory for Prometheus's engine. A series is
// a list of stretches: a value and the regular times of its samples. Samples
// are created when a query reads them, so a day of scrapes needs memory only
// for its changes.
package memstore

import (
	"math"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Forever is the end of a stretch that never ends.
const Forever = math.MaxInt64

// Stretch is a run of samples at From, From+Every, … before Until, in
// milliseconds. They are equal or grow evenly. A histogram has a stretch of its
// own.
type Stretch struct {
	From, Every, Until int64
	Value              float64                   // value at From
	Growth             float64                   // increase in each millisecond
	Histogram          *histogram.FloatHistogram // replaces the value
}

// At returns the value at a time.
func (s Stretch) At(t int64) float64 {
	if s.Growth == 0 {
		return s.Value
	}
	return s.Value + s.Growth*float64(t-s.From)
}

// After returns the stretch without the samples before from. It must have a
// sample at from.
func (s Stretch) After(from int64) Stretch {
	s.Value, s.From = s.At(from), from
	return s
}

// Len returns the number of samples.
func (s Stretch) Len() int { return int((s.Until - s.From + s.Every - 1) / s.Every) }

// Last returns the time of the last sample.
func (s Stretch) Last() int64 { return s.From + int64(s.Len()-1)*s.Every }

// Series is a series with labels and samples.
type Series struct {
	Labels    labels.Labels
	Stretches []Stretch // in order, not overlapping
}

// Clone returns an independent copy.
func (x *Series) Clone() *Series {
	return &Series{Labels: x.Labels, Stretches: slices.Clone(x.Stretches)}
}

// Cut removes the samples at and after a time.
func (x *Series) Cut(at int64) {
	for n := len(x.Stretches); n > 0; n-- {
		last := &x.Stretches[n-1]
		if last.From < at {
			last.Until = min(last.Until, at)
			return
		}
		x.Stretches = x.Stretches[:n-1]
	}
}

// Between returns the stretches with samples between mint and maxt, cut to that
// range.
func (x *Series) Between(mint, maxt int64) []Stretch {
	end := sort.Search(len(x.Stretches), func(i int) bool { return x.Stretches[i].From > maxt })
	begin := end
	for begin > 0 {
		begin--
		if x.Stretches[begin].From <= mint {
			break
		}
	}
	if begin == end {
		return nil
	}
	out := make([]Stretch, 0, end-begin)
	for _, st := range x.Stretches[begin:end] {
		if maxt < Forever {
			st.Until = min(st.Until, maxt+1)
		}
		if st.From < mint {
			st = st.After(st.From + (mint-st.From+st.Every-1)/st.Every*st.Every)
		}
		if st.From < st.Until {
			out = append(out, st)
		}
	}
	return out
}

// Put adds a sample, or a histogram if h is set. A different value at the same
// time is [storage.ErrDuplicateSampleForTimestamp].
func (x *Series) Put(t int64, v float64, h *histogram.FloatHistogram) error {
	i := sort.Search(len(x.Stretches), func(i int) bool { return x.Stretches[i].Until > t })
	if i < len(x.Stretches) && x.Stretches[i].From <= t {
		st := x.Stretches[i]
		if (t-st.From)%st.Every == 0 {
			if h == nil && st.Histogram == nil && same(st.At(t), v) {
				return nil
			}
			return storage.ErrDuplicateSampleForTimestamp
		}
		// A sample between two others splits the stretch.
		rest := st.After(st.From + ((t-st.From)/st.Every+1)*st.Every)
		x.Stretches[i].Until = t
		i++
		if rest.From < rest.Until {
			x.Stretches = slices.Insert(x.Stretches, i, rest)
		}
	}
	if i > 0 && h == nil && x.Stretches[i-1].take(t, v) {
		return nil
	}
	st := Stretch{From: t, Every: 1, Until: t + 1, Value: v}
	if h != nil {
		var before *histogram.FloatHistogram
		if i > 0 {
			before = x.Stretches[i-1].Histogram
		}
		st.Histogram = hinted(h, before)
	}
	x.Stretches = slices.Insert(x.Stretches, i, st)
	return nil
}

// take adds a later sample to the stretch if the sample continues it.
func (s *Stretch) take(t int64, v float64) bool {
	if s.Histogram != nil || s.Growth != 0 || !same(s.Value, v) {
		return false
	}
	switch {
	case s.Len() == 1:
		s.Every = t - s.From
	case t-s.Last() != s.Every:
		return false
	}
	s.Until = t + 1
	return true
}

// same reports whether two values have the same bits, so NaN and the stale
// marker equal themselves.
func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// hinted returns a copy of a histogram with the counter reset hint that
// Prometheus's storage would set.
func hinted(h, before *histogram.FloatHistogram) *histogram.FloatHistogram {
	h = h.Copy()
	switch {
	case h.CounterResetHint == histogram.GaugeType:
	case before != nil && !h.DetectReset(before):
		h.CounterResetHint = histogram.NotCounterReset
	default:
		h.CounterResetHint = histogram.UnknownCounterReset
	}
	return h
}
