package promcheck

import (
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/metrics"
)

// Type is what is known of an expression's result before there is data.
type Type struct {
	// Scalar says that it is one number and no vector.
	Scalar bool
	Labels Labels
	Unit   metrics.Unit
	Range  Range

	// origin are the labels of the selectors below, before any aggregation.
	origin Labels
	// counter says that these are values of a counter as they are, or sums of
	// them.
	counter bool
	// family is the metric of a selector and what was computed from it
	// alone; nil when there are several or none is known.
	family *metrics.Desc
	// buckets says that these are the buckets of a histogram.
	buckets bool
	// conditional says that there can be no result although there is data:
	// something was compared.
	conditional bool
	// constant says that no metric is read.
	constant bool
	// idle says that it is 0 while nothing happens: a rate.
	idle bool
	// spoiled says that it is not a number while nothing happens: a division
	// by a rate; by is the divisor.
	spoiled bool
	by      parser.Node
}

// unknown is the type of what does not parse.
func unknown() Type {
	return Type{Labels: openLabels(), origin: openLabels(), Range: anything(), conditional: true}
}

// or is the type of a result that holds series of both.
func (t Type) or(o Type) Type {
	out := t
	out.Labels, out.origin = t.Labels.union(o.Labels), t.origin.union(o.origin)
	out.Range = t.Range.union(o.Range)
	if t.Unit != o.Unit {
		out.Unit = metrics.None
	}
	if t.family != o.family {
		out.family = nil
	}
	out.conditional = t.conditional && o.conditional
	out.constant = t.constant && o.constant
	out.counter, out.buckets = t.counter && o.counter, t.buckets && o.buckets
	out.idle, out.spoiled = t.idle || o.idle, t.spoiled || o.spoiled
	if out.by == nil {
		out.by = o.by
	}
	return out
}

// AlertsType is the type of ALERTS with those labels.
func AlertsType(l Labels) Type {
	return Type{Labels: l, origin: l, Range: between(0, 1), Unit: metrics.Bool, conditional: true}
}

// PerSecond is the unit of a rate of bytes.
const PerSecond metrics.Unit = "bytes_per_second"

// unitOf returns the unit of a metric's values: what its description says, or
// else what its name does.
func unitOf(d metrics.Desc) metrics.Unit {
	if d.Unit != metrics.None {
		return d.Unit
	}
	return unitOfName(d.Name)
}

// unitOfName reads the unit from the suffix that the naming rules ask for.
// "_time_seconds" may be a duration or a point in time, so it says nothing.
func unitOfName(name string) metrics.Unit {
	name = strings.TrimSuffix(name, "_total")
	switch {
	case strings.HasSuffix(name, "_timestamp_seconds"):
		return metrics.Timestamp
	case strings.HasSuffix(name, "_time_seconds"):
		return metrics.None
	case strings.HasSuffix(name, "_seconds"):
		return metrics.Seconds
	case strings.HasSuffix(name, "_bytes"):
		return metrics.Bytes
	}
	return metrics.None
}

// perSecond is the unit of a rate.
func perSecond(u metrics.Unit) metrics.Unit {
	switch u {
	case metrics.Seconds:
		return metrics.Ratio
	case metrics.Bytes:
		return PerSecond
	}
	return metrics.None
}

// Schedule is how often things happen, as far as it is known; zero is not
// known.
type Schedule struct {
	Run        time.Duration            // a metric of the cadence EveryRun changes
	Scrape     time.Duration            // a target is scraped
	Jobs       map[string]time.Duration // or those of these jobs
	Evaluation time.Duration            // rules are evaluated, and subqueries without a step
}

// scrape returns the shortest time between two scrapes that a selector's
// matchers on the job leave possible.
func (s Schedule) scrape(jobs []string) time.Duration {
	if jobs == nil {
		for j := range s.Jobs {
			jobs = append(jobs, j)
		}
	}
	shortest := time.Duration(0)
	for _, j := range jobs {
		d := s.Jobs[j]
		if d == 0 {
			d = s.Scrape
		}
		if shortest == 0 || d < shortest {
			shortest = d
		}
	}
	if shortest == 0 {
		return s.Scrape
	}
	return shortest
}
