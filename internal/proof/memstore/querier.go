package memstore

import (
	"context"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Find returns the series that a query selects, ordered by labels. hints is
// never nil.
type Find func(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) []storage.Series

// NewQuerier returns a querier for the series that find returns.
func NewQuerier(mint, maxt int64, find Find) storage.Querier { return querier{mint, maxt, find} }

type querier struct {
	mint, maxt int64
	find       Find
}

// Select implements [storage.Querier].
func (q querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints == nil {
		hints = &storage.SelectHints{Start: q.mint, End: q.maxt}
	}
	return &seriesSet{list: q.find(ctx, hints, matchers)}
}

func (q querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q querier) Close() error { return nil }

type seriesSet struct {
	list []storage.Series
	next int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.list) }
func (s *seriesSet) At() storage.Series                { return s.list[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// Entry returns a series with these stretches for a query.
func Entry(l labels.Labels, stretches []Stretch) storage.Series {
	return &storage.SeriesEntry{Lset: l, SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator {
		return storage.NewListSeriesIterator(newSamples(stretches))
	}}
}

// samples creates the samples of stretches one at a time, on demand.
type samples struct {
	stretches []Stretch
	n         int
	now       sample // last result of Get
	at        int    // its stretch, whose samples have the indexes first to end-1
	first     int
	end       int
}

func newSamples(stretches []Stretch) *samples {
	s := &samples{stretches: stretches}
	for _, st := range stretches {
		s.n += st.Len()
	}
	if len(stretches) > 0 {
		s.end = stretches[0].Len()
	}
	return s
}

// Len implements [storage.Samples].
func (s *samples) Len() int { return s.n }

// Get implements [storage.Samples]. Its result is valid until the next call.
func (s *samples) Get(i int) chunks.Sample {
	for i < s.first {
		s.at--
		s.end = s.first
		s.first -= s.stretches[s.at].Len()
	}
	for i >= s.end {
		s.at++
		s.first = s.end
		s.end += s.stretches[s.at].Len()
	}
	st := &s.stretches[s.at]
	at := st.From + int64(i-s.first)*st.Every
	s.now = sample{at, st.At(at), st.Histogram}
	return &s.now
}

// sample implements [chunks.Sample].
type sample struct {
	t int64
	v float64
	h *histogram.FloatHistogram
}

func (s *sample) ST() int64               { return 0 }
func (s *sample) T() int64                { return s.t }
func (s *sample) F() float64              { return s.v }
func (s *sample) H() *histogram.Histogram { return nil }
func (s *sample) Copy() chunks.Sample     { c := *s; return &c }

// FH returns a copy: functions change the histograms that they read, which
// other queries read too.
func (s *sample) FH() *histogram.FloatHistogram { return s.h.Copy() }

func (s *sample) Type() chunkenc.ValueType {
	if s.h != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}
