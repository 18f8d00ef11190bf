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
)

// memo answers a query as the time before, while every series that it looked
// at stays as it was. Most evaluations look at what did not change.
type memo struct {
	store *store
	query rules.QueryFunc

	mu   sync.Mutex
	kept map[string]answer
}

// answer is what a query gave.
type answer struct {
	vector  promql.Vector
	version int   // of the store
	until   int64 // milliseconds
}

// clocked are queries that give something else at another time although their
// series stay the same, or look at another time than the present.
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

// patience is until when the series that a query looks at stay as they are.
type patience struct{ until int64 }

type patienceKey struct{}

// note lowers it to what holds for a series.
func (p *patience) note(x *series, hints *storage.SelectHints) {
	p.until = min(p.until, x.steady(hints))
}

// steady returns until when a selection of the series gives the same: at least
// the present moment.
func (x *series) steady(hints *storage.SelectHints) int64 {
	now, next := hints.End, int64(forever)
	i := len(x.steps) - 1
	for ; i >= 0 && x.steps[i].from > now; i-- {
		next = x.steps[i].from - 1
	}
	window := hints.Range
	switch {
	case i < 0:
		return next
	case window == 0:
		window = lookback.Milliseconds()
		if value.IsStaleNaN(x.steps[i].value) {
			return next
		}
	case slices.Contains([]string{"last_over_time", "absent_over_time", "present_over_time"}, hints.Func):
		for i >= 0 && value.IsStaleNaN(x.steps[i].value) {
			i--
		}
		if i < 0 {
			return next
		}
	case slices.Contains([]string{"rate", "increase", "irate", "delta", "idelta", "changes", "resets"}, hints.Func):
		// Nothing, as long as no change is in the window.
		alone := i == 0 || x.steps[i-1].until <= hints.Start
		if st := x.steps[i]; !alone || value.IsStaleNaN(st.value) || st.until <= now || now-max(st.from, hints.Start) < 2*st.every {
			return now
		}
	default:
		return now
	}
	st := x.steps[i]
	if st.until > now { // it goes on
		return min(next, st.until-1)
	}
	last := st.from + int64(st.len()-1)*st.every
	if gone := last + window - 1; gone >= now {
		return min(next, gone)
	}
	return next
}
