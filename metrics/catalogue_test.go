package metrics_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/metrics"
)

func TestCatalogue(t *testing.T) {
	hist := metrics.Desc{Name: "x_seconds", Type: metrics.Histogram, Help: "h", Buckets: []float64{1}, Labels: metrics.Labels("env")}
	c, err := metrics.NewCatalogue(hist, metrics.Desc{Name: "a", Type: metrics.Gauge, Help: "h"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a", "x_seconds_bucket", "x_seconds_count", "x_seconds_sum"}, c.SeriesNames()); d != "" {
		t.Errorf("series (-want +got):\n%s", d)
	}
	if _, ok := c.Series("x_seconds"); ok {
		t.Error("a classic histogram has no series of its own name")
	}
	if d, ok := c.Family("x_seconds"); !ok || d.Type != metrics.Histogram {
		t.Errorf("Family: %v", shown([]metrics.Desc{d}))
	}
	if d := cmp.Diff([]string{"env", "le"}, hist.SeriesLabels("x_seconds_bucket")); d != "" {
		t.Errorf("labels of the buckets (-want +got):\n%s", d)
	}
}

func TestSeriesOfTypes(t *testing.T) {
	for _, tt := range []struct {
		desc metrics.Desc
		want []string
	}{
		{metrics.Desc{Name: "a_info", Type: metrics.Info}, []string{"a_info"}},
		{metrics.Desc{Name: "a", Type: metrics.Summary}, []string{"a", "a_sum", "a_count"}},
		{metrics.Desc{Name: "a", Type: metrics.Histogram, Native: true}, []string{"a"}},
		{metrics.Desc{Name: "a", Type: metrics.Histogram, Native: true, Buckets: []float64{1}}, []string{"a_bucket", "a_sum", "a_count", "a"}},
	} {
		if d := cmp.Diff(tt.want, tt.desc.Series()); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.desc.Name, tt.desc.Type, d)
		}
	}
}

