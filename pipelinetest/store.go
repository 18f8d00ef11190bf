package pipelinetest

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// store is what Prometheus remembers. A series is not a list of samples but of
// steps: a value and the regular instants at which it was taken. The samples
// are only made when a query asks for them, so that a day of scrapes costs no
// more than what changed in it.
type store struct {
	mu     sync.Mutex
	byName map[string][]*series // sorted by labels
	byKey  map[string]*series
	run    int
	// version counts what was different from what was expected of the series.
	version int
	// changed is told when a series takes another value.
	changed func(series string, at time.Time)
}

type series struct {
	labels labels.Labels
	steps  []step // in order, not overlapping
}

// step is a run of samples: at from, from+every, … before until.
type step struct {
	from, every, until int64 // milliseconds
	value              float64
	run                int // of Prometheus, in which a rule gave it
}

const forever = math.MaxInt64

var stale = math.Float64frombits(value.StaleNaN)

func newStore(changed func(series string, at time.Time)) *store {
	return &store{byName: map[string][]*series{}, byKey: map[string]*series{}, changed: changed}
}

// series returns the series with those labels, a new one if there is none.
func (s *store) series(l labels.Labels) *series {
	key := string(l.Bytes(nil))
	if x, ok := s.byKey[key]; ok {
		return x
	}
	x := &series{labels: l}
	s.byKey[key] = x
	name := l.Get(model.MetricNameLabel)
	list := s.byName[name]
	i, _ := slices.BinarySearchFunc(list, x, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	s.byName[name] = slices.Insert(list, i, x)
	return x
}

// hold lets the series have the value from an instant on, in every scrape.
func (s *store) hold(l labels.Labels, from, every int64, v float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	x := s.series(l)
	x.cut(from)
	x.steps = append(x.steps, step{from: from, every: every, until: forever, value: v})
}

// end marks the series as stale at an instant.
func (s *store) end(l labels.Labels, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	x := s.series(l)
	x.cut(at)
	x.steps = append(x.steps, step{from: at, every: 1, until: at + 1, value: stale})
}

// pause lets nothing be taken of the series any more, and marks nothing.
func (s *store) pause(l labels.Labels, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.series(l).cut(at)
}

func (s *store) currentVersion() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// restart says that rules are evaluated by another process from now on: what
// comes is no continuation.
func (s *store) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.run++
}

// cut takes away the samples from an instant on.
func (x *series) cut(at int64) {
	for n := len(x.steps); n > 0; n-- {
		last := &x.steps[n-1]
		if last.from < at {
			last.until = min(last.until, at)
			return
		}
		x.steps = x.steps[:n-1]
	}
}

// append adds one sample, which is taken anew every so often. Samples that
// were left out between two equal ones, because nothing could change, are
// taken as if they were there.
func (s *store) append(l labels.Labels, at, every int64, v float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.series(l)
	if n := len(x.steps); n > 0 {
		last := &x.steps[n-1]
		regular := last.run == s.run && last.every == every && (at-last.from)%every == 0 && at-last.until <= coarse.Milliseconds()
		if regular && math.Float64bits(last.value) == math.Float64bits(v) {
			last.until = at + 1
			return
		}
		if value.IsStaleNaN(last.value) && value.IsStaleNaN(v) {
			return
		}
	}
	s.version++
	x.steps = append(x.steps, step{from: at, every: every, until: at + 1, value: v, run: s.run})
	s.changed(l.Get(model.MetricNameLabel), time.UnixMilli(at))
}

// Querier implements [storage.Queryable].
func (s *store) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{store: s, mint: mint, maxt: maxt}, nil
}

type querier struct {
	store      *store
	mint, maxt int64
}

// Select implements [storage.Querier].
func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = hints.Start, hints.End
	}
	q.store.mu.Lock()
	defer q.store.mu.Unlock()
	set := &seriesSet{}
	asker, _ := ctx.Value(patienceKey{}).(*patience)
	for _, x := range q.store.candidates(matchers) {
		if !matches(x.labels, matchers) {
			continue
		}
		if asker != nil {
			asker.note(x, hints)
		}
		if steps := enough(hints, x.between(mint, maxt)); len(steps) > 0 {
			set.list = append(set.list, &storage.SeriesEntry{
				Lset: x.labels, SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator { return storage.NewListSeriesIterator(newSamples(steps)) },
			})
		}
	}
	return set
}

// candidates are the series that can match, sorted.
func (s *store) candidates(matchers []*labels.Matcher) []*series {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return s.byName[m.Value]
		}
	}
	var all []*series
	for _, list := range s.byName {
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b *series) int { return labels.Compare(a.labels, b.labels) })
	return all
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// between returns the steps that have samples in a time, cut to it.
func (x *series) between(mint, maxt int64) []step {
	var out []step
	for i := len(x.steps) - 1; i >= 0; i-- {
		st := x.steps[i]
		st.until = min(st.until, maxt+1)
		if st.from < mint {
			st.from += (mint - st.from + st.every - 1) / st.every * st.every
		}
		if st.from < st.until {
			out = append(out, st)
		}
		if x.steps[i].from <= mint {
			break
		}
	}
	slices.Reverse(out)
	return out
}

// enough leaves out the samples that make no difference to the function that
// asks for them: most look at every one, but some only at the last, or at where
// the value changes.
func enough(hints *storage.SelectHints, steps []step) []step {
	if hints == nil {
		return steps
	}
	switch hints.Func {
	case "last_over_time", "absent_over_time", "present_over_time":
		for i := len(steps) - 1; i >= 0; i-- {
			if st := steps[i]; !value.IsStaleNaN(st.value) {
				st.from += int64(st.len()-1) * st.every
				return []step{st}
			}
		}
		return nil
	case "changes":
		for i := range steps {
			steps[i].until = min(steps[i].until, steps[i].from+1)
		}
	}
	return steps
}

func (q *querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q *querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q *querier) Close() error { return nil }

type seriesSet struct {
	list []storage.Series
	next int
}

func (s *seriesSet) Next() bool                        { s.next++; return s.next <= len(s.list) }
func (s *seriesSet) At() storage.Series                { return s.list[s.next-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// samples are those of steps, made one at a time when they are looked at.
type samples struct {
	steps []step
	n     int
	now   sampled // what Get returned last, in step number at, whose first sample is number first
	at    int
	first int
}

func newSamples(steps []step) *samples {
	s := &samples{steps: steps}
	for _, st := range steps {
		s.n += st.len()
	}
	return s
}

// Len implements [storage.Samples].
func (s *samples) Len() int { return s.n }

// Get implements [storage.Samples]. What it returns is good until the next call.
func (s *samples) Get(i int) chunks.Sample {
	if i < s.first {
		s.at, s.first = 0, 0
	}
	for n := s.steps[s.at].len(); i-s.first >= n; n = s.steps[s.at].len() {
		s.first += n
		s.at++
	}
	st := &s.steps[s.at]
	s.now = sampled{st.from + int64(i-s.first)*st.every, st.value}
	return &s.now
}

func (s *step) len() int { return int((s.until - s.from + s.every - 1) / s.every) }

// sampled implements [chunks.Sample] for a number.
type sampled struct {
	t int64
	v float64
}

func (s *sampled) ST() int64                     { return 0 }
func (s *sampled) T() int64                      { return s.t }
func (s *sampled) F() float64                    { return s.v }
func (s *sampled) H() *histogram.Histogram       { return nil }
func (s *sampled) FH() *histogram.FloatHistogram { return nil }
func (s *sampled) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s *sampled) Copy() chunks.Sample           { c := *s; return &c }

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
