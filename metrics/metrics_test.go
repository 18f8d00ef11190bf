package metrics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/metrics"
)

func TestTimingExpand(t *testing.T) {
	timing := metrics.Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}
	for in, want := range map[string]string{
		`x[3runs]`:                        `x[30m]`,
		`x[1run:4scrapes]`:                `x[10m:1m]`,
		`time() - x > 3runs`:              `time() - x > 30m`,
		`x{l="3runs",m='2scrapes'}[9m]`:   `x{l="3runs",m='2scrapes'}[9m]`,
		"x{l=`3runs`} offset 2runs":       "x{l=`3runs`} offset 20m",
		`x{l="a\"3runs"}[6runs]`:          `x{l="a\"3runs"}[1h]`,
		`runs_total + x3runs + 3runs_ago`: `runs_total + x3runs + 3runs_ago`,
		`"unterminated 3runs`:             `"unterminated 3runs`,
		`0runs`:                           `0runs`,
	} {
		if got := timing.Expand(in); got != want {
			t.Errorf("Expand(%s) = %s, want %s", in, got, want)
		}
	}
	if got := timing.ExpandTemplate(`{{ query "x[3runs]" }}`); got != `{{ query "x[30m]" }}` {
		t.Errorf("ExpandTemplate: %s", got)
	}
}

func TestTimingValidate(t *testing.T) {
	if err := metrics.DefaultTiming().Validate(); err != nil {
		t.Error(err)
	}
	if err := (metrics.Timing{Run: time.Minute, Scrape: time.Millisecond, Evaluation: time.Minute}).Validate(); err == nil || !strings.Contains(err.Error(), "Scrape is 1ms") {
		t.Errorf("error %v", err)
	}
}

func TestDescValidate(t *testing.T) {
	for _, tt := range []struct {
		desc metrics.Desc
		want string
	}{
		{metrics.Desc{Name: "a_total", Type: metrics.Counter, Help: "h"}, ""},
		{metrics.Desc{Name: "a_seconds_total", Type: metrics.Counter, Unit: metrics.Seconds, Help: "h"}, ""},
		{metrics.Desc{Name: "a", Type: metrics.Counter, Help: "h"}, "ends in _total"},
		{metrics.Desc{Name: "a-b", Type: metrics.Gauge, Help: "h"}, "not a metric name"},
		{metrics.Desc{Name: "a", Type: metrics.Gauge}, "no help"},
		{metrics.Desc{Name: "a", Type: "guage", Help: "h"}, `unknown type "guage"`},
		{metrics.Desc{Name: "a_ms", Type: metrics.Gauge, Unit: metrics.Seconds, Help: "h"}, "ends in _seconds"},
		{metrics.Desc{Name: "a_seconds", Type: metrics.Histogram, Help: "h"}, "needs buckets"},
		{metrics.Desc{Name: "a_seconds", Type: metrics.Histogram, Help: "h", Buckets: []float64{1, 1}}, "must increase"},
		{metrics.Desc{Name: "a", Type: metrics.Gauge, Help: "h", Buckets: []float64{1}}, "only a histogram"},
		{metrics.Desc{Name: "a", Type: metrics.Gauge, Help: "h", Labels: []metrics.Label{{Name: "x"}, {Name: "x"}}}, "declared twice"},
		{metrics.Desc{Name: "a", Type: metrics.Gauge, Help: "h", Labels: []metrics.Label{{Name: "__x"}}}, "not a label name"},
	} {
		err := tt.desc.Validate()
		if tt.want == "" && err != nil {
			t.Errorf("%+v: %v", tt.desc, err)
		}
		if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: error %v, want %q", tt.desc, err, tt.want)
		}
	}
}

func TestPreflightMetricsAreTheFixedOnes(t *testing.T) {
	p := metrics.NewPreflight("arbitrage", metrics.Vocabulary{Checks: []string{"Database"}, Reasons: []string{"timeout"}})
	got := map[string]string{}
	for _, d := range p.All() {
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
		got[d.Name] = string(d.Type) + " " + strings.Join(d.LabelNames(), ",")
	}
	want := map[string]string{
		"arbitrage_preflight_runs_total":                         "counter env",
		"arbitrage_preflight_last_success":                       "gauge env",
		"arbitrage_preflight_duration_seconds":                   "histogram env",
		"arbitrage_preflight_checks_total":                       "counter env,check,status",
		"arbitrage_preflight_realcheck_redis_latency_seconds":    "histogram env",
		"arbitrage_preflight_realcheck_postgres_latency_seconds": "histogram env",
		"arbitrage_preflight_ready_for_live":                     "gauge env",
		"arbitrage_preflight_check_status":                       "gauge env,check,status",
		"arbitrage_preflight_target_status":                      "gauge env,check,target,status",
		"arbitrage_preflight_check_problem":                      "gauge env,check,target,status,reason",
		"arbitrage_preflight_check_duration_seconds":             "histogram env,check",
		"arbitrage_preflight_last_run_timestamp_seconds":         "gauge env",
		"arbitrage_preflight_build_info":                         "gauge version,goversion",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCatalogue(t *testing.T) {
	hist := metrics.Desc{Name: "x_seconds", Type: metrics.Histogram, Help: "h", Buckets: []float64{1}, Labels: []metrics.Label{{Name: "env"}}}
	c, err := metrics.NewCatalogue(hist, metrics.Desc{Name: "a", Type: metrics.Gauge, Help: "h"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a", "x_seconds_bucket", "x_seconds_count", "x_seconds_sum"}, c.SeriesNames()); d != "" {
		t.Errorf("series (-want +got):\n%s", d)
	}
	if _, ok := c.Series("x_seconds"); ok {
		t.Error("a histogram has no series of its own name")
	}
	if d, ok := c.Family("x_seconds"); !ok || d.Type != metrics.Histogram {
		t.Errorf("Family: %v %v", d, ok)
	}
	if d := cmp.Diff([]string{"env", "le"}, hist.SeriesLabels("x_seconds_bucket")); d != "" {
		t.Errorf("labels of the buckets (-want +got):\n%s", d)
	}
	if _, err := metrics.NewCatalogue(hist, metrics.Desc{Name: "x_seconds_count", Type: metrics.Gauge, Help: "h"}); err == nil ||
		!strings.Contains(err.Error(), `its series x_seconds_count also belongs to "x_seconds"`) {
		t.Errorf("error %v", err)
	}
}
