package routetree

import (
	"slices"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
)

// Never reports whether a route with these time intervals is muted for the
// whole year.
func (t *Tree) Never(mute, active []string, year int) bool {
	if len(mute)+len(active) == 0 {
		return false
	}
	times := timeinterval.NewIntervener(t.intervals)
	for at := range t.changes(slices.Concat(mute, active), year) {
		muted, err1 := times.ContainsTime(mute, at)
		open, err2 := times.ContainsTime(active, at)
		if err1 != nil || err2 != nil || !muted && (open || len(active) == 0) {
			return false
		}
	}
	return true
}

// changes yields the times of a year at which a time interval may start or end:
// midnight, and the limits of its times on each day, in its location.
func (t *Tree) changes(names []string, year int) func(yield func(time.Time) bool) {
	places, minutes := []*time.Location{time.UTC}, []int{0}
	for _, name := range names {
		for _, x := range t.intervals[name] {
			if x.Location != nil && !slices.Contains(places, x.Location.Location) {
				places = append(places, x.Location.Location)
			}
			for _, r := range x.Times {
				minutes = append(minutes, r.StartMinute, r.EndMinute)
			}
		}
	}
	slices.Sort(minutes)
	minutes = slices.Compact(minutes)
	return func(yield func(time.Time) bool) {
		for day := range 366 {
			for _, place := range places {
				for _, minute := range minutes {
					if !yield(time.Date(year, 1, 1+day, 0, minute, 0, 0, place)) {
						return
					}
				}
			}
		}
	}
}
