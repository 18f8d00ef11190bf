package promcheck

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/metrics"
)

// Type is what is known of an expression's result before there is data.
type Type struct {
	Metric metrics.Type // of the one metric that the result was computed from; else ""
	Unit   metrics.Unit // "": none, or not known
	Must   []string     // labels that every series of the result has
	Can    []string     // labels that it may have
	Labels Labels       // the same, with their values
	Range  Range
	Scalar bool // one number and no vector

	// origin are the labels of the selectors below, before any aggregation.
	origin Labels
	// counter says that these are values of a counter as they are, or sums of
	// them.
	counter bool
	// family is the metric of a selector and what was computed from it
	// alone; nil when there are several or none is known.
	family *metrics.Desc
	// buckets says that these are the buckets of a histogram, native that these
	// are native histograms.
	buckets, native bool
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

// public fills in the fields that repeat what the checker works with.
func (t Type) public() Type {
	t.Metric = ""
	if t.family != nil {
		t.Metric = t.family.Type
	}
	t.Must, t.Can = t.Labels.must(), t.Labels.Names()
	return t
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
		out.Unit = ""
	}
	if t.family != o.family {
		out.family = nil
	}
	out.conditional = t.conditional && o.conditional
	out.constant = t.constant && o.constant
	out.counter, out.buckets, out.native = t.counter && o.counter, t.buckets && o.buckets, t.native && o.native
	out.idle, out.spoiled = t.idle || o.idle, t.spoiled || o.spoiled
	if out.by == nil {
		out.by = o.by
	}
	return out
}

// AlertsType is the type of ALERTS with those labels.
func AlertsType(l Labels) Type {
	return Type{Labels: l, origin: l, Range: between(0, 1), Unit: metrics.Bool, conditional: true}.public()
}

// PerSecond is the unit of a rate of bytes.
const PerSecond metrics.Unit = "bytes_per_second"

// unitOf returns the unit of a metric's values, "" when it has none or it is
// not known.
func unitOf(d metrics.Desc) metrics.Unit {
	if u := d.BaseUnit(); u != metrics.None {
		return u
	}
	return ""
}

// perSecond is the unit of a rate.
func perSecond(u metrics.Unit) metrics.Unit {
	switch u {
	case metrics.Seconds:
		return metrics.Ratio
	case metrics.Bytes:
		return PerSecond
	}
	return ""
}
