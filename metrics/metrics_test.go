package metrics_test

import (
	"strings"
	"testing"
	"time"

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
	if err := (metrics.Timing{Run: time.Minute, Scrape: time.Second, Evaluation: time.Second}).Validate(); err != nil {
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
		{metrics.Desc{Name: "a", Type: metrics.Gauge, Help: "h", Native: true}, "only a histogram"},
		{metrics.Desc{Name: "a_seconds", Type: metrics.Histogram, Help: "h", Native: true}, ""},
		{metrics.Desc{Name: "a_info", Type: metrics.Info, Help: "h"}, ""},
		{metrics.Desc{Name: "a", Type: metrics.Info, Help: "h"}, "ends in _info"},
		{metrics.Desc{Name: "a_count", Type: metrics.Gauge, Unit: metrics.None, Help: "h"}, ""},
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

func TestBaseUnit(t *testing.T) {
	for _, tt := range []struct {
		desc metrics.Desc
		want metrics.Unit
	}{
		{metrics.Desc{Name: "a_seconds"}, metrics.Seconds},
		{metrics.Desc{Name: "a_seconds_total"}, metrics.Seconds},
		{metrics.Desc{Name: "a_timestamp_seconds"}, metrics.Timestamp},
		{metrics.Desc{Name: "process_start_time_seconds"}, ""},
		{metrics.Desc{Name: "a_bytes"}, metrics.Bytes},
		{metrics.Desc{Name: "a_ratio"}, metrics.Ratio},
		{metrics.Desc{Name: "a"}, ""},
		{metrics.Desc{Name: "a_seconds", Unit: metrics.None}, metrics.None},
		{metrics.Desc{Name: "a", Unit: metrics.Bool}, metrics.Bool},
	} {
		if got := tt.desc.BaseUnit(); got != tt.want {
			t.Errorf("%s, unit %q: got %q, want %q", tt.desc.Name, tt.desc.Unit, got, tt.want)
		}
	}
}
