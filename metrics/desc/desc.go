// Package desc describes metrics: name, type, unit, labels and their values,
// buckets, and how often they change. It links no parser and no client, so a
// program that runs for milliseconds can use it. Package metrics has the same
// types under the same names, and reads descriptions from the texts of programs.
package desc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
)

// Type is the type of a metric as the exposition formats have it.
type Type string

// The types of metrics. An Info has the value 1 and its data in labels.
const (
	Counter   Type = "counter"
	Gauge     Type = "gauge"
	Histogram Type = "histogram"
	Summary   Type = "summary"
	Info      Type = "info"
	Untyped   Type = "untyped"
)

// Unit is the base unit of a metric's values.
type Unit string

// Units. A timestamp is in seconds since the Unix epoch. None means that the
// values have no unit, whatever the suffix of the name.
const (
	None      Unit = "none"
	Seconds   Unit = "seconds"
	Timestamp Unit = "timestamp_seconds"
	Bytes     Unit = "bytes"
	Ratio     Unit = "ratio"
	Bool      Unit = "bool" // 0 or 1
)

// Cadence is the frequency of a metric's changes. A window shorter than two of
// these steps contains no change.
type Cadence int

// A metric changes at each scrape, or once in each run of the checker.
const (
	EveryScrape Cadence = iota
	EveryRun
)

// Label is a label of a metric.
type Label struct {
	Name     string
	Values   []string // closed set of values; nil for an open set, such as host names
	Optional bool     // some series of the metric lack the label
}

// Labels returns labels with open sets of values.
func Labels(names ...string) []Label {
	var out []Label
	for _, n := range names {
		out = append(out, Label{Name: n})
	}
	return out
}

// Labels of the parts of histograms and summaries.
const (
	bucketLabel   = "le"
	quantileLabel = "quantile"
)

// Desc describes one metric family.
type Desc struct {
	Name    string
	Type    Type
	Unit    Unit // "": from the suffix of the name, as [Desc.BaseUnit] reads it
	Help    string
	Labels  []Label
	Buckets []float64 // upper bounds of a classic histogram, without +Inf
	// Quantiles are the values of the label quantile of a summary; nil: unknown.
	Quantiles []float64
	Native    bool // a native histogram; with Buckets it is both
	Cadence   Cadence
	Program   string // program that exposes it, such as "node_exporter"; "" if unknown
	Waivers   []finding.Waiver

	problem  *finding.Finding
	recorded bool
	others   []string // further series, which other recordings of the name have
}

// Recorded reports whether the description was read from a program's
// exposition. It then describes every metric of the program, used or not.
func (d Desc) Recorded() bool { return d.recorded }

// Recorded returns a description as one that was read from a program's
// exposition: see [Desc.Recorded].
func Recorded(d Desc) Desc {
	d.recorded = true
	return d
}

// Mistake returns a description that holds a mistake: see [Desc.Problem].
func Mistake(f finding.Finding) Desc { return Desc{problem: &f} }

// Problem returns the mistake that kept a reader, such as metrics.Exporters or
// metrics.Exposition, from describing a metric. Such a description has no other
// content.
func (d Desc) Problem() (finding.Finding, bool) {
	if d.problem == nil {
		return finding.Finding{}, false
	}
	return *d.problem, true
}

// BaseUnit returns the unit of the values: Unit, or else the unit of the name's
// suffix, or "".
//
// "_time_seconds" can be a duration or a point in time, so it has no unit.
func (d Desc) BaseUnit() Unit {
	if d.Unit != "" {
		return d.Unit
	}
	name := strings.TrimSuffix(d.Name, "_total")
	if strings.HasSuffix(name, "_time_seconds") {
		return ""
	}
	for _, u := range []Unit{Timestamp, Seconds, Bytes, Ratio} {
		if strings.HasSuffix(name, "_"+string(u)) {
			return u
		}
	}
	return ""
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

// Series returns the names under which the family is stored: one for a counter,
// a gauge or a native histogram; buckets, sum and count for a classic one.
func (d Desc) Series() []string {
	switch d.Type {
	case Histogram:
		classic := []string{d.Name + "_bucket", d.Name + "_sum", d.Name + "_count"}
		switch {
		case !d.Native:
			return classic
		case d.Buckets == nil:
			return []string{d.Name}
		}
		return append(classic, d.Name)
	case Summary:
		return []string{d.Name, d.Name + "_sum", d.Name + "_count"}
	default:
		return append([]string{d.Name}, d.others...)
	}
}

// Validate reports everything in the description that Prometheus's naming
// rules or client_golang would not accept. A [Desc.Problem] is not among it:
// [NewCatalogue] reports that.
func (d Desc) Validate() error {
	if d.problem != nil {
		return nil
	}
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("metric %q: "+format, append([]any{d.Name}, args...)...))
	}
	if !isName(d.Name, true) {
		bad("not a metric name: use letters, digits and underscores")
	}
	if d.Help == "" {
		bad("has no help text")
	}
	d.validateType(bad)
	if suffix := "_" + string(d.Unit); (d.Unit == Seconds || d.Unit == Timestamp || d.Unit == Bytes) &&
		!strings.HasSuffix(strings.TrimSuffix(d.Name, "_total"), suffix) {
		bad("its unit is %s, so its name ends in %s", d.Unit, suffix)
	}
	seen := map[string]bool{}
	for _, l := range d.Labels {
		if !isName(l.Name, false) || strings.HasPrefix(l.Name, "__") {
			bad("not a label name: %q", l.Name)
		}
		if d.Type == Histogram && l.Name == bucketLabel {
			bad("the label %q belongs to histograms themselves", l.Name)
		}
		if seen[l.Name] {
			bad("label %q is declared twice", l.Name)
		}
		seen[l.Name] = true
	}
	return errors.Join(errs...)
}

// isName reports whether a text is a name as Prometheus 2 has them. Only metrics
// may have colons.
func isName(text string, colon bool) bool {
	for i, c := range []byte(text) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' && colon
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}

// validateType reports what does not suit the type.
func (d Desc) validateType(bad func(format string, args ...any)) {
	switch d.Type {
	case Counter:
		if !strings.HasSuffix(d.Name, "_total") {
			bad("a counter's name ends in _total")
		}
	case Info:
		if !strings.HasSuffix(d.Name, "_info") {
			bad("the name of an info metric ends in _info")
		}
	case Histogram:
		if len(d.Buckets) == 0 && !d.Native {
			bad("a histogram needs buckets, or is native")
		}
		if !slices.IsSorted(d.Buckets) || len(slices.Compact(slices.Clone(d.Buckets))) != len(d.Buckets) {
			bad("buckets must increase: %v", d.Buckets)
		}
	case Gauge, Summary, Untyped:
	default:
		bad("unknown type %q", d.Type)
	}
	if d.Type != Histogram && (d.Buckets != nil || d.Native) {
		bad("only a histogram has buckets")
	}
	if d.Type != Summary && d.Quantiles != nil {
		bad("only a summary has quantiles")
	}
}

// LatencyBuckets returns bounds, in seconds, from a local call to a timeout of several
// seconds, with bounds at 100 ms and 500 ms, the usual thresholds of dashboards.
func LatencyBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}
