// Command record writes metrics/exporters/*.prom: the metrics of the real
// node_exporter, Prometheus, Alertmanager and postgres_exporter, without
// details of this machine. "make exporters" runs it after a change of their
// versions.
package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func main() {
	if err := record(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "record: %v\n", err)
		os.Exit(1)
	}
}

func record(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL does not run as root
		return err
	}
	if err := recordPostgres(ctx, dir); err != nil {
		return err
	}
	return recordFamily(ctx, dir)
}

// write records the metrics of an address.
func write(name, url string) error {
	families, err := scrape(url + "/metrics")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, family := range slices.Sorted(maps.Keys(families)) {
		if _, err := expfmt.MetricFamilyToText(&b, normal(families[family])); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join("metrics", "exporters", name+".prom"), b.Bytes(), 0o644)
}

func scrape(url string) (map[string]*dto.MetricFamily, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(resp.Body)
}

// normal keeps one series per set of label names, without label values and
// numbers, which depend on the machine and the time.
func normal(f *dto.MetricFamily) *dto.MetricFamily {
	out := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type}
	seen := map[string]bool{}
	for _, s := range f.Metric {
		var names []string
		kept := &dto.Metric{}
		for _, l := range s.Label {
			names = append(names, l.GetName())
			kept.Label = append(kept.Label, &dto.LabelPair{Name: l.Name, Value: new(string)})
		}
		if key := strings.Join(names, ","); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		zero, none := new(float64), new(uint64)
		switch f.GetType() {
		case dto.MetricType_COUNTER:
			kept.Counter = &dto.Counter{Value: zero}
		case dto.MetricType_GAUGE:
			kept.Gauge = &dto.Gauge{Value: zero}
		case dto.MetricType_SUMMARY:
			kept.Summary = &dto.Summary{SampleCount: none, SampleSum: zero}
		case dto.MetricType_HISTOGRAM:
			kept.Histogram = &dto.Histogram{SampleCount: none, SampleSum: zero}
			for _, b := range s.Histogram.Bucket {
				kept.Histogram.Bucket = append(kept.Histogram.Bucket, &dto.Bucket{UpperBound: b.UpperBound, CumulativeCount: none})
			}
		default:
			kept.Untyped = &dto.Untyped{Value: zero}
		}
		out.Metric = append(out.Metric, kept)
	}
	return out
}
