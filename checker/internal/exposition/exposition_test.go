package exposition_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/checker/internal/exposition"
)

// library reads a text as node_exporter does.
func library(text string) (families map[string]*dto.MetricFamily, err error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(strings.NewReader(text))
}

// converted returns the library's families in this package's model.
func converted(families map[string]*dto.MetricFamily) map[string]*exposition.Family {
	out := map[string]*exposition.Family{}
	for name, f := range families {
		c := &exposition.Family{Name: f.GetName(), Help: f.GetHelp(), Type: exposition.Type(strings.ToLower(f.GetType().String()))}
		for _, m := range f.Metric {
			s := exposition.Series{Timestamp: m.TimestampMs, Value: m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()}
			for _, l := range m.Label {
				s.Labels = append(s.Labels, exposition.Label{Name: l.GetName(), Value: l.GetValue()})
			}
			if h := m.Histogram; h != nil {
				s.Dist = &exposition.Distribution{Count: either(h.SampleCount, h.SampleCountFloat), Sum: h.GetSampleSum()}
				for _, b := range h.Bucket {
					s.Dist.Points = append(s.Dist.Points, exposition.Point{At: b.GetUpperBound(), Value: either(b.CumulativeCount, b.CumulativeCountFloat)})
				}
			}
			if h := m.Summary; h != nil {
				s.Dist = &exposition.Distribution{Count: float64(h.GetSampleCount()), Sum: h.GetSampleSum()}
				for _, q := range h.Quantile {
					s.Dist.Points = append(s.Dist.Points, exposition.Point{At: q.GetQuantile(), Value: q.GetValue()})
				}
			}
			c.Series = append(c.Series, s)
		}
		out[name] = c
	}
	return out
}

func either(whole *uint64, fraction *float64) float64 {
	if fraction != nil && *fraction != 0 {
		return *fraction
	}
	if whole == nil {
		return 0
	}
	return float64(*whole)
}

var equate = cmp.Options{cmpopts.EquateNaNs(), cmpopts.EquateEmpty()}

