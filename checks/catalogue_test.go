package checks_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks"
	shipped "github.com/alertnative/preflight/checks/spec"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/metrics"
)

// A real run writes exactly the metrics of the catalogue.
func TestRunMatchesCatalogue(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	ready, err := system.New(t.Context(), t.TempDir(), redis.URL(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ready.Close() })
	config, err := checker.ReadConfig(ready.Config(), checks.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	env := config.Env("paper", system.Lookup(ready.Vars()))
	f := checker.Textfile{Path: filepath.Join(t.TempDir(), "preflight.prom"), Namespace: "arbitrage", Specs: shipped.Shipped()}
	record := func() checker.Report {
		report := checker.Runner{Checks: config.Checks(), Real: true}.Run(t.Context(), env)
		if _, err := f.Write(t.Context(), "paper", report); err != nil {
			t.Fatal(err)
		}
		return report
	}
	if first := record(); !first.Ready() {
		t.Errorf("the system should be ready: %+v", first)
	}
	redis.Stop()
	record() // only existing problems have series

	written := parseFile(t, f.Path)
	for _, d := range spec.NewRunFamilies(f.Namespace, f.Specs...).All() {
		family := written[d.Name]
		if family == nil {
			t.Errorf("%s is declared and not written", d.Name)
			continue
		}
		delete(written, d.Name)
		agrees(t, d, family)
	}
	for name := range written {
		t.Errorf("%s is written and not declared", name)
	}
}

// agrees compares a family with its description.
func agrees(t *testing.T, d metrics.Desc, family *dto.MetricFamily) {
	t.Helper()
	if got := strings.ToLower(family.GetType().String()); got != string(d.Type) {
		t.Errorf("%s is a %s, declared as %s", d.Name, got, d.Type)
	}
	if family.GetHelp() != d.Help {
		t.Errorf("%s: help %q, declared %q", d.Name, family.GetHelp(), d.Help)
	}
	seen := map[string][]string{}
	for _, series := range family.Metric {
		var names []string
		for _, l := range series.Label {
			names = append(names, l.GetName())
			seen[l.GetName()] = append(seen[l.GetName()], l.GetValue())
		}
		declared := slices.Sorted(slices.Values(d.LabelNames()))
		if slices.Sort(names); !slices.Equal(names, declared) {
			t.Errorf("%s has the labels %v, declared %v", d.Name, names, declared)
		}
		if d.Type == metrics.Histogram {
			var bounds []float64
			for _, b := range series.Histogram.Bucket {
				bounds = append(bounds, b.GetUpperBound())
			}
			if !slices.Equal(bounds[:len(bounds)-1], d.Buckets) {
				t.Errorf("%s has the buckets %v, declared %v and +Inf", d.Name, bounds, d.Buckets)
			}
		}
	}
	for _, l := range d.Labels {
		if l.Values == nil { // any value
			continue
		}
		got := slices.Compact(slices.Sorted(slices.Values(seen[l.Name])))
		for _, value := range got {
			if !slices.Contains(l.Values, value) {
				t.Errorf("%s: %s=%q is not one of the declared values %v", d.Name, l.Name, value, l.Values)
			}
		}
		// Only existing problems have series.
		if !strings.HasSuffix(d.Name, "_check_problem") && len(got) != len(l.Values) {
			t.Errorf("%s: %s has the values %v, declared %v", d.Name, l.Name, got, l.Values)
		}
	}
}

// parseFile reads a file as node_exporter does.
func parseFile(t testing.TB, path string) map[string]*dto.MetricFamily {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return families
}
