package ruletest

import (
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/alertnative/preflight/internal/proof/memstore"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// parseSeries reads a series in promtool's notation and counts its samples.
func parseSeries(p parser.Parser, in testfile.Line, start, step int64) (*memstore.Series, int, error) {
	lset, values, err := p.ParseSeriesDesc(in.Text)
	if err != nil {
		return nil, 0, fmt.Errorf("series %s: %w", in.Series, err)
	}
	s := &memstore.Series{Labels: lset}
	n := 0
	for i, v := range values {
		if v.Omitted {
			continue
		}
		n++
		if v.Histogram != nil {
			if err := v.Histogram.Validate(); err != nil {
				return nil, 0, fmt.Errorf("series %s: %w", in.Series, err)
			}
		}
		if err := s.Put(start+int64(i)*step, v.Value, v.Histogram); err != nil {
			return nil, 0, fmt.Errorf("series %s: %w", in.Series, err)
		}
	}
	return s, n, nil
}

// store holds the series of one run: the input series, which many runs share,
// and the series that rules have written. Queries see no sample after now.
type store struct {
	now   int64
	input *memstore.Set
	own   *memstore.Set
}

func newStore(input *memstore.Set) *store { return &store{input: input, own: memstore.NewSet()} }

// Querier implements [storage.Queryable].
func (s *store) Querier(mint, maxt int64) (storage.Querier, error) {
	return memstore.NewQuerier(mint, maxt, s.find), nil
}

func (s *store) find(_ context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) []storage.Series {
	found := s.own.Select(matchers)
	for _, x := range s.input.Select(matchers) {
		if s.own.Find(x.Labels) == nil { // else own holds the merged series
			found = append(found, x)
		}
	}
	slices.SortFunc(found, func(a, b *memstore.Series) int { return labels.Compare(a.Labels, b.Labels) })
	var out []storage.Series
	for _, x := range found {
		if list := x.Between(hints.Start, min(hints.End, s.now)); len(list) > 0 {
			out = append(out, memstore.Entry(x.Labels, list))
		}
	}
	return out
}

// AppenderV2 implements [storage.AppendableV2].
func (s *store) AppenderV2(context.Context) storage.AppenderV2 { return appender{s} }

// appender writes at once, because no query runs during a transaction.
type appender struct{ *store }

func (a appender) Commit() error   { return nil }
func (a appender) Rollback() error { return nil }

func (a appender) Append(_ storage.SeriesRef, ls labels.Labels, _, t int64, v float64, _ *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	if fh != nil {
		if err := fh.Validate(); err != nil {
			return 0, err // a histogram with negative counts cannot be stored
		}
	}
	s := a.own.Find(ls)
	if s == nil {
		// An input series may have the labels of a recorded one. The run merges
		// both.
		if given := a.input.Find(ls); given != nil {
			s = given.Clone()
			a.own.Add(s)
		} else {
			s = a.own.Series(ls)
		}
	}
	return 1, s.Put(t, v, fh)
}
