package pipelinetest

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"github.com/alertnative/preflight/internal/proof/memstore"
)

// store holds the samples of Prometheus.
type store struct {
	mu  sync.Mutex
	set *memstore.Set
	run int
	// runs has, for each series, the run of Prometheus that wrote its last
	// stretch.
	runs map[*memstore.Series]int
	// version counts the unexpected changes of series.
	version int
	// changed is called when a series changes its value.
	changed func(series string, at time.Time)
}

const forever = memstore.Forever

var stale = math.Float64frombits(value.StaleNaN)

func newStore(changed func(series string, at time.Time)) *store {
	return &store{set: memstore.NewSet(), runs: map[*memstore.Series]int{}, changed: changed}
}

// replace replaces the samples of a series from the start of st on.
func (s *store) replace(l labels.Labels, st memstore.Stretch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	x := s.set.Series(l)
	x.Cut(st.From)
	s.add(x, st, 0)
}

func (s *store) add(x *memstore.Series, st memstore.Stretch, run int) {
	x.Stretches = append(x.Stretches, st)
	s.runs[x] = run
}

// hold sets a series to a constant value from a time on, in every scrape.
func (s *store) hold(l labels.Labels, from, every int64, v float64) { s.grow(l, from, every, v, 0) }

// grow sets a series to a value that grows every millisecond.
func (s *store) grow(l labels.Labels, from, every int64, v, growth float64) {
	s.replace(l, memstore.Stretch{From: from, Every: every, Until: forever, Value: v, Growth: growth})
}

// end marks the series as stale.
func (s *store) end(l labels.Labels, at int64) {
	s.replace(l, memstore.Stretch{From: at, Every: 1, Until: at + 1, Value: stale})
}

// pause stops the scrapes of the series without a staleness marker.
func (s *store) pause(l labels.Labels, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.set.Series(l).Cut(at)
}

func (s *store) currentVersion() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// restart starts a new process of the rule engine. Its samples do not continue
// those of the process before.
func (s *store) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run++
}

// append adds a sample of a series that is sampled at an interval. If the value
// equals the previous one, it also fills in the samples of skipped evaluations.
func (s *store) append(l labels.Labels, at, every int64, v float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.set.Series(l)
	if n := len(x.Stretches); n > 0 {
		last := &x.Stretches[n-1]
		regular := s.runs[x] == s.run && last.Every == every && (at-last.From)%every == 0 && at-last.Until <= coarse.Milliseconds()
		if regular && math.Float64bits(last.Value) == math.Float64bits(v) {
			last.Until = at + 1
			return
		}
		if value.IsStaleNaN(last.Value) && value.IsStaleNaN(v) {
			return
		}
	}
	s.version++
	s.add(x, memstore.Stretch{From: at, Every: every, Until: at + 1, Value: v}, s.run)
	s.changed(l.Get(model.MetricNameLabel), time.UnixMilli(at))
}

// Querier implements [storage.Queryable].
func (s *store) Querier(mint, maxt int64) (storage.Querier, error) {
	return memstore.NewQuerier(mint, maxt, s.find), nil
}

func (s *store) find(ctx context.Context, hints *storage.SelectHints, matchers []*labels.Matcher) []storage.Series {
	s.mu.Lock()
	defer s.mu.Unlock()
	asker, _ := ctx.Value(patienceKey{}).(*patience)
	var out []storage.Series
	for _, x := range s.set.Select(matchers) {
		if asker != nil {
			asker.note(x, hints)
		}
		if list := enough(hints, x.Between(hints.Start, hints.End)); len(list) > 0 {
			out = append(out, memstore.Entry(x.Labels, list))
		}
	}
	return out
}

// enough drops samples that the querying function ignores. Most functions read
// every sample; some read only the last one or the changes.
func enough(hints *storage.SelectHints, list []memstore.Stretch) []memstore.Stretch {
	switch hints.Func {
	case "last_over_time", "absent_over_time", "present_over_time":
		for i := len(list) - 1; i >= 0; i-- {
			if st := list[i]; !value.IsStaleNaN(st.Value) {
				return []memstore.Stretch{st.After(st.Last())}
			}
		}
		return nil
	case "changes":
		for i := range list {
			if list[i].Growth == 0 {
				list[i].Until = min(list[i].Until, list[i].From+1)
			}
		}
	}
	return list
}

// AppenderV2 implements [storage.AppendableV2] for the results of rules.
func (s *store) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &appender{store: s, every: groupOf(ctx).interval.Milliseconds()}
}

type appender struct {
	store   *store
	every   int64
	pending []func()
}

func (a *appender) Append(_ storage.SeriesRef, l labels.Labels, _, t int64, v float64, _ *histogram.Histogram, _ *histogram.FloatHistogram, _ storage.AppendV2Options) (storage.SeriesRef, error) {
	a.pending = append(a.pending, func() { a.store.append(l, t, a.every, v) })
	return 0, nil
}

func (a *appender) Commit() error {
	for _, do := range a.pending {
		do()
	}
	return nil
}

func (a *appender) Rollback() error { return nil }
