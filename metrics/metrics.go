// Package metrics describes metrics: name, type, unit, labels and their values,
// buckets, and how often they change.
//
// A [Desc] is written once. Package instrument makes the program's client_golang
// metrics from it. The generator looks up every name, label and label value of every
// expression in the [Catalogue] of the descriptions. A rule or a panel cannot
// name a series that no program exposes.
//
// [Exporters] returns the metrics of well-known programs, and [Exposition]
// reads those of any other program from a text that it exposed.
//
// The types are those of package desc, as the errors of package os are those of
// io/fs: a program that only describes metrics imports desc, and links no parser.
package metrics

import "github.com/alertnative/preflight/metrics/desc"

// Desc describes one metric family. [desc.Desc] has the fields and methods.
type Desc = desc.Desc

// Label is a label of a metric. Its fields are Name, Values and Optional:
// [desc.Label] describes them.
type Label = desc.Label

// Catalogue is a set of metrics, looked up by the names of their series.
// [desc.Catalogue] has the methods.
type Catalogue = desc.Catalogue

// Type is the type of a metric as the exposition formats have it.
type Type = desc.Type

// The types of metrics. An Info has the value 1 and its data in labels.
const (
	Counter   = desc.Counter
	Gauge     = desc.Gauge
	Histogram = desc.Histogram
	Summary   = desc.Summary
	Info      = desc.Info
	Untyped   = desc.Untyped
)

// Unit is the base unit of a metric's values.
type Unit = desc.Unit

// Units. A timestamp is in seconds since the Unix epoch. None means that the
// values have no unit, whatever the suffix of the name.
const (
	None      = desc.None
	Seconds   = desc.Seconds
	Timestamp = desc.Timestamp
	Bytes     = desc.Bytes
	Ratio     = desc.Ratio
	Bool      = desc.Bool // 0 or 1
)

// Cadence is the frequency of a metric's changes. A window shorter than two of
// these steps contains no change.
type Cadence = desc.Cadence

// A metric changes at each scrape, or once in each run of the checker.
const (
	EveryScrape = desc.EveryScrape
	EveryRun    = desc.EveryRun
)

// Labels returns labels with open sets of values.
func Labels(names ...string) []Label { return desc.Labels(names...) }

// LatencyBuckets returns bounds, in seconds, from a local call to a timeout of several
// seconds, with bounds at 100 ms and 500 ms, the usual thresholds of dashboards.
func LatencyBuckets() []float64 { return desc.LatencyBuckets() }

// NewCatalogue makes a catalogue of the descriptions. Equal descriptions become
// one; their help texts may differ. A name that several programs expose becomes
// one metric with the labels of all. The error names all other duplicates, and
// includes each [desc.Desc.Problem].
//
// [desc.Desc.Validate] checks naming rules, which many exporters break.
func NewCatalogue(descs ...Desc) (Catalogue, error) { return desc.NewCatalogue(descs...) }
