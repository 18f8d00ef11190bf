package metrics_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// shown describes metrics in short: name, type, unit, labels, buckets.
func shown(descs []metrics.Desc) []string {
	var out []string
	for _, d := range descs {
		if f, wrong := d.Problem(); wrong {
			out = append(out, string(f.Code)+" "+f.Reason)
			continue
		}
		text := d.Name + " " + string(d.Type)
		if u := d.BaseUnit(); u != "" {
			text += " " + string(u)
		}
		for _, l := range d.Labels {
			text += " " + l.Name
			if l.Optional {
				text += "?"
			}
			if l.Values != nil {
				text += "=" + strings.Join(l.Values, "|")
			}
		}
		if d.Buckets != nil {
			text += " buckets"
		}
		for _, b := range d.Buckets {
			text += " " + strconv.FormatFloat(b, 'g', -1, 64)
		}
		if d.Native {
			text += " native"
		}
		out = append(out, text)
	}
	return out
}

func TestExposition(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{{
		name: "the text format",
		text: `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",method="get"} 10
http_requests_total{code="500"} 1
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.5"} 1
latency_seconds_bucket{le="2"} 2
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1
latency_seconds_count 2

# TYPE gc_seconds summary
gc_seconds{quantile="0.5"} 1
gc_seconds_sum 1
gc_seconds_count 2
# TYPE depth gauge
depth 3
loose{a="b"} 4
x_seconds_count 2
`,
		want: []string{
			"depth gauge",
			"gc_seconds summary seconds",
			"http_requests_total counter code method?",
			"latency_seconds histogram seconds buckets 0.5 2",
			"loose untyped a",
			"x_seconds_count untyped",
		},
	}, {
		name: "OpenMetrics",
		text: `# HELP http_requests Requests.
# TYPE http_requests counter
http_requests_total{code="200"} 10 # {trace_id="x"} 1
http_requests_created{code="200"} 1.7e9
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
latency_seconds_bucket{le="0.5"} 1 # {trace_id="x"} 0.3
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1
latency_seconds_count 2
latency_seconds_created 1.7e9
# TYPE build info
build_info{version="1.2"} 1
# TYPE mode stateset
mode{mode="leader"} 1
mode{mode="follower"} 0
# TYPE queue_bytes gaugehistogram
# UNIT queue_bytes bytes
queue_bytes_bucket{le="+Inf"} 2
queue_bytes_gcount 2
queue_bytes_gsum 7
# TYPE room_celsius gauge
# UNIT room_celsius celsius
room_celsius 20
# TYPE odd unknown
odd 1
# EOF
`,
		want: []string{
			"build_info info version",
			"http_requests_created gauge timestamp_seconds code",
			"http_requests_total counter code",
			"latency_seconds histogram seconds buckets 0.5",
			"latency_seconds_created gauge timestamp_seconds",
			"mode gauge bool mode=leader|follower",
			"odd untyped",
			"queue_bytes_bucket gauge none le",
			"queue_bytes_gcount gauge none",
			"queue_bytes_gsum gauge bytes",
			"room_celsius gauge celsius",
		},
	}, {
		name: "OpenMetrics 2 with a native and a classic histogram in one",
		text: `# TYPE a_seconds histogram
a_seconds {count:6,sum:12.1,schema:0,zero_threshold:0.001,zero_count:2,positive_spans:[0:3],positive_buckets:[1,2,1]}
# TYPE b_seconds histogram
b_seconds{path="/"} {count:3,sum:6.0,schema:0,zero_threshold:0.001,zero_count:0,positive_spans:[0:2],positive_buckets:[1,2],bucket:[0.1:1,1.0:2,+Inf:3]}
# EOF
`,
		want: []string{
			"a_seconds histogram seconds native",
			"b_seconds histogram seconds path buckets 0.1 1 native",
		},
	}, {
		name: "Windows line ends, no newline at the end",
		text: "# TYPE a gauge\r\na 1\r\nb 2",
		want: []string{"a gauge", "b untyped"},
	}, {
		name: "a mistake in the text format",
		text: "a 1\n\nb{c=\"d\" 2\n",
		want: []string{"a untyped", "DF012 line 3: "},
	}, {
		name: "a mistake in OpenMetrics",
		text: "a 1\nb one\n# EOF\n",
		want: []string{"a untyped", "DF012 line 2: "},
	}, {
		name: "a page that is no exposition",
		text: "<html><body>404</body></html>",
		want: []string{"DF012 line 1: "},
	}, {
		name: "nothing",
		text: "\n",
		want: []string{"DF012 it is empty: store the answer of the program's /metrics"},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			got := shown(metrics.Exposition(tt.text))
			for i, w := range tt.want { // compare the start only: the text of a mistake is the parser's
				if i < len(got) && strings.HasSuffix(w, ": ") && strings.HasPrefix(got[i], w) {
					got[i] = w
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestExpositionMarksWrongLine(t *testing.T) {
	descs := metrics.Exposition("a 1\nb{c=\"d\" 2\n")
	f, wrong := descs[len(descs)-1].Problem()
	if !wrong || !strings.Contains(f.Detail(), `b{c="d" 2`) {
		t.Errorf("finding %v", f)
	}
}

func TestExporters(t *testing.T) {
	descs := metrics.Exporters("node_exporter", "alertmanager")
	for _, want := range []struct{ name, program string }{{"node_load1", "node_exporter"}, {"alertmanager_alerts", "alertmanager"}} {
		i := slices.IndexFunc(descs, func(d metrics.Desc) bool { return d.Name == want.name })
		if i < 0 || descs[i].Program != want.program || descs[i].Help == "" {
			t.Errorf("%s of %s is not among %d", want.name, want.program, len(descs))
		}
	}
	for _, name := range []string{"node_exportr", "node_exporter@0.1"} {
		descs := metrics.Exporters(name)
		f, wrong := descs[0].Problem()
		if len(descs) != 1 || !wrong || f.Code != finding.UnknownProgram || !strings.Contains(f.String(), name) || !strings.Contains(f.Reason, "node_exporter") {
			t.Errorf("%s: %v", name, f)
		}
	}
	if got := metrics.Exporters(); got != nil {
		t.Errorf("no names gave %d metrics", len(got))
	}
}

// Every program has a default port and a valid recording.
func TestPrograms(t *testing.T) {
	programs := metrics.Programs()
	if !slices.Contains(programs, "prometheus") || !slices.IsSorted(programs) {
		t.Errorf("programs %v", programs)
	}
	if _, err := metrics.NewCatalogue(metrics.Exporters(programs...)...); err != nil {
		t.Error(err)
	}
	for _, p := range programs {
		if _, known := metrics.DefaultPort(p); !known {
			t.Errorf("%s has no default port", p)
		}
		for _, d := range metrics.Exporters(p) {
			if f, wrong := d.Problem(); wrong {
				t.Error(f)
			}
		}
	}
	if _, known := metrics.DefaultPort("bot"); known {
		t.Error("a bot has no default port")
	}
}
