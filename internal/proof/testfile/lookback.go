package testfile

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// lookback is how long Prometheus sees a value after which none comes.
const lookback = 5 * time.Minute

// Ended is a series that a test looks at after its last value. In production
// such a series goes on, or a stale marker ends it.
type Ended struct {
	Test   string
	Series string
	Last   time.Duration // when its values end
	At     time.Duration // the first moment that comes after them
	Fires  bool          // whether an alert is expected to fire then
}

// String returns the finding in one sentence.
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

// Lookback returns the series of a test that end, by neither a stale marker
// nor a gap, more than an interval before a moment that the test looks at.
// Values that do not parse are left to those who load the test.
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
		// A gap that is written is meant, as far as it goes.
		end := time.Duration(len(values)-1) * time.Duration(t.Interval)
		i := slices.IndexFunc(moments, func(m moment) bool { return m.at > end+time.Duration(t.Interval) })
		if i >= 0 {
			out = append(out, Ended{Test: t.Name, Series: s.Series, Last: end, At: moments[i].at, Fires: moments[i].fires})
		}
	}
	return out
}

// endsStale reports whether the last value is a stale marker, gaps aside.
func endsStale(values []parser.SequenceValue) bool {
	for _, v := range slices.Backward(values) {
		if !v.Omitted {
			return v.Histogram == nil && value.IsStaleNaN(v.Value)
		}
	}
	return true // there never was a value
}

// moment is when a test looks, and whether it expects something.
type moment struct {
	at    time.Duration
	fires bool
}

// moments returns when the test looks, in order.
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
