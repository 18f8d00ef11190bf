package desc_test

import (
	"strings"
	"testing"

	"github.com/alertnative/preflight/metrics/desc"
)

func TestDescValidate(t *testing.T) {
	for _, tt := range []struct {
		desc desc.Desc
		want string
	}{
		{desc.Desc{Name: "a_total", Type: desc.Counter, Help: "h"}, ""},
		{desc.Desc{Name: "a_seconds_total", Type: desc.Counter, Unit: desc.Seconds, Help: "h"}, ""},
		{desc.Desc{Name: "a", Type: desc.Counter, Help: "h"}, "ends in _total"},
		{desc.Desc{Name: "a-b", Type: desc.Gauge, Help: "h"}, "not a metric name"},
		{desc.Desc{Name: "a", Type: desc.Gauge}, "no help"},
		{desc.Desc{Name: "a", Type: "guage", Help: "h"}, `unknown type "guage"`},
		{desc.Desc{Name: "a_ms", Type: desc.Gauge, Unit: desc.Seconds, Help: "h"}, "ends in _seconds"},
		{desc.Desc{Name: "a_seconds", Type: desc.Histogram, Help: "h"}, "needs buckets"},
		{desc.Desc{Name: "a_seconds", Type: desc.Histogram, Help: "h", Buckets: []float64{1, 1}}, "must increase"},
		{desc.Desc{Name: "a", Type: desc.Gauge, Help: "h", Buckets: []float64{1}}, "only a histogram"},
		{desc.Desc{Name: "a", Type: desc.Gauge, Help: "h", Native: true}, "only a histogram"},
		{desc.Desc{Name: "a_seconds", Type: desc.Histogram, Help: "h", Native: true}, ""},
		{desc.Desc{Name: "a_info", Type: desc.Info, Help: "h"}, ""},
		{desc.Desc{Name: "a", Type: desc.Info, Help: "h"}, "ends in _info"},
		{desc.Desc{Name: "a_count", Type: desc.Gauge, Unit: desc.None, Help: "h"}, ""},
		{desc.Desc{Name: "a", Type: desc.Gauge, Help: "h", Labels: []desc.Label{{Name: "x"}, {Name: "x"}}}, "declared twice"},
		{desc.Desc{Name: "a", Type: desc.Gauge, Help: "h", Labels: []desc.Label{{Name: "__x"}}}, "not a label name"},
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
		desc desc.Desc
		want desc.Unit
	}{
		{desc.Desc{Name: "a_seconds"}, desc.Seconds},
		{desc.Desc{Name: "a_seconds_total"}, desc.Seconds},
		{desc.Desc{Name: "a_timestamp_seconds"}, desc.Timestamp},
		{desc.Desc{Name: "process_start_time_seconds"}, ""},
		{desc.Desc{Name: "a_bytes"}, desc.Bytes},
		{desc.Desc{Name: "a_ratio"}, desc.Ratio},
		{desc.Desc{Name: "a"}, ""},
		{desc.Desc{Name: "a_seconds", Unit: desc.None}, desc.None},
		{desc.Desc{Name: "a", Unit: desc.Bool}, desc.Bool},
	} {
		if got := tt.desc.BaseUnit(); got != tt.want {
			t.Errorf("%s, unit %q: got %q, want %q", tt.desc.Name, tt.desc.Unit, got, tt.want)
		}
	}
}
