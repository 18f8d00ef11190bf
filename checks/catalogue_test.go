package checks_test

import (
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/metrics"
)

// Both ways: what a real run writes is what the catalogue declares, and all of
// it.
func TestARealRunAgreesWithTheCatalogue(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	ready, err := system.New(t.Context(), t.TempDir(), redis.URL(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ready.Close() })
	config, err := checks.ReadConfig(ready.Config())
	if err != nil {
		t.Fatal(err)
	}
	all := config.Checks(checks.Setting{Env: "paper", Lookup: system.Lookup(ready.Vars())})
	f := newFile(t)
	f.Specs = config.Specs()
	f.Metrics = metrics.NewPreflight(metrics.Namespace, checks.Vocabulary(f.Specs...))
	record := func() checks.Report {
		report := checks.Runner{Checks: all, Real: true}.Run(t.Context())
		if _, err := f.Write(t.Context(), "paper", report); err != nil {
			t.Fatal(err)
		}
		return report
	}
	if first := record(); !first.Ready() {
		t.Errorf("what is ready is not: %+v", first)
	}
	redis.Stop()
	record() // problems have series only while there are some

	written := parse(t, f.Path)
	for _, d := range f.Metrics.All() {
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
		if l.Values == nil { // open
			continue
		}
		got := slices.Compact(slices.Sorted(slices.Values(seen[l.Name])))
		for _, value := range got {
			if !slices.Contains(l.Values, value) {
				t.Errorf("%s: %s=%q is none of the declared values %v", d.Name, l.Name, value, l.Values)
			}
		}
		// Of problems only those that are there have series.
		if !strings.HasSuffix(d.Name, "_check_problem") && len(got) != len(l.Values) {
			t.Errorf("%s: %s has the values %v, declared %v", d.Name, l.Name, got, l.Values)
		}
	}
}
