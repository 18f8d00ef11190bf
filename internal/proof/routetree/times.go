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
	answers map[question]time.Time
}

// NewTimes returns time intervals by name.
func NewTimes(intervals map[string][]timeinterval.TimeInterval) *Times {
	return &Times{Intervals: intervals, intervener: timeinterval.NewIntervener(intervals), answers: map[question]time.Time{}}
}

// Never reports whether a route with these time intervals never sends anything.
func (t *Times) Never(mute, active []string) bool {
	return len(mute)+len(active) > 0 && t.exception(question{"never", join(mute), join(active), t, ""}, slices.Concat(mute, active), nil,
		func(at time.Time) bool { return !t.Sends(mute, active, at) }).IsZero()
}

// Idle reports whether a time interval contains no time.
func (t *Times) Idle(name string) bool {
	list := []string{name}
	return t.exception(question{"idle", name, "", t, ""}, list, nil, func(at time.Time) bool { return !t.contains(list, at) }).IsZero()
}

// Full reports whether a time interval contains all times.
func (t *Times) Full(name string) bool {
	list := []string{name}
	return t.exception(question{"full", name, "", t, ""}, list, nil, func(at time.Time) bool { return t.contains(list, at) }).IsZero()
}

// Sending returns a time in a time interval of other at which a route with these
// time intervals sends. It returns the zero time if there is none.
func (t *Times) Sending(mute, active []string, other *Times, in string) time.Time {
	list := []string{in}
	return t.exception(question{"sending", join(mute), join(active), other, in}, slices.Concat(mute, active), list,
		func(at time.Time) bool { return !other.contains(list, at) || !t.Sends(mute, active, at) })
}

// Silent returns a time outside the given intervals of other at which a route with
// these time intervals sends nothing. It returns the zero time if there is none.
func (t *Times) Silent(mute, active []string, other *Times, except []string) time.Time {
	return t.exception(question{"silent", join(mute), join(active), other, join(except)}, slices.Concat(mute, active), except,
		func(at time.Time) bool { return t.Sends(mute, active, at) || other.contains(except, at) })
}

// question identifies a question about time intervals.
type question struct {
	what, mute, active string
	other              *Times
	in                 string // time intervals of other
}

func join(names []string) string { return strings.Join(names, "\x00") }

func (t *Times) contains(names []string, at time.Time) bool {
	in, err := t.intervener.ContainsTime(names, at)
	return in && err == nil
}

// Sends reports whether a route with these time intervals sends at a time.
func (t *Times) Sends(mute, active []string, at time.Time) bool {
	return !t.contains(mute, at) && (len(active) == 0 || t.contains(active, at))
}

// exception returns a time at which something does not hold, among those at which
// one of the time intervals may start or end: those in own, and those of q.other in
// others. It returns the zero time if there is none. It remembers the answer.
func (t *Times) exception(q question, own, others []string, holds func(time.Time) bool) time.Time {
	t.mu.Lock()
	known, ok := t.answers[q]
	t.mu.Unlock()
	if ok {
		return known
	}
	var list []timeinterval.TimeInterval
	for _, name := range own {
		list = append(list, t.Intervals[name]...)
	}
	for _, name := range others {
		list = append(list, q.other.Intervals[name]...)
	}
	var result time.Time
	for at := range changes(list) {
		if !holds(at) {
			result = at
			break
		}
	}
	t.mu.Lock()
	t.answers[q] = result
	t.mu.Unlock()
	return result
}

// changes yields the times at which a time interval may start or end: midnight,
// and the limits of its times on each day, in its location. On a day on which the
// clocks change, it yields them by both clocks, and the change.
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
				for _, clock := range clocks(day, place) {
					for _, minute := range minutes {
						if !yield(time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, clock)) {
							return
						}
					}
				}
				if change := changeOn(day, place); !change.IsZero() && !yield(change) {
					return
				}
			}
		}
	}
}

// clocks returns the clocks of a place on a day: two if they change.
func clocks(day time.Time, place *time.Location) []*time.Location {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, place)
	name, before := at.Zone()
	later, after := at.AddDate(0, 0, 1).Zone()
	if before == after {
		return []*time.Location{place}
	}
	return []*time.Location{time.FixedZone(name, before), time.FixedZone(later, after)}
}

// changeOn returns the time at which the clocks of a place change on a day, or
// the zero time.
func changeOn(day time.Time, place *time.Location) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, place)
	if _, end := at.ZoneBounds(); end.Before(at.AddDate(0, 0, 1)) {
		return end // zero if there is none
	}
	return time.Time{}
}
