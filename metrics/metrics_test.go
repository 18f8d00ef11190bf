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
