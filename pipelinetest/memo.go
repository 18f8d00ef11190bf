package pipelinetest

import (
	"context"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"

	"github.com/alertnative/preflight/internal/proof/memstore"
)

// memo caches the results of queries as long as the series that they read do
// not change. Most evaluations read unchanged series.
type memo struct {
	store *store
	query rules.QueryFunc

	mu   sync.Mutex
	kept map[string]answer
}

// answer is a cached result.
type answer struct {
	vector  promql.Vector
	version int   // version of the store
	until   int64 // valid until then, in milliseconds
}

// clocked matches queries whose result depends on the time of evaluation, even
// if their series do not change.
var clocked = regexp.MustCompile(`\b(time|timestamp|minute|hour|day_of_\w+|days_in_month|month|year|predict_linear|deriv)\(|\boffset\b|@|:[^\]"]*\]`)

func newMemo(s *store, query rules.QueryFunc) *memo {
	return &memo{store: s, query: query, kept: map[string]answer{}}
}

// Query implements [rules.QueryFunc].
func (m *memo) Query(ctx context.Context, q string, at time.Time) (promql.Vector, error) {
	if clocked.MatchString(q) {
		return m.query(ctx, q, at)
	}
	ms, version := at.UnixMilli(), m.store.currentVersion()
	m.mu.Lock()
	a, ok := m.kept[q]
	m.mu.Unlock()
	if !ok || a.version != version || ms > a.until {
		p := &patience{until: forever}
		vector, err := m.query(context.WithValue(ctx, patienceKey{}, p), q, at)
		if err != nil {
			return nil, err
		}
		a = answer{vector, version, p.until}
		m.mu.Lock()
		m.kept[q] = a
		m.mu.Unlock()
	}
	vector := slices.Clone(a.vector)
	for i := range vector {
		vector[i].T = ms
	}
	return vector, nil
}

// patience is the time until which the series of a query do not change.
type patience struct{ until int64 }

type patienceKey struct{}

// note lowers p to the time until which a series does not change.
func (p *patience) note(x *memstore.Series, hints *storage.SelectHints) {
	p.until = min(p.until, steady(x, hints))
}

// steady returns the time until which a selection of the series gives the same
// samples. It is at least now.
func steady(x *memstore.Series, hints *storage.SelectHints) int64 {
	now, next := hints.End, int64(forever)
	i := len(x.Stretches) - 1
	for ; i >= 0 && x.Stretches[i].From > now; i-- {
		next = x.Stretches[i].From - 1
	}
	window := hints.Range
	switch {
	case i < 0:
		return next
	case grows(x, i, hints.Start):
		return now
	case window == 0:
		window = lookback.Milliseconds()
		if value.IsStaleNaN(x.Stretches[i].Value) {
			return next
		}
	case slices.Contains([]string{"last_over_time", "absent_over_time", "present_over_time"}, hints.Func):
		for i >= 0 && value.IsStaleNaN(x.Stretches[i].Value) {
			i--
		}
		if i < 0 {
			return next
		}
	case slices.Contains([]string{"rate", "increase", "irate", "delta", "idelta", "changes", "resets"}, hints.Func):
		// The selection stays empty until a change enters the window.
		alone := i == 0 || x.Stretches[i-1].Until <= hints.Start
		if st := x.Stretches[i]; !alone || value.IsStaleNaN(st.Value) || st.Until <= now || now-max(st.From, hints.Start) < 2*st.Every {
			return now
		}
	default:
		return now
	}
	st := x.Stretches[i]
	if st.Until > now { // the stretch continues
		return min(next, st.Until-1)
	}
	last := st.Last()
	if gone := last + window - 1; gone >= now {
		return min(next, gone)
	}
	return next
}

// grows reports whether the series grows in one of its stretches up to number
// i, since the given time.
func grows(x *memstore.Series, i int, since int64) bool {
	for ; i >= 0 && x.Stretches[i].Until > since; i-- {
		if x.Stretches[i].Growth != 0 {
			return true
		}
	}
	return false
}
