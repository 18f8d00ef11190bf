package promcheck

import (
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/metrics"
)

// Type describes an expression's result, without data.
type Type struct {
	Metric metrics.Type // type of the only metric in the expression, else ""
	Unit   metrics.Unit // "": none or unknown
	Must   []string     // labels that every series of the result has
	Can    []string     // labels that a series may have
	Labels Labels       // Must and Can with their values
	Range  Range
	Scalar bool // a scalar, not a vector

	// origin holds the labels of the selectors below, before aggregation.
	origin Labels
	// counter reports raw values of a counter, or sums of them.
	counter bool
	// family is the metric from which alone the result is computed. It is nil
	// if there are several or it is unknown.
	family *metrics.Desc
	// buckets reports buckets of a histogram, native reports native histograms.
	buckets, native bool
	// scraped means series as a scrape labels them, and values computed from
	// each of them: they have the labels of a target.
	scraped bool
	// sampled means the values of series as they are.
	sampled bool
	// summed means a sum of samples of several targets.
	summed bool
	// rated means a value that was computed from the rate of a counter.
	rated bool
	// quantile means quantiles of a summary or histogram.
	quantile bool
	// conditional means that the result may be empty although the series exist,
	// because of a comparison.
	conditional bool
	// constant means that the expression reads no metric.
	constant bool
	// idle means that the value is 0 without traffic: a rate.
	idle bool
	// spoiled means that the value is NaN without traffic: a division by a
	// rate. by is the divisor.
	spoiled bool
	by      parser.Node
}

// public sets the exported copies of the labels.
func (t Type) public() Type {
	t.Metric = ""
	if t.family != nil {
		t.Metric = t.family.Type
	}
	t.Must, t.Can = t.Labels.must(), t.Labels.Names()
	return t
}

// unknown returns the type of an expression that does not parse.
func unknown() Type {
	return Type{Labels: openLabels(), origin: openLabels(), Range: anything(), conditional: true}
}

// or returns the type of a result with series of both.
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
	out.scraped, out.sampled, out.summed = t.scraped && o.scraped, t.sampled && o.sampled, t.summed && o.summed
	out.rated, out.quantile = t.rated && o.rated, t.quantile && o.quantile
	out.idle, out.spoiled = t.idle || o.idle, t.spoiled || o.spoiled
	if out.by == nil {
		out.by = o.by
	}
	return out
}

// AlertsType returns the type of ALERTS with those labels.
func AlertsType(l Labels) Type {
	return Type{Labels: l, origin: l, Range: between(0, 1), Unit: metrics.Bool, conditional: true}.public()
}

// PerSecond is the unit of a rate of bytes.
const PerSecond metrics.Unit = "bytes_per_second"

// unitOf returns the unit of a metric's values, or "" for none or unknown.
func unitOf(d metrics.Desc) metrics.Unit {
	if u := d.BaseUnit(); u != metrics.None {
		return u
	}
	return ""
}

// perSecond returns the unit of a rate.
func perSecond(u metrics.Unit) metrics.Unit {
	switch u {
	case metrics.Seconds:
		return metrics.Ratio
	case metrics.Bytes:
		return PerSecond
	}
	return ""
}