func TestCatalogueOfDescriptionsInCommon(t *testing.T) {
	type desc = metrics.Desc
	a := desc{Name: "a_total", Type: metrics.Counter, Help: "h", Labels: metrics.Labels("x", "y")}
	with := func(d desc, change func(*desc)) desc { change(&d); return d }
	for _, tt := range []struct {
		name  string
		descs []desc
		want  []string
		err   string // "": none
	}{
		{"equal ones are one", []desc{a, a}, []string{"a_total counter x y"}, ""},
		{
			"the order of labels and the help are no difference",
			[]desc{a, with(a, func(d *desc) { d.Labels, d.Help = metrics.Labels("y", "x"), "other" })},
			[]string{"a_total counter x y"}, "",
		},
		{
			"a unit that the name states can be left out",
			[]desc{{Name: "b_seconds", Type: metrics.Gauge}, {Name: "b_seconds", Type: metrics.Gauge, Unit: metrics.Seconds}},
			[]string{"b_seconds gauge seconds"}, "",
		},
		{
			"another type", []desc{a, with(a, func(d *desc) { d.Type = metrics.Gauge })}, []string{"a_total counter x y"},
			`metric "a_total": described twice and differently: a counter with the labels x, y; and a gauge with the labels x, y`,
		},
		{
			"other labels", []desc{a, with(a, func(d *desc) { d.Labels = metrics.Labels("x") })}, []string{"a_total counter x y"},
			"a counter with the labels x, y; and a counter with the labels x",
		},
		{
			"several programs expose it",
			[]desc{
				with(a, func(d *desc) { d.Program = "one" }),
				with(a, func(d *desc) { d.Program, d.Labels = "two", metrics.Labels("x", "z") }),
			},
			[]string{"a_total counter x y? z?"}, "",
		},
		{
			"several programs mean different things by it",
			[]desc{with(a, func(d *desc) { d.Program = "one" }), with(a, func(d *desc) { d.Program, d.Type = "two", metrics.Gauge })},
			[]string{"a_total counter x y"}, "of one; and a gauge with the labels x, y, of two",
		},
		{
			"a series of one is another's name",
			[]desc{{Name: "s", Type: metrics.Summary}, {Name: "s_count", Type: metrics.Gauge}},
			[]string{"s summary", "s_count gauge"}, `its series s_count also belongs to "s"`,
		},
		{"a problem", append(metrics.Exporters("nothing"), a), []string{"a_total counter x y"}, `exporter "nothing": DF011`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := metrics.NewCatalogue(tt.descs...)
			if d := cmp.Diff(tt.want, shown(c.All())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestProgramsOfAMetric(t *testing.T) {
	own := metrics.Desc{Name: "own", Type: metrics.Gauge}
	c, err := metrics.NewCatalogue(append(metrics.Exporters("node_exporter", "prometheus"), own)...)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"node_load1":    {"node_exporter"},
		"go_goroutines": {"node_exporter", "prometheus"},
		"own":           nil,
	} {
		if d := cmp.Diff(want, c.Programs(name)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// Expositions of unknown programs may disagree about a metric: it then makes no
// claim beyond the labels of both.
func TestCatalogueOfExpositions(t *testing.T) {
	for _, tt := range []struct {
		name   string
		texts  []string
		want   []string
		series []string
	}{
		{
			"labels are joined",
			[]string{"# TYPE a counter\na{x=\"1\"} 1\n", "# TYPE a counter\na{y=\"1\"} 1\n"},
			[]string{"a counter x? y?"}, []string{"a"},
		},
		{
			"another type",
			[]string{"# TYPE a counter\na{x=\"1\"} 1\n", "# TYPE a gauge\na{x=\"1\"} 1\n"},
			[]string{"a untyped none x"}, []string{"a"},
		},
		{
			"a histogram and a gauge",
			[]string{"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n", "# TYPE a gauge\na 1\n"},
			[]string{"a untyped none"}, []string{"a", "a_bucket", "a_count", "a_sum"},
		},
		{
			"another series of a summary",
			[]string{"# TYPE a summary\na_sum 1\na_count 1\n", "# TYPE a_count gauge\na_count{x=\"1\"} 1\n"},
			[]string{"a summary", "a_count gauge x"}, []string{"a", "a_count", "a_sum"},
		},
		{
			"other buckets",
			[]string{"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n", "# TYPE a histogram\na_bucket{le=\"2\"} 1\na_sum 1\na_count 1\n"},
			[]string{"a histogram buckets 1 2"}, []string{"a_bucket", "a_count", "a_sum"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []metrics.Desc
			for _, text := range tt.texts {
				all = append(all, metrics.Exposition(text)...)
			}
			c, err := metrics.NewCatalogue(all...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, shown(c.All())); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.series, c.SeriesNames()); d != "" {
				t.Errorf("series (-want +got):\n%s", d)
			}
		})
	}
	c, _ := metrics.NewCatalogue(append(metrics.Exposition("# TYPE a summary\na_sum 1\na_count 1\n"), metrics.Exposition("# TYPE a_count gauge\na_count{x=\"1\"} 1\n")...)...)
	if d, ok := c.Series("a_count"); !ok || d.Type != metrics.Untyped {
		t.Errorf("a_count: %v", shown([]metrics.Desc{d}))
	}
}

// A label with an empty value is not there, and a summary has quantiles.
func TestLabelsOfAnExposition(t *testing.T) {
	descs := metrics.Exposition("# TYPE a gauge\na{x=\"\",y=\"1\",z=\"1\"} 1\na{x=\"\",y=\"2\",z=\"\"} 1\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.99\"} 1\ns_sum 1\ns_count 1\n")
	if d := cmp.Diff([]string{"a gauge y z?", "s summary"}, shown(descs)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]float64{0.5, 0.99}, descs[1].Quantiles); d != "" {
		t.Errorf("quantiles (-want +got):\n%s", d)
	}
}
