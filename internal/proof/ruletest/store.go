package ruletest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// sample is a float, or a histogram when h is set.
type sample struct {
	t int64 // milliseconds
	f float64
	h *histogram.FloatHistogram
}

func (s sample) ST() int64                     { return 0 }
func (s sample) T() int64                      { return s.t }
func (s sample) F() float64                    { return s.f }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return s.h }
func (s sample) Type() chunkenc.ValueType {
	if s.h != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

func (s sample) Copy() chunks.Sample {
	if s.h != nil {
		s.h = s.h.Copy()
	}
	return s
}

type samples []sample

func (s samples) Get(i int) chunks.Sample { return s[i] }
func (s samples) Len() int                { return len(s) }

// until returns the samples up to t.
func (s samples) until(t int64) samples {
	if len(s) == 0 || s[len(s)-1].t <= t {
		return s
	}
	return s[:sort.Search(len(s), func(i int) bool { return s[i].t > t })]
}

type series struct {
	labels  labels.Labels
	samples samples
}

// parseSeries reads a series in promtool's notation.
func parseSeries(p parser.Parser, in testfile.Series, start, step int64) (*series, error) {
	lset, values, err := p.ParseSeriesDesc(in.Series + " " + in.Values)
	if err != nil {
		return nil, fmt.Errorf("series %s: %w", in.Series, err)
	}
	s := &series{labels: lset}
	for i, v := range values {
		if !v.Omitted {
			s.samples = append(s.samples, sample{start + int64(i)*step, v.Value, v.Histogram})
		}
	}
	return s, nil
}

// store is what one run sees: the input series, which many runs share, and
// what its rules have written. Nothing after now can be seen.
type store struct {
	now   int64
	input []*series
	own   []*series
	index map[string]*series // own, by labels
	names map[string]bool    // of the input series' metrics
}

// newStore returns a store over input series, whose metric names are names.
func newStore(input []*series, names map[string]bool) *store {
	return &store{input: input, names: names, index: map[string]*series{}}
}

// Querier implements storage.Queryable.
func (s *store) Querier(_, _ int64) (storage.Querier, error) { return querier{s}, nil }

// AppenderV2 implements storage.AppendableV2.
func (s *store) AppenderV2(context.Context) storage.AppenderV2 { return appender{s} }

// querier finds series by looking at all of them: a test has a few.
type querier struct{ *store }

func (q querier) Close() error { return nil }

func (q querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q querier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []*series
	for _, list := range [][]*series{q.input, q.own} {
		for _, s := range list {
			if matches(s.labels, matchers) {
				found = append(found, s)
			}
		}
	}
	if sorted {
		slices.SortFunc(found, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	}
	return &seriesSet{found: found, now: q.now}
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

type seriesSet struct {
	found []*series
	now   int64
	next  int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.found) }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }
func (s *seriesSet) At() storage.Series {
	found := s.found[s.next-1]
	return &storage.SeriesEntry{Lset: found.labels, SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator {
		return storage.NewListSeriesIterator(found.samples.until(s.now))
	}}
}

// appender writes at once: nothing reads between the two halves of a
// transaction.
type appender struct{ *store }

func (a appender) Commit() error   { return nil }
func (a appender) Rollback() error { return nil }

func (a appender) Append(_ storage.SeriesRef, ls labels.Labels, _, t int64, v float64, _ *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	key := string(ls.Bytes(nil))
	s := a.index[key]
	if s == nil {
		s = &series{labels: ls}
		a.adopt(s)
		a.own, a.index[key] = append(a.own, s), s
	}
	i := sort.Search(len(s.samples), func(i int) bool { return s.samples[i].t >= t })
	if i < len(s.samples) && s.samples[i].t == t {
		if old := s.samples[i]; fh == nil && old.h == nil && math.Float64bits(old.f) == math.Float64bits(v) {
			return 1, nil
		}
		return 0, storage.ErrDuplicateSampleForTimestamp
	}
	s.samples = slices.Insert(s.samples, i, sample{t, v, fh})
	return 1, nil
}

// adopt takes over an input series of the same labels: the test gives what a
// rule also writes.
func (a appender) adopt(s *series) {
	if !a.names[s.labels.Get(model.MetricNameLabel)] {
		return
	}
	i := slices.IndexFunc(a.input, func(in *series) bool { return labels.Equal(in.labels, s.labels) })
	if i < 0 {
		return
	}
	s.samples = slices.Clone(a.input[i].samples)
	a.input = slices.Delete(slices.Clone(a.input), i, i+1)
}
