package promcheck_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

const (
	slow      = `histogram_quantile(0.95, sum by (le) (rate(a_seconds_bucket[30m]))) > 0.5`
	failing   = `sum(rate(a_total{code=~"5.."}[1h])) / sum(rate(a_total[1h])) > 0.144`
	full      = `free_bytes < 5e9`
	stale     = `time() - last_timestamp_seconds > 1800`
	many      = `count(up == 0) > 2`
	few       = `count(up) < 3`
	atLeast   = `errors >= 10`
	hours     = `age_seconds / 3600 > 24`
	percent   = `used_percent > 80`
	perSecond = `rate(errors_total[5m]) > 0.5`
	days      = `days_until_expiry < 7`
	millis    = `latency_milliseconds > 2000`
	available = `job:slo:ratio_rate5m < 0.999`
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expr, text string
		want       []string // reported numbers
	}{
		{slow, "takes over 500 ms", nil},
		{slow, "takes over 500ms, or 0.5 s", nil},
		{slow, "500ms를 초과", nil},
		{slow, "the 95th percentile of 30 minutes, 1800 s or 0.5 hours", nil},
		{slow, "p95 above half a second; the slowest 5 %; one in 20", nil},
		{slow, "takes over 250 ms", []string{"250"}},
		{slow, "takes over 5 s", []string{"5"}},
		{slow, "250ms를 초과", []string{"250"}},
		{slow, "the 99th percentile", []string{"99"}},
		{slow, "p99 is above 0.5s", []string{"p99"}},
		{slow, "over 60 minutes", []string{"60"}},
		{slow, "over a window of 6-10 minutes", []string{"6", "10"}},
		{slow, "waits 5 minutes, 5 to 30 minutes, 5 or 30min", nil}, // For
		{slow, "waits 7 to 30 minutes", []string{"7"}},
		{slow, "5분 넘게", nil},
		{slow, "6분 넘게", []string{"6"}},

		{failing, "14 % of requests fail, 14.4%, 0.144", nil},
		{failing, "15% of requests fail", []string{"15"}},
		{failing, "5xx answers of the last hour", nil},
		{full, "less than 5 GB left, or 5,000,000,000 bytes", nil},
		{full, "less than 50 GB left", []string{"50"}},
		{stale, "silent for 30 minutes, 30m, 1,800 seconds", nil},
		{stale, "silent for 20 minutes", []string{"20"}},
		{many, "more than 2 targets are down: 3 or more", nil},
		{many, "at least 3 targets are down", nil},
		{many, "more than 3 targets are down", []string{"3"}},
		{few, "fewer than 3 are up: 2 at most", nil},
		{few, "fewer than 4 are up", []string{"4"}},
		{atLeast, "10 errors or more, more than 9", nil},
		{atLeast, "over 10 errors, under 7", []string{"7"}},
		{hours, "older than 24 hours, 1 day or 86400 s", nil},
		{hours, "older than 48 hours", []string{"48"}},
		{perSecond, "over 0.5 errors a second, 30 a minute, 1800 an hour", nil},
		{perSecond, "over 5 errors a second", []string{"5"}},
		{percent, "over 80 %, so under 20 % is free; 100 % is full", nil},
		{percent, "over 90 %", []string{"90"}},
		{days, "ends in less than 7 days", nil},
		{days, "ends in less than 8 days", []string{"8"}},
		{millis, "takes more than 2 s, 2000 ms", nil},
		{millis, "takes more than 200 ms", []string{"200"}},
		{available, "99.9 % over 5 minutes, 0.1 % may fail", nil},
		{available, "99.99 % of requests", []string{"99.99"}},

		{slow, "{{ $value }} of 500 ms at {{ printf \"%.2f\" 0.25 }}", nil},
		{slow, "run `kill -9 4711`, then see https://wiki/7 and /var/lib/pg/15", nil},
		{slow, "P0 on node-2:9100, db3, 10.0.0.7, sha256, 2024-05-06, 09:30, v1.2.3, utf-8", nil},
		{slow, "PostgreSQL 17 answers 503 on port 5432 (SELECT 2), step 3, line 44", nil},
		{slow, "1 of 0 in 2026, on 12 May, 6/8 PASS, 24/7, the 3rd try, 10x", nil},
		{slow, "8 errors: Redis: 900", []string{"8", "900"}},
	} {
		c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
		numbers := c.Numbers(tt.expr).With(5 * time.Minute)
		var got []string
		for _, f := range numbers.Check("alert", "summary", tt.text) {
			got = append(got, f.Text[f.From:f.To])
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.expr, tt.text, d)
		}
	}
}

