package metrics

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// The exposition of the exporters that the pipeline reads, recorded from the
// real programs by "make exporters".
//
//go:embed exporters/*.prom
var recorded embed.FS

// Exporters describes what the programs of the pipeline that are not ours
// expose: node_exporter, Prometheus and Alertmanager. It panics when a
// recording cannot be parsed: they are part of the program.
func Exporters() []Desc {
	files, err := recorded.ReadDir("exporters")
	if err != nil {
		panic(err)
	}
	seen := map[string]bool{} // all of them expose go_goroutines
	var out []Desc
	for _, f := range files {
		data, err := recorded.ReadFile("exporters/" + f.Name())
		if err != nil {
			panic(err)
		}
		descs, err := ParseExposition(data)
		if err != nil {
			panic(fmt.Sprintf("metrics: %s: %v", f.Name(), err))
		}
		for _, d := range descs {
			if !seen[d.Name] {
				seen[d.Name] = true
				out = append(out, d)
			}
		}
	}
	return out
}

// Scraping describes the series that Prometheus itself adds for each target.
func Scraping() []Desc {
	return []Desc{
		{Name: "up", Type: Gauge, Unit: Bool, Help: "1 when the target answered the last scrape, else 0."},
		{Name: "scrape_duration_seconds", Type: Gauge, Unit: Seconds, Help: "How long the last scrape took."},
		{Name: "scrape_samples_scraped", Type: Gauge, Help: "Samples that the target exposed."},
		{Name: "scrape_samples_post_metric_relabeling", Type: Gauge, Help: "Samples that were kept after relabelling."},
		{Name: "scrape_series_added", Type: Gauge, Help: "About how many series were new in this scrape."},
	}
}

// ParseExposition reads descriptions from metrics in the text format, sorted by
// name. Which values labels can have is not in there, so their sets are open.
func ParseExposition(data []byte) ([]Desc, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []Desc
	for _, name := range slices.Sorted(maps.Keys(families)) {
		out = append(out, describe(families[name]))
	}
	return out, nil
}

func describe(f *dto.MetricFamily) Desc {
	d := Desc{Name: f.GetName(), Help: f.GetHelp(), Type: map[dto.MetricType]Type{
		dto.MetricType_COUNTER: Counter, dto.MetricType_GAUGE: Gauge,
		dto.MetricType_HISTOGRAM: Histogram, dto.MetricType_SUMMARY: Summary,
	}[f.GetType()]}
	if d.Type == "" {
		d.Type = Untyped
	}
	carriers := map[string]int{}
	for _, s := range f.Metric {
		for _, l := range s.Label {
			carriers[l.GetName()]++
			if _, ok := d.Label(l.GetName()); !ok {
				d.Labels = append(d.Labels, Label{Name: l.GetName()})
			}
		}
		if d.Buckets == nil {
			for _, b := range s.GetHistogram().GetBucket() {
				d.Buckets = append(d.Buckets, b.GetUpperBound())
			}
		}
	}
	for i, l := range d.Labels {
		d.Labels[i].Optional = carriers[l.Name] < len(f.Metric)
	}
	return d
}
