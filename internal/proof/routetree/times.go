package routetree

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// years is the number of years from now in which time intervals are looked at:
// within 28 years, each day of the year falls on each weekday.
const years = 28

// Times are the time intervals of an Alertmanager.
type Times struct {
	Intervals  map[string][]timeinterval.TimeInterval // by name
	intervener *timeinterval.Intervener

	mu      sync.Mutex
	answers map[answer]bool
}

// NewTimes returns time intervals by name.
func NewTimes(intervals map[string][]timeinterval.TimeInterval) *Times {
	return &Times{Intervals: intervals, intervener: timeinterval.NewIntervener(intervals), answers: map[answer]bool{}}
}

// Never reports whether a route with these time intervals never sends anything.
func (t *Times) Never(mute, active []string) bool {
	return len(mute)+len(active) > 0 && t.always("never", mute, active, func(at time.Time) bool { return !t.sends(mute, active, at) })
}

// Idle reports whether a time interval contains no time.
func (t *Times) Idle(name string) bool {
	return t.always("idle", []string{name}, nil, func(at time.Time) bool { return !t.contains([]string{name}, at) })
}

// Full reports whether a time interval contains all times.
func (t *Times) Full(name string) bool {
	return t.always("full", []string{name}, nil, func(at time.Time) bool { return t.contains([]string{name}, at) })
}

// Silent reports whether a route with these time intervals sends nothing in a
// time interval of of.
func (t *Times) Silent(mute, active []string, of *Times, in string) bool {
	return t.with(of, "silent", mute, active, []string{in}, func(at time.Time) bool {
		return !of.contains([]string{in}, at) || !t.sends(mute, active, at)
	})
}

// Covered reports whether a route with these time intervals sends at all times
// but those in the given intervals of of.
func (t *Times) Covered(mute, active []string, of *Times, except []string) bool {
	return t.with(of, "covered", mute, active, except, func(at time.Time) bool {
		return t.sends(mute, active, at) || of.contains(except, at)
	})
}

func (t *Times) contains(names []string, at time.Time) bool {
	in, err := t.intervener.ContainsTime(names, at)
	return in && err == nil
}

// sends reports whether a route with these time intervals sends at a time.
func (t *Times) sends(mute, active []string, at time.Time) bool {
	return !t.contains(mute, at) && (len(active) == 0 || t.contains(active, at))
}

// always reports whether something holds at all times at which one of the time
// intervals may start or end. It remembers the answer.
func (t *Times) always(question string, a, b []string, holds func(time.Time) bool) bool {
	return t.with(t, question, a, b, nil, holds)
}

// with is always with further time intervals, of other.
func (t *Times) with(other *Times, question string, a, b, c []string, holds func(time.Time) bool) bool {
	key := answer{other, strings.Join([]string{question, strings.Join(a, "\x00"), strings.Join(b, "\x00"), strings.Join(c, "\x00")}, "\x01")}
	t.mu.Lock()
	known, ok := t.answers[key]
	t.mu.Unlock()
	if ok {
		return known
	}
	var list []timeinterval.TimeInterval
	for _, name := range slices.Concat(a, b) {
		list = append(list, t.Intervals[name]...)
	}
	for _, name := range c {
		list = append(list, other.Intervals[name]...)
	}
	result := true
	for at := range changes(list) {
		if !holds(at) {
			result = false
			break
		}
	}
	t.mu.Lock()
	t.answers[key] = result
	t.mu.Unlock()
	return result
}

// answer identifies a question about time intervals.
type answer struct {
	of       *Times
	question string
}

// changes yields the times at which a time interval may start or end: midnight,
// and the limits of its times on each day, in its location.
func changes(list []timeinterval.TimeInterval) func(yield func(time.Time) bool) {
	places, minutes := []*time.Location{time.UTC}, []int{0}
	from := time.Now().Year()
	to := from + years
	for _, x := range list {
		if x.Location != nil && !slices.ContainsFunc(places, func(l *time.Location) bool { return l.String() == x.Location.String() }) {
			places = append(places, x.Location.Location)
		}
		for _, r := range x.Times {
			minutes = append(minutes, r.StartMinute, r.EndMinute)
		}
		for _, y := range x.Years {
			to = max(to, min(y.End, from+200)+1)
		}
	}
	slices.Sort(minutes)
	minutes = slices.Compact(minutes)
	return func(yield func(time.Time) bool) {
		for day := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < to; day = day.AddDate(0, 0, 1) {
			for _, place := range places {
				for _, minute := range minutes {
					if !yield(time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, place)) {
						return
					}
				}
			}
		}
	}
}