// If an expression compares a time, a time after "over" in a text is the
// threshold.
func TestNumbersOfThresholds(t *testing.T) {
	t.Parallel()
	const (
		lag     = `lag_seconds > 900`
		average = `avg_over_time(lag_seconds[10m]) > 900`
		down    = `up == 0`
	)
	catalogue, err := metrics.NewCatalogue(
		metrics.Desc{Name: "lag_seconds", Type: metrics.Gauge, Unit: metrics.Seconds, Help: "Lag."},
		metrics.Desc{Name: "up", Type: metrics.Gauge, Unit: metrics.Bool, Help: "Up."},
	)
	if err != nil {
		t.Fatal(err)
	}
	c := promcheck.New(catalogue, promcheck.Options{})
	for _, tt := range []struct {
		expr, text string
		want       []string // reported numbers
	}{
		{lag, "over 15 minutes behind, for 5 minutes", nil},
		{lag, "over 15 minutes behind for more than 5 minutes", nil},
		{lag, "has been behind more than 5 minutes", nil},
		{lag, "over 5 minutes behind", []string{"5"}},
		{lag, "more than five minutes behind", []string{"five"}},
		{average, "over 15 minutes behind, averaged over 10 minutes", nil},
		{average, "more than 10 minutes behind", []string{"10"}},
		{down, "down more than 5 minutes", nil},
		{down, "over 5 minutes down", nil},
	} {
		var got []string
		for _, f := range c.Numbers(tt.expr).With(5*time.Minute).Check("alert", "summary", tt.text) {
			got = append(got, f.Text[f.From:f.To])
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.expr, tt.text, d)
		}
	}
}

// Texts may count runs and intervals. If the expression has no runs, numbers in
// letters belong to another program.
func TestNumbersInRuns(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{Timing: metrics.Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second}})
	numbers := c.Numbers(`changes(last_success[1h]) > 2`)
	for _, tt := range []struct {
		inRuns bool
		text   string
		want   []string
	}{
		{true, "three times within six runs, for six intervals", nil},
		{true, "three runs or more failed", nil},
		{true, "fewer than two runs: no data", nil},
		{true, "a run, one interval", nil},
		{true, "more than two times within six runs", nil},
		{true, "two times or more, within five runs", []string{"two", "five"}},
		{true, "for three intervals", []string{"three"}},
		{true, "여섯 주기 동안 세 번", nil},
		{true, "세 주기 동안 두 번 이상", []string{"세", "두"}},
		{false, "for three intervals of the exporter, three runs in a row", nil},
		{false, "for 4 intervals", []string{"4"}},
	} {
		n := numbers.With(10 * time.Minute)
		if tt.inRuns {
			n = n.InRuns()
		}
		var got []string
		for _, f := range n.Check("alert", "summary", tt.text) {
			got = append(got, f.Text[f.From:f.To])
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, d)
		}
	}
	if got := numbers.InRuns().CheckActions("alert", "actions", "look twice, two times or for six intervals"); got != nil {
		t.Errorf("actions: got %v", got)
	}
}

// The texts of a panel may contain its thresholds.
func TestNumbersOfPanels(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	n := c.Numbers(`lag_seconds`).OfPanel(metrics.Seconds, 0.1, 0.5)
	if got := n.Check("panel", "Description", "Orange at 100 ms, red above 0.5 s."); got != nil {
		t.Errorf("got %v", got)
	}
	got := n.Check("panel", "Description", "Red above 5 s.")
	if len(got) != 1 || got[0].Reason != "the panel and its alerts do not have 5 (they have 0.1, 0.5)" {
		t.Errorf("got %v", got)
	}
}

func TestNumbersString(t *testing.T) {
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	got := c.Numbers(slow).Check(`alert "Slow"`, "summary", "over 250 ms")[0].String()
	want := `alert "Slow", summary: DF010: the expression does not have 250 (it has 0.5, 0.95, 30m): write {{ $threshold }}, {{ $window }} or {{ $for }}
    over 250 ms
         ^^^`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
