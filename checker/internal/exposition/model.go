// Package exposition reads and writes the Prometheus text format, in the way of
// prometheus/common/expfmt but without protobuf: a run of the checker reads,
// changes and writes one small file, for which it need not initialise those
// packages.
package exposition

import (
	"slices"
	"strings"
)

// Type is the type of a family, as in a TYPE line.
type Type string

// The types of families. A GaugeHistogram is written as a Histogram, because
// the text format does not have it.
const (
	Counter        Type = "counter"
	Gauge          Type = "gauge"
	Untyped        Type = "untyped"
	Summary        Type = "summary"
	Histogram      Type = "histogram"
	GaugeHistogram Type = "gauge_histogram"
)

// Family is a metric with its series.
type Family struct {
	Name   string
	Help   string // "" without a HELP line
	Type   Type
	Series []Series
}

// Label is a label of a series.
type Label struct{ Name, Value string }

// Series is a series of a family. A series of a histogram or of a summary has a
// distribution in place of a value.
type Series struct {
	Labels    []Label
	Value     float64
	Dist      *Distribution
	Timestamp *int64 // in milliseconds since the Unix epoch; nil without one
}

// Distribution is the value of a histogram or of a summary.
type Distribution struct {
	Count, Sum float64
	Points     []Point // buckets or quantiles
}

// Point is a bucket of a histogram, with its upper bound and its cumulative
// count, or a quantile of a summary, with its rank and its value.
type Point struct{ At, Value float64 }

// Label returns the value of a label. An empty label is as good as none.
func (s Series) Label(name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// Present returns the labels that are not empty.
func (s Series) Present() []Label {
	empty := func(l Label) bool { return l.Value == "" }
	if !slices.ContainsFunc(s.Labels, empty) {
		return s.Labels
	}
	return slices.DeleteFunc(slices.Clone(s.Labels), empty)
}

// Key identifies a series within its family. It does not depend on the order of
// the labels.
func (s Series) Key() string {
	labels := s.Present()
	byName := func(a, b Label) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(labels, byName) {
		labels = slices.SortedFunc(slices.Values(labels), byName)
	}
	var b strings.Builder
	b.Grow(64)
	for _, l := range labels {
		b.WriteString(l.Name)
		b.WriteByte(0)
		b.WriteString(l.Value)
		b.WriteByte(1)
	}
	return b.String()
}

// SampleNames returns the names that the samples of the family can have.
func (f Family) SampleNames() []string {
	switch f.Type {
	case Histogram:
		return []string{f.Name, f.Name + "_bucket", f.Name + "_sum", f.Name + "_count"}
	case Summary:
		return []string{f.Name, f.Name + "_sum", f.Name + "_count"}
	default:
		return []string{f.Name}
	}
}

// Sort sorts the series by their keys. Those with the same key stay in their
// order.
func (f *Family) Sort() {
	type keyed struct {
		key string
		Series
	}
	sorted := make([]keyed, len(f.Series))
	for i, s := range f.Series {
		sorted[i] = keyed{s.Key(), s}
	}
	slices.SortStableFunc(sorted, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	for i, s := range sorted {
		f.Series[i] = s.Series
	}
}

// distributed reports whether the series of the type have distributions, and
// the label that stands for their points.
func (t Type) distributed() (label string, ok bool) {
	switch t {
	case Histogram, GaugeHistogram:
		return "le", true
	case Summary:
		return "quantile", true
	default:
		return "", false
	}
}
