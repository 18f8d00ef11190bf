package steps_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/steps"
)

const day = 24 * time.Hour

func TestInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ step, run, want time.Duration }{
		// In runs.
		{10 * time.Second, 10 * time.Second, 2500 * time.Millisecond},
		{time.Minute, time.Minute, 15 * time.Second},
		{10 * time.Minute, 10 * time.Minute, time.Minute},
		{30 * time.Minute, 10 * time.Minute, time.Minute},
		{time.Hour, time.Hour, time.Minute},
		{6 * time.Hour, 6 * time.Hour, time.Minute},
		{day, day, 4 * time.Minute},
		{100 * time.Second, 100 * time.Second, 25 * time.Second},
		{330 * time.Second, 330 * time.Second, 55 * time.Second},
		{7 * time.Second, 7 * time.Second, 1750 * time.Millisecond},
		{10 * time.Millisecond, 10 * time.Millisecond, 2 * time.Millisecond},
		{time.Millisecond, time.Millisecond, time.Millisecond},
		{3 * time.Nanosecond, 3 * time.Nanosecond, 3 * time.Nanosecond},
		// In minutes.
		{5 * time.Second, 0, 5 * time.Second},
		{time.Minute, 0, time.Minute},
		{90 * time.Second, 0, 45 * time.Second},
		{10 * time.Minute, 0, time.Minute},
		{day, 0, 4 * time.Minute},
	} {
		got := steps.Interval(tt.step, tt.run)
		if got != tt.want {
			t.Errorf("step %s, run %s: %s, want %s", tt.step, tt.run, got, tt.want)
		}
		if tt.step%got != 0 {
			t.Errorf("step %s is not a multiple of %s", tt.step, got)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		run            time.Duration
		notation, want string
	}{
		{10 * time.Second, "0 1x9 stale", "0x3 1x39 stale _x3"},
		{time.Minute, "0 1x9 stale", "0x3 1x39 stale _x3"},
		{10 * time.Minute, "0 1x9 stale", "0x9 1x99 stale _x9"},
		{time.Hour, "0 1x9 stale", "0x59 1x599 stale _x59"},
		{day, "0 1x9 stale", "0x359 1x3599 stale _x359"},
		{time.Minute, "0+98x3", "0x3 98x3 196x3 294x3"},
		{day, "0+98x2", "0x359 98x359 196x359"},
		{time.Minute, "10-5x2 7", "10x3 5x3 0x3 7x3"},
		{time.Minute, "_x4", "_x16"},
		{time.Minute, "_ 1 _x2 2", "_x4 1x3 _x8 2x3"},
		{time.Minute, "1x4 0x5", "1x19 0x23"},
		{time.Minute, "1 1 1x2", "1x19"},
		{time.Minute, "stale stale 1 stale _x2", "stale _x3 stale _x3 1x3 stale _x11"},
		{time.Minute, "0.25 1e9 NaN +Inf -Inf", "0.25x3 1e+09x3 NaNx3 +Infx3 -Infx3"},
		{time.Minute, "{{schema:0 sum:1 count:4 buckets:[1 2 1]}} _", "{{count:4 sum:1 buckets:[1 2 1]}}x3 _x4"},
	} {
		got, err := steps.Values(tt.notation, tt.run, steps.Interval(tt.run, tt.run))
		if err != nil || got != tt.want {
			t.Errorf("run %s, %s: %s, %v, want %s", tt.run, tt.notation, got, err, tt.want)
		}
	}
}

// A step of one interval changes no byte.
func TestValuesWithoutRepetition(t *testing.T) {
	t.Parallel()
	for _, notation := range []string{"0 1x9 stale", "0+98x90  8920+100x600", " _x4 1", "1 1 1", "{{schema:0 sum:1}}x3"} {
		got, err := steps.Values(notation, time.Minute, steps.Interval(time.Minute, 0))
		if err != nil || got != notation {
			t.Errorf("%q: %q, %v", notation, got, err)
		}
	}
}

func TestInvalidNotationIsAnError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		notation       string
		step, interval time.Duration
		want           string
	}{
		{"1 zwei", time.Minute, time.Minute, "zwei"},
		{"1", time.Minute, 45 * time.Second, "step 1m0s is not a multiple of the interval 45s"},
		{"1", time.Minute, 0, "not a multiple"},
	} {
		if _, err := steps.Values(tt.notation, tt.step, tt.interval); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q in it", tt.notation, err, tt.want)
		}
	}
}

const rulesText = `
groups:
  - name: g
    rules:
      - {alert: Failed, expr: 'last_over_time(result[%[2]s]) == 1'}
      - {alert: FailedTwice, expr: 'result == 1', for: %[1]s}
      - {alert: Idle, expr: 'increase(runs_total[%[3]s]) < 2'}
      - {alert: Gone, expr: 'absent(result)'}
`

const testText = `
rule_files: [rules.yml]
evaluation_interval: %s
tests:
  - interval: %[1]s
    input_series:
      - {series: result, values: '%s'}
      - {series: runs_total, values: '%s'}
    alert_rule_test:
`

// moments are the expectations of a scenario in runs. Times are in quarters of
// a run.
var moments = []struct {
	quarter int
	alert   string
	fires   bool
}{
	{3, "Failed", false},
	{4, "Failed", true},
	{16, "Failed", false},
	{19, "Failed", false},
	{7, "FailedTwice", false},
	{8, "FailedTwice", true},
	{11, "FailedTwice", true},
	{12, "FailedTwice", false},
	{15, "Gone", false},
	{16, "Gone", true},
	{19, "Gone", true},
	{20, "Gone", false},
	{4, "Idle", true},
	{20, "Idle", false},
	{40, "Idle", true},
}

// A scenario in runs must have the same verdict for every length of a run.
func TestVerdictsHoldForEveryRun(t *testing.T) {
	t.Parallel()
	promtool, err := filepath.Abs("../../../bin/promtool")
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, day} {
		dir := t.TempDir()
		interval := steps.Interval(run, run)
		emit := func(notation string) string {
			text, err := steps.Values(notation, run, interval)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		var b strings.Builder
		fmt.Fprintf(&b, testText, model.Duration(interval), emit("0 1 1 0 stale 0x9"), emit("0+1x5 5x9"))
		for _, m := range moments {
			expected := ""
			if m.fires {
				expected = "{}"
			}
			fmt.Fprintf(&b, "      - {eval_time: %s, alertname: %s, exp_alerts: [%s]}\n", model.Duration(time.Duration(m.quarter)*run/4), m.alert, expected)
		}
		write(t, filepath.Join(dir, "rules.yml"), fmt.Sprintf(rulesText, model.Duration(run), model.Duration(interval), model.Duration(3*run)))
		write(t, filepath.Join(dir, "test.yml"), b.String())
		out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "test.yml")).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("SUCCESS")) {
			t.Errorf("runs of %s: %v\n%s", run, err, out)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