// differs reports whether a text is one of those that [exposition.Parse] reads
// in another way than the library, as its documentation has it.
func differs(text string) bool {
	distributions := slices.ContainsFunc([]string{"HISTOGRAM", "SUMMARY"}, func(t string) bool {
		return strings.Contains(strings.ToUpper(strings.ReplaceAll(text, `\`, "")), t)
	})
	for line := range strings.Lines(text) {
		if distributions && strings.HasPrefix(strings.TrimLeft(line, " \t"), "{") {
			return true
		}
	}
	return false
}

// twoCounts reports whether a histogram has a count with a fraction and another
// one without.
func twoCounts(families map[string]*dto.MetricFamily) bool {
	for _, f := range families {
		if slices.ContainsFunc(f.Metric, func(m *dto.Metric) bool {
			return m.Histogram != nil && m.Histogram.SampleCount != nil && m.Histogram.SampleCountFloat != nil
		}) {
			return true
		}
	}
	return false
}

// sameAsLibrary compares what both read from a text, and what both write.
func sameAsLibrary(t *testing.T, text string) {
	t.Helper()
	got, err := exposition.Parse(text)
	if differs(text) {
		return
	}
	families, libraryErr := library(text)
	if (err == nil) != (libraryErr == nil) {
		t.Fatalf("%q: error %v, the library's %v", text, err, libraryErr)
	}
	if err != nil || twoCounts(families) {
		return
	}
	if d := cmp.Diff(converted(families), got, equate); d != "" {
		t.Errorf("%q: (-library +got):\n%s", text, d)
	}
	for name, f := range got {
		var want bytes.Buffer
		if _, err := expfmt.MetricFamilyToText(&want, families[name]); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), string(f.Append(nil))); d != "" {
			t.Errorf("%q: written (-library +got):\n%s", text, d)
		}
	}
}

// seeds are texts in other forms than that of this program.
var seeds = []string{
	"# HELP a b\n# TYPE a counter\na 1\n", "# TYPE a gauge\na{b=\"c\"} -1e+06\n", "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_sum 3\na_count 2\n",
	"# TYPE a histogram\na_bucket{le=\"NaN\"} 1\n", "# TYPE a histogram\na{le=\"1\",le=\"2\"} 1\n", "# TYPE a histogram\na_bucket{le=\"x\"} 1\n", "# TYPE a histogram\na_count -1\n",
	"# TYPE a histogram\na_count{x=\"1\",y=\"2\"} 1\na_count{y=\"2\",x=\"1\"} 2\na_sum{x=\"1\",y=\"2\",z=\"\"} NaN\n", "# TYPE a histogram\na_count 2.5\na_bucket{le=\"1\"} 1\n",
	"# TYPE a summary\na{quantile=\"0.5\"} 3\na_sum 1\na_count 2.5\na_bucket 1\n", "# TYPE a summary\na_count -1\n", "# TYPE a gaugehistogram\na_bucket{le=\"1\"} 1 7\n",
	"# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n", "# TYPE a gauge\na{b=\"c\"} 1 2\n", "a 1 2 \n", "a 1 \n", "a 1 x\n", "# TYPE a gauge\na{b=\"c\",} 1\n", "a{,} 1\n", "a{} 1\n", "a{b=\"c\"}1\n", "a+1\n",
	"# TYPE a gauge\n", "# TYPE a gauge\na NaN\n", "# HELP a \\\\ \\n \\\"\n# TYPE a gauge\na 1\n", "# HELP a \\x\n", "# HELP a \\\n", "# HELP a b\n# HELP a b\n", "# HELP a \na 1\n",
	"# TYPE a_count gauge\na_count 1\n# TYPE a histogram\na_count 1\n", "# TYPE a histogram\n# TYPE a_count gauge\na_count 1\n", "# TYPE a histogram\na_count 1\n# HELP a_sum x\n",
	"# TYPE a gauge\na 1\n# TYPE a gauge\na 1\n", "# TYPE a gauge\na 1\nb 2\na 3\n", "# TYPE a GaUge\na 0x1p4\n", "# TYPE a gauge \n", "# TYPE a \\gauge\na 1\n", "a 1_0\n", "a inf\n", "a 1e999\n", "a -0\n",
	"# TYPE a gauge\na{__name__=\"b\"} 1\n", "{\"a\",b=\"c\"} 1\n", "{b=\"c\",a} 1\n", "{\"a\",\"b\"} 1\n", "{b=\"c\"} 1\n", "\"a\"{\"b\"=\"c\"} 1\n", "a\"b\"c\"d\" 1\n", "\"\"{\"a\"} 1\n", "\"a b\" 1\n", "a:b{c:d=\"\"} 1\n", "{\"a:b\"} 1\n",
	"#a\n# \n#\n\n \t\n\ta\t{ b\t= \"c\" ,\td=\"\\\"\\\\\\n\" }\t1\t2\n", "#HELP a b\na 1\n", "# HELP a{ b\n", "# HELP \"a\n", "# HELP \"a \\\\\"\n", "# EOF\n", "a 1\r\n", "a 1", "a{b=\"\xff\"} 1\n", "# HELP a \xff\na 1\n", "é 1\n", "a{b=\"\\x\"} 1\n", "a{b=\"c} 1\n",
}

func TestParseAsLibrary(t *testing.T) {
	t.Parallel()
	for _, text := range seeds {
		sameAsLibrary(t, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range seeds {
		f.Add(text)
	}
	f.Fuzz(sameAsLibrary)
}

// A line that the library reads in another way is read by its own name.
func TestNamesInsideBraces(t *testing.T) {
	t.Parallel()
	got, err := exposition.Parse("# TYPE a histogram\n# TYPE b gauge\nb 1\n{\"a_bucket\",x=\"y\",le=\"1\"} 2\n{x=\"y\",\"a_count\"} 3\n")
	want := exposition.Series{Labels: []exposition.Label{{Name: "x", Value: "y"}}, Dist: &exposition.Distribution{Count: 3, Points: []exposition.Point{{At: 1, Value: 2}}}}
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if d := cmp.Diff([]exposition.Series{want}, got["a"].Series); d != "" {
		t.Error(d)
	}
}

// What is written, the library reads as it was.
func FuzzAppend(f *testing.F) {
	types := []exposition.Type{exposition.Counter, exposition.Gauge, exposition.Untyped, exposition.Summary, exposition.Histogram}
	f.Add(uint8(0), "help", "value", 1.0, 2.0, int64(0))
	f.Add(uint8(4), "\\ \n \" \xff", "\\ \n \" \xc3\xa9", 0.1, 1e300, int64(-5))
	f.Add(uint8(4), "", "", math.NaN(), math.Inf(-1), int64(1))
	f.Add(uint8(3), " x", "}", math.Copysign(0, -1), math.Inf(1), int64(0))
	f.Fuzz(func(t *testing.T, kind uint8, help, value string, number, at float64, timestamp int64) {
		s := exposition.Series{Labels: []exposition.Label{{Name: "a", Value: strings.ToValidUTF8(value, "?")}, {Name: "b", Value: ""}}, Value: number}
		if timestamp != 0 {
			s.Timestamp = &timestamp
		}
		family := exposition.Family{Name: "x:y", Help: strings.TrimLeft(help, " \t"), Type: types[int(kind)%len(types)]}
		if family.Type == exposition.Summary || family.Type == exposition.Histogram {
			s.Value = 0
			s.Dist = &exposition.Distribution{Count: 1 << 40, Sum: number, Points: []exposition.Point{{At: at, Value: math.Abs(number)}, {At: math.Inf(1), Value: 3}}}
			if math.IsNaN(at) {
				s.Dist.Points = s.Dist.Points[1:]
			}
		}
		family.Series = []exposition.Series{s, {Labels: []exposition.Label{{Name: "c", Value: "d"}}, Value: s.Value, Dist: s.Dist}}
		text := string(family.Append(nil))
		want := map[string]*exposition.Family{"x:y": &family}
		families, err := library(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if d := cmp.Diff(want, converted(families), equate); d != "" {
			t.Errorf("%q: (-want +library):\n%s", text, d)
		}
		sameAsLibrary(t, text)
	})
}

// A file that is not one of metrics may hold secrets.
func TestErrorsShowNoText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"KEY=s3cret\n", "KEY = s3cret\n", "KEY='s3cret'\n", "export KEY=s3cret\n", "{s3cret\n", "\"s3cret x\"\n", "a{b=\"s3cret\n", "a{b=\"c\"} s3cret\n", "a 1 s3cret\n", "a{s3cret=1} 1\n", "# TYPE a s3cret\n", "a 1\nKEY s3cret"} {
		_, err := exposition.Parse(text)
		if err == nil || !strings.HasPrefix(err.Error(), "line ") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	a := exposition.Series{Labels: []exposition.Label{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}}}
	b := exposition.Series{Labels: []exposition.Label{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}, {Name: "c", Value: ""}}}
	c := exposition.Series{Labels: []exposition.Label{{Name: "a", Value: "1"}}}
	if a.Key() != b.Key() || a.Key() == c.Key() || b.Label("a") != "1" || b.Label("d") != "" {
		t.Errorf("%q, %q, %q", a.Key(), b.Key(), c.Key())
	}
}

// The library's reader and writer beside this package's, on the size of a file
// of two environments with eight checks.
func BenchmarkReadAndWrite(b *testing.B) {
	var text bytes.Buffer
	for family := range 20 {
		name := fmt.Sprintf("app_preflight_family_%d_seconds", family)
		fmt.Fprintf(&text, "# HELP %s How long it took.\n# TYPE %s histogram\n", name, name)
		for _, env := range []string{"live", "paper"} {
			for _, bound := range []string{"0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1", "5", "10", "+Inf"} {
				fmt.Fprintf(&text, "%s_bucket{check=\"Order Book\",env=%q,le=%q} 12\n", name, env, bound)
			}
			fmt.Fprintf(&text, "%s_sum{check=\"Order Book\",env=%q} 1.25\n%s_count{check=\"Order Book\",env=%q} 12\n", name, env, name, env)
		}
	}
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			families, err := exposition.Parse(text.String())
			if err != nil {
				b.Fatal(err)
			}
			var out []byte
			for _, name := range slices.Sorted(maps.Keys(families)) {
				out = families[name].Append(out)
			}
			if len(out) != text.Len() {
				b.Fatal(string(out))
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			families, err := library(text.String())
			if err != nil {
				b.Fatal(err)
			}
			var out bytes.Buffer
			for _, name := range slices.Sorted(maps.Keys(families)) {
				if _, err := expfmt.MetricFamilyToText(&out, families[name]); err != nil {
					b.Fatal(err)
				}
			}
			if out.Len() != text.Len() {
				b.Fatal(out.String())
			}
		}
	})
}
