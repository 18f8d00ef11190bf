package promcheck_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// The scrape interval of the series' jobs determines the minimum window.
func TestWindowsByJob(t *testing.T) {
	t.Parallel()
	jobs := []string{"node", "spare-node", "bot", "worker", "other"}
	job := metrics.Label{Name: "job", Values: jobs}
	counter := func(name, program string, c metrics.Cadence) metrics.Desc {
		return metrics.Desc{Name: name, Type: metrics.Counter, Program: program, Cadence: c, Labels: []metrics.Label{job}}
	}
	catalogue, err := metrics.NewCatalogue(
		counter("node_a_total", "node_exporter", metrics.EveryScrape),
		counter("own_total", "", metrics.EveryScrape),
		counter("textfile_total", "", metrics.EveryRun),
		counter("both_total", "node_exporter", metrics.EveryScrape),
		counter("both_total", "prometheus", metrics.EveryScrape),
		counter("unscraped_total", "alertmanager", metrics.EveryScrape),
	)
	if err != nil {
		t.Fatal(err)
	}
	checker := func(intervals map[string]time.Duration) *promcheck.Checker {
		return promcheck.New(catalogue, promcheck.Options{
			Complete: true, ClosedLabels: true,
			Timing:    metrics.Timing{Run: time.Minute, Scrape: 15 * time.Second},
			Intervals: intervals,
			Jobs:      map[string][]string{"node_exporter": {"node", "spare-node"}, "prometheus": {"other"}},
		})
	}
	slow := map[string]time.Duration{"node": 5 * time.Second, "spare-node": 2 * time.Minute, "bot": 5 * time.Minute, "worker": 5 * time.Minute, "other": 0}
	for _, tt := range []struct {
		expr string
		want string // part of the reason; "" for no finding
	}{
		{`rate(node_a_total[5m])`, "of job spare-node every 2m"}, // both nodes have it: the slowest counts
		{`rate(node_a_total[8m])`, ""},
		{`rate(node_a_total{job="node"}[30s])`, ""},
		{`rate(node_a_total{job="spare-node"}[5m])`, "spare-node"},
		{`rate(node_a_total{job=~"node|spare-node"}[5m])`, "spare-node"},
		{`rate(node_a_total{job!="spare-node"}[1m])`, ""},
		{`rate(own_total[5m])`, "of job bot every 5m"}, // the job of an unknown program
		{`rate(own_total[20m])`, ""},
		{`rate(own_total{job="node"}[20s])`, ""}, // the selector names the job
		{`rate(own_total{job=~"bot|node"}[5m])`, "of job bot every 5m"},
		{`rate(both_total[5m])`, "of job spare-node"},
		{`rate(both_total{job="other"}[1m])`, ""},
		{`rate(textfile_total[2m])`, ""}, // some job exposes the textfile
		{`rate(textfile_total[1m])`, "has too few updates"},
		{`rate(unscraped_total[1m])`, ""},
		{`irate(own_total[5m])`, ""},
	} {
		_, findings := checker(slow).Expr("alert", tt.expr)
		switch {
		case tt.want == "" && len(findings) > 0:
			t.Errorf("%s: %v", tt.expr, findings)
		case tt.want != "" && (len(findings) != 1 || !strings.Contains(findings[0].Reason, tt.want)):
			t.Errorf("%s: got %v, want %q", tt.expr, findings, tt.want)
		}
	}
	uniform := map[string]time.Duration{}
	for _, j := range jobs {
		uniform[j] = 5 * time.Minute
	}
	for _, expr := range []string{`rate(node_a_total[5m])`, `rate(own_total[5m])`, `increase(both_total[5m])`} {
		_, findings := checker(uniform).Expr("alert", expr)
		if !slices.ContainsFunc(findings, func(f finding.Finding) bool { return f.Code == finding.FewScrapes }) {
			t.Errorf("%s with jobs each 5m: %v", expr, findings)
		}
	}
}

// Without jobs the default scrape interval counts. Without that there is no
// finding.
func TestWindowsWithoutJobs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		timing metrics.Timing
		want   int
	}{{metrics.Timing{}, 0}, {metrics.Timing{Scrape: 30 * time.Second}, 1}} {
		c := promcheck.New(metrics.Catalogue{}, promcheck.Options{Timing: tt.timing})
		if _, findings := c.Expr("alert", `rate(a_total[1m]) > 1`); len(findings) != tt.want {
			t.Errorf("%+v: %v", tt.timing, findings)
		}
	}
}
