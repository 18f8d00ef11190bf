package testfile

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// lookback is the time for which Prometheus uses a value without a newer one.
const lookback = 5 * time.Minute

// Ended is a series that has ended before a moment of a test. In production the
// series would continue, or a stale marker would end it.
type Ended struct {
	Test   string
	Series string
	Last   time.Duration // time of its last value
	At     time.Duration // first moment after Last
	Fires  bool          // an alert is expected to fire at At
}

// String returns the finding as one sentence.
func (e Ended) String() string {
	reason := "by then it is gone, and only a longer range would see it"
	switch after := e.At - e.Last; {
	case after < lookback && e.Fires:
		reason = "it fires by the lookback only"
	case after < lookback:
		reason = "it is seen by the lookback only"
	}
	return fmt.Sprintf("scenario %q, at %s: the values of %s end at %s: %s: let the series go on, or end it with `stale`",
		e.Test, model.Duration(e.At), e.Series, model.Duration(e.Last), reason)
}

// Lookback returns the series of a test that end more than an interval before a
// moment of the test, without a stale marker or a gap. It ignores values that
// do not parse; loading the test reports them.
func Lookback(t Test) []Ended {
	p := parser.NewParser(parser.Options{})
	moments := t.moments()
	var out []Ended
	for _, s := range t.Series {
		_, values, err := p.ParseSeriesDesc(s.Series + " " + s.Values)
		if err != nil || len(values) == 0 {
			continue
		}
		if endsStale(values) {
			continue
		}
		// An explicit gap is intended, as far as it extends.
		end := time.Duration(len(values)-1) * time.Duration(t.Interval)
		i := slices.IndexFunc(moments, func(m moment) bool { return m.at > end+time.Duration(t.Interval) })
		if i >= 0 {
			out = append(out, Ended{Test: t.Name, Series: s.Series, Last: end, At: moments[i].at, Fires: moments[i].fires})
		}
	}
	return out
}

// endsStale reports whether the last value, without gaps, is a stale marker.
func endsStale(values []parser.SequenceValue) bool {
	for _, v := range slices.Backward(values) {
		if !v.Omitted {
			return v.Histogram == nil && value.IsStaleNaN(v.Value)
		}
	}
	return true // the series never had a value
}

// moment is a time at which a test has an expectation.
type moment struct {
	at    time.Duration
	fires bool
}

// moments returns the moments of the test, in order.
func (t Test) moments() []moment {
	var out []moment
	for _, c := range t.Alerts {
		out = append(out, moment{time.Duration(c.At), len(c.Expected) > 0})
	}
	for _, c := range t.Exprs {
		out = append(out, moment{time.Duration(c.At), false})
	}
	slices.SortStableFunc(out, func(a, b moment) int { return int(a.at - b.at) })
	return out
}
