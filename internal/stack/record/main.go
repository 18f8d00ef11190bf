// Command record writes metrics/exporters/*.prom: what the real node_exporter,
// Prometheus and Alertmanager expose, without what belongs to this machine.
// "make exporters" runs it after a change of their versions.
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

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

func main() {
	if err := record(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "record: %v\n", err)
		os.Exit(1)
	}
}

func record(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	parts := []string{stack.NodeExporter, stack.Alertmanager, stack.Prometheus}
	s, err := stack.Up(ctx, stack.Config{Dir: dir, Pack: pack(), Parts: parts})
	if err != nil {
		return err
	}
	defer func() { _ = s.Down() }()
	for _, part := range parts {
		families, err := scrape(s.URL(part) + "/metrics")
		if err != nil {
			return err
		}
		var b bytes.Buffer
		for _, name := range slices.Sorted(maps.Keys(families)) {
			if _, err := expfmt.MetricFamilyToText(&b, normal(families[name])); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join("metrics", "exporters", part+".prom"), b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pack is just enough to start the programs: the shipped one needs what is
// recorded here.
func pack() codegen.Pack {
	return codegen.Pack{
		Timing:  metrics.DefaultTiming(),
		Routing: rules.Routes(),
		// Some of Prometheus's metrics exist only for groups of rules.
		Groups: []rules.Group{{Name: "record", Alerts: []rules.Alert{{
			Name: "Always", Expr: "vector(1)", About: "So that there is a rule.",
			Scenarios: []rules.Scenario{{Name: "fires", Expect: []rules.Expect{{At: "0m", Firing: []rules.Instance{{}}}}}},
		}}}},
		Jobs:      []codegen.Job{{Name: stack.NodeExporter}, {Name: stack.Alertmanager}, {Name: stack.Prometheus}},
		Endpoints: codegen.Endpoints{Webhook: "http://127.0.0.1:9917"},
	}
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

// normal keeps one series for each set of label names, without label values
// and numbers: those are of this machine and this moment.
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
