// Package metrics says what every metric of the pipeline is: its name, type,
// unit, labels with their allowed values, buckets, and how often it changes.
//
// A [Desc] is written once. The checker registers its client_golang metrics
// from it, and the generator looks up every name, label and label value of
// every expression in the [Catalogue] that the descriptions make, so that a
// rule or a panel cannot name something that nobody emits.
package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/prometheus/common/model"
)

// Type is a metric's type as in the exposition format.
type Type string

// The types of the exposition format.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
	Summary   Type = "summary"
	Untyped   Type = "untyped"
)

// Unit is the base unit that a metric's values are in.
type Unit string

// The units in use. A timestamp is in seconds since the Unix epoch.
const (
	None      Unit = ""
	Seconds   Unit = "seconds"
	Timestamp Unit = "timestamp_seconds"
	Bytes     Unit = "bytes"
	Ratio     Unit = "ratio"
	Bool      Unit = "bool" // 0 or 1
)

// Cadence says what makes a metric change. A window that is shorter than two
// of these steps sees nothing.
type Cadence int

// A metric changes at each scrape, or once in each run of the checker.
const (
	EveryScrape Cadence = iota
	EveryRun
)

// Label is a label of a metric.
type Label struct {
	Name string
	// Values is the closed set of values the label can have; nil when the
	// set is open (the name of a host, say).
	Values []string
	// Optional says that some of the metric's series are without it.
	Optional bool
}

// Desc describes one metric family.
type Desc struct {
	Name    string
	Type    Type
	Unit    Unit
	Help    string
	Labels  []Label
	Buckets []float64 // upper bounds of a histogram, without +Inf
	Cadence Cadence
	Waivers []finding.Waiver
}

// Label returns the label of that name.
func (d Desc) Label(name string) (Label, bool) {
	i := slices.IndexFunc(d.Labels, func(l Label) bool { return l.Name == name })
	if i < 0 {
		return Label{}, false
	}
	return d.Labels[i], true
}

// LabelNames returns the names of the labels in their declared order.
func (d Desc) LabelNames() []string {
	names := make([]string, len(d.Labels))
	for i, l := range d.Labels {
		names[i] = l.Name
	}
	return names
}

// Series returns the names under which the family is stored: one for a counter
// or gauge, the buckets, sum and count for a histogram.
func (d Desc) Series() []string {
	switch d.Type {
	case Histogram:
		return []string{d.Name + "_bucket", d.Name + "_sum", d.Name + "_count"}
	case Summary:
		return []string{d.Name, d.Name + "_sum", d.Name + "_count"}
	default:
		return []string{d.Name}
	}
}

// Validate reports everything in the description that Prometheus's naming
// rules or client_golang would not accept.
func (d Desc) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("metric %q: "+format, append([]any{d.Name}, args...)...))
	}
	if !model.LegacyValidation.IsValidMetricName(d.Name) {
		bad("not a metric name: use letters, digits and underscores")
	}
	if d.Help == "" {
		bad("has no help text")
	}
	switch d.Type {
	case Counter:
		if !strings.HasSuffix(d.Name, "_total") {
			bad("a counter's name ends in _total")
		}
	case Histogram:
		if len(d.Buckets) == 0 {
			bad("a histogram needs buckets")
		}
		if !slices.IsSorted(d.Buckets) || len(slices.Compact(slices.Clone(d.Buckets))) != len(d.Buckets) {
			bad("buckets must increase: %v", d.Buckets)
		}
	case Gauge, Summary, Untyped:
	default:
		bad("unknown type %q", d.Type)
	}
	if d.Type != Histogram && d.Buckets != nil {
		bad("only a histogram has buckets")
	}
	if suffix := "_" + string(d.Unit); (d.Unit == Seconds || d.Unit == Timestamp || d.Unit == Bytes) &&
		!strings.HasSuffix(strings.TrimSuffix(d.Name, "_total"), suffix) {
		bad("its unit is %s, so its name ends in %s", d.Unit, suffix)
	}
	seen := map[string]bool{}
	for _, l := range d.Labels {
		if !model.LegacyValidation.IsValidLabelName(l.Name) || strings.HasPrefix(l.Name, "__") {
			bad("not a label name: %q", l.Name)
		}
		if d.Type == Histogram && l.Name == model.BucketLabel {
			bad("the label %q belongs to histograms themselves", l.Name)
		}
		if seen[l.Name] {
			bad("label %q is declared twice", l.Name)
		}
		seen[l.Name] = true
	}
	return errors.Join(errs...)
}

// LatencyBuckets returns bounds, in seconds, from a local call to a timeout of several
// seconds, with bounds at 100 ms and 500 ms, the usual thresholds of dashboards.
func LatencyBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}
