package promcheck_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

func typesChecker(t *testing.T) *promcheck.Checker {
	t.Helper()
	c, err := metrics.NewCatalogue(
		metrics.Desc{Name: "a_total", Type: metrics.Counter, Labels: []metrics.Label{{Name: "env"}, {Name: "host", Optional: true}}},
		metrics.Desc{Name: "busy_seconds_total", Type: metrics.Counter},
		metrics.Desc{Name: "fill_ratio", Type: metrics.Gauge},
		metrics.Desc{Name: "plain_seconds", Type: metrics.Gauge, Unit: metrics.None},
		metrics.Desc{Name: "build_info", Type: metrics.Info, Labels: metrics.Labels("version")},
		metrics.Desc{Name: "native_seconds", Type: metrics.Histogram, Native: true, Labels: metrics.Labels("env")},
		metrics.Desc{Name: "both_seconds", Type: metrics.Histogram, Native: true, Buckets: []float64{1, 2}, Labels: metrics.Labels("env")},
	)
	if err != nil {
		t.Fatal(err)
	}
	return promcheck.New(c, promcheck.Options{Complete: true, ClosedLabels: true})
}

func TestTypes(t *testing.T) {
	t.Parallel()
	c := typesChecker(t)
	for _, tt := range []struct {
		expr string
		want string // metric, unit, must, can
	}{
		{`a_total`, "counter||env|env,host"},
		{`a_total{host="x"}`, "counter||env,host|env,host"},
		{`sum by (env) (rate(a_total[5m]))`, "counter||env|env"},
		{`busy_seconds_total`, "counter|seconds||"},
		{`rate(busy_seconds_total[5m])`, "counter|ratio||"},
		{`fill_ratio > 0.5`, "gauge|ratio||"},
		{`plain_seconds`, "gauge|||"},
		{`build_info`, "info||version|version"},
		{`rate(a_total[5m]) / on (env) group_left () sum by (env) (rate(a_total[5m]))`, "||env|env,host"},
		{`histogram_quantile(0.9, sum by (env) (rate(native_seconds[5m])))`, "histogram|seconds|env|env"},
		{`vector(1)`, "|||"},
	} {
		typ, findings := c.Expr("expr", tt.expr)
		got := strings.Join([]string{string(typ.Metric), string(typ.Unit), strings.Join(typ.Must, ","), strings.Join(typ.Can, ",")}, "|")
		if d := cmp.Diff(tt.want, got); d != "" || len(findings) > 0 {
			t.Errorf("%s (-want +got):\n%s%v", tt.expr, d, findings)
		}
	}
}

// A native histogram needs no label "le", and has no bucket series.
func TestNativeHistograms(t *testing.T) {
	t.Parallel()
	c := typesChecker(t)
	for _, tt := range []struct {
		expr string
		want []string
	}{
		{`histogram_quantile(0.9, rate(native_seconds[5m])) > 1`, nil},
		{`histogram_quantile(0.9, sum(rate(both_seconds[5m]))) > 1`, nil},
		{`histogram_quantile(0.9, sum by (le) (rate(both_seconds_bucket[5m]))) > 1`, nil},
		{`histogram_count(rate(native_seconds[5m])) > 1`, nil},
		{`histogram_fraction(0, 0.5, rate(both_seconds[5m])) < 0.9`, nil},
		{`rate(native_seconds_bucket[5m])`, []string{`PQ013 native_seconds_bucket "native_seconds"`}},
		{`histogram_quantile(0.9, sum(rate(both_seconds_bucket[5m])))`, []string{`PQ012 histogram_quantile(0.9, sum(rate(both_seconds_bucket[5m])))`}},
		{`histogram_quantile(0.9, fill_ratio)`, []string{`PQ012 histogram_quantile(0.9, fill_ratio)`}},
	} {
		_, findings := c.Expr("alert", tt.expr)
		if d := cmp.Diff(tt.want, brief(findings)); d != "" {
			t.Errorf("%s (-want +got):\n%s%v", tt.expr, d, findings)
		}
	}
}

func TestMovingLabels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		label string
		wait  time.Duration
		want  int
	}{
		{"page", 0, 0},
		{"{{ $labels.job }}", time.Minute, 0},
		{`{{ if eq $labels.job "a" }}page{{ else }}ticket{{ end }}`, time.Minute, 0},
		{`{{ with query "owner" }}{{ . | first | label "team" }}{{ end }}`, time.Minute, 0},
		{"{{ $value }}", 0, 1},
		{"{{ $value }}", time.Minute, 1},
		{"{{ $labels.job }} at {{ humanizePercentage $value }}", 0, 1},
		{`{{ with query "up" }}{{ . | first | value }}{{ end }}`, 0, 1},
		{"{{ now }}", 0, 1},
		{"{{ if gt $value 0.9 }}page{{ else }}ticket{{ end }}", 0, 0},
		{"{{ if gt $value 0.9 }}page{{ else }}ticket{{ end }}", time.Minute, 1},
	} {
		c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
		r := promcheck.Rule{
			Where: "alert", Alert: "A", Expr: `sum by (job) (x) > 0.8`, For: tt.wait, Labels: map[string]string{"severity": tt.label},
			Annotations: map[string]string{"summary": tt.label},
		}
		_, findings := c.Rule(&r)
		if len(findings) != tt.want || tt.want > 0 && findings[0].Code != "PQ060" {
			t.Errorf("%s for %s: %v", tt.label, tt.wait, findings)
		}
	}
}

// Series are defined while other expressions are checked.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := typesChecker(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			typ, _ := c.Expr("record", "sum by (env) (rate(a_total[5m]))")
			c.Define("env:a:rate5m", typ)
			if _, findings := c.Expr("alert", "env:a:rate5m > 1"); len(findings) > 0 {
				t.Error(findings)
			}
		})
	}
	wg.Wait()
}
