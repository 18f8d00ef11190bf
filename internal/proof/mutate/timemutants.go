package mutate

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"

	"github.com/alertnative/preflight/internal/proof/routetree"
)

// timeMutants returns the mutants of the routes' time intervals: each of their
// parts removed, each of their times an hour longer and shorter at both ends, and
// each location changed. Intervals that only promises use are expectations.
func (r *Routes) timeMutants(reach reach) []Mutant {
	var out []Mutant
	for at, name := range slices.Sorted(maps.Keys(r.Tree.Times.Intervals)) {
		uses := func(x *routetree.Route) bool { return slices.Contains(x.Mute, name) || slices.Contains(x.Active, name) }
		if !slices.ContainsFunc(r.Tree.Routes(), uses) {
			continue
		}
		id := RuleID{r.File, IntervalGroup, at, Routing, fmt.Sprintf("time interval %q", name)}
		cases := reach.delivered(r.Tree, uses)
		set := func(field, from, to string, changed []timeinterval.TimeInterval) {
			m := r.mutant(id, field, from, to, func() *routetree.Tree {
				intervals := maps.Clone(r.Tree.Times.Intervals)
				intervals[name] = changed
				return routetree.New(r.Tree.Route, r.Tree.Inhibits, routetree.NewTimes(intervals))
			})
			m.cases = cases
			out = append(out, m)
		}
		list := r.Tree.Times.Intervals[name]
		for i, x := range list {
			if len(list) > 1 {
				set("time_intervals", spanText(x), "", slices.Delete(slices.Clone(list), i, i+1))
			}
			for _, c := range spanMutants(x) {
				changed := slices.Clone(list)
				changed[i] = c.changed
				set(c.field, c.from, c.to, changed)
			}
		}
	}
	return out
}

type spanChange struct {
	field, from, to string
	changed         timeinterval.TimeInterval
}

// spanMutants returns the mutants of one range of a time interval.
func spanMutants(x timeinterval.TimeInterval) []spanChange {
	var out []spanChange
	add := func(field, from, to string, edit func(*timeinterval.TimeInterval)) {
		c := spanChange{field, from, to, x}
		edit(&c.changed)
		out = append(out, c)
	}
	for i, r := range x.Times {
		for _, o := range []timeinterval.TimeRange{
			{StartMinute: r.StartMinute - 60, EndMinute: r.EndMinute}, {StartMinute: r.StartMinute + 60, EndMinute: r.EndMinute},
			{StartMinute: r.StartMinute, EndMinute: r.EndMinute - 60}, {StartMinute: r.StartMinute, EndMinute: r.EndMinute + 60},
		} {
			if o.StartMinute < 0 || o.EndMinute > 24*60 || o.StartMinute >= o.EndMinute {
				continue
			}
			add("times", timesText(r), timesText(o), func(c *timeinterval.TimeInterval) {
				c.Times = slices.Clone(c.Times)
				c.Times[i] = o
			})
		}
	}
	if len(x.Weekdays) > 0 {
		add("weekdays", fmt.Sprint(len(x.Weekdays), " ranges"), "", func(c *timeinterval.TimeInterval) { c.Weekdays = nil })
	}
	if len(x.DaysOfMonth) > 0 {
		add("days_of_month", fmt.Sprint(len(x.DaysOfMonth), " ranges"), "", func(c *timeinterval.TimeInterval) { c.DaysOfMonth = nil })
	}
	if len(x.Months) > 0 {
		add("months", fmt.Sprint(len(x.Months), " ranges"), "", func(c *timeinterval.TimeInterval) { c.Months = nil })
	}
	if x.Location != nil && x.Location.String() != "UTC" {
		add("location", x.Location.String(), "UTC", func(c *timeinterval.TimeInterval) { c.Location = &timeinterval.Location{Location: time.UTC} })
	}
	return out
}

func timesText(r timeinterval.TimeRange) string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", r.StartMinute/60, r.StartMinute%60, r.EndMinute/60, r.EndMinute%60)
}

func spanText(x timeinterval.TimeInterval) string {
	var out []string
	for _, r := range x.Times {
		out = append(out, timesText(r))
	}
	return fmt.Sprint(out, x.Weekdays, x.DaysOfMonth, x.Months)
}
