package ruletest_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

const rulesText = `
groups:
  - name: g
    rules:
      - {record: "job:up:sum", expr: sum by (job) (up)}
      - alert: Down
        expr: job:up:sum == 0
        for: 2m
        keep_firing_for: 3m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }}: {{ with query "count(up)" }}{{ . | first | value }}{{ end }}'}
      - alert: Named
        expr: topk(1, g) by (x) > 3
        labels: {team: '{{ if gt $value 4.5 }}high{{ else }}low{{ end }}', job: '{{ $labels.job }}', severity: page}
        annotations: {summary: '{{ $value }}'}
      - {alert: Held, expr: 'ALERTS{alertname="Down",alertstate="firing"} offset 1m'}
      - {alert: Slow, expr: 'rate(c[2m]) > 1 and avg_over_time((g > 3)[5m:]) > 4'}
      - {alert: Before, expr: 'c offset 3m > 300 and c @ 0 == 0'}
      - {alert: Later, expr: 'c offset -3m > 300'}
      - {alert: Since, expr: 'max_over_time(rate(c[2m])[6m:2m]) > 1', for: 1m}
      - {alert: Absent, expr: 'absent(up{job="b"}) or count_values("v", up) > 1'}
  - name: few
    limit: 1
    query_offset: 1m
    rules:
      - {alert: Any, expr: 'g > 3', labels: {severity: ticket}}
  - name: now
    rules:
      - {alert: Now, expr: 'g > 3', annotations: {summary: '{{ $value }}'}}
  - name: then
    query_offset: 2m
    rules:
      - {alert: Then, expr: 'g > 3', annotations: {summary: '{{ $value }} {{ query "g > 3" | first | value }}'}}
`

const seriesText = `
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 30s
    input_series:
      - {series: 'up{job="a",instance="x"}', values: '1x4 0x8 1x40'}
      - {series: 'up{job="b",instance="x"}', values: '1x4 _x8 stale 0x40'}
      - {series: c, values: '0+90x20 0+1x30'}
      - {series: g, values: '3 4 5 6x40'}
      - {series: twice, values: '1x10'}
      - {series: twice, values: '_x5 2x10'}
      - {series: 'job:up:sum{job="given"}', values: '7 _ 8x10'}
`

// Each case is a moment and an expectation. Promtool and the run in process
// must agree on its verdict.
var cases = []string{
	`alert_rule_test: [{eval_time: 4m, alertname: Down}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: 'a: 1'}}]}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: 'a: 2'}}]}]`,
	`alert_rule_test: [{eval_time: 9m, alertname: Down}]`,
	`alert_rule_test: [{eval_time: 12m, alertname: Down}]`,
	`alert_rule_test: [{eval_time: 6m, alertname: Held}]`,
	`alert_rule_test: [{eval_time: 7m, alertname: Held}]`,
	`promql_expr_test: [{expr: twice, eval_time: 1m, exp_samples: [{labels: twice, value: 1}]}]`,
	`promql_expr_test: [{expr: twice, eval_time: 3m, exp_samples: [{labels: twice, value: 2}]}]`,
	`promql_expr_test: [{expr: 'sum(job:up:sum)', eval_time: 1m, exp_samples: [{labels: '{}', value: 10}]}]`,
	`alert_rule_test: [{eval_time: 0m, alertname: Named}]`,
	`alert_rule_test: [{eval_time: 1m, alertname: Named, exp_alerts: [{exp_labels: {team: high, severity: page}, exp_annotations: {summary: '5'}}]}]`,
	`alert_rule_test: [{eval_time: 1m, alertname: Named, exp_alerts: [{exp_labels: {team: low, severity: page}, exp_annotations: {summary: '5'}}]}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Before, exp_alerts: [{}]}]`,
	`alert_rule_test: [{eval_time: 4m, alertname: Before, exp_alerts: [{}]}]`,
	`alert_rule_test: [{eval_time: 3m, alertname: Later, exp_alerts: [{}]}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Later}]`,
	`alert_rule_test: [{eval_time: 3m, alertname: Since}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Since, exp_alerts: [{}]}]`,
	`alert_rule_test: [{eval_time: 17m, alertname: Since}]`,
	`alert_rule_test: [{eval_time: 6m, alertname: Absent, exp_alerts: [{exp_labels: {job: b}}]}]`,
	`alert_rule_test: [{eval_time: 1m, alertname: Absent, exp_alerts: [{exp_labels: {v: "1"}}]}]`,
	`alert_rule_test: [{eval_time: 2m, alertname: Any, exp_alerts: [{exp_labels: {severity: ticket}}]}]`,
	`alert_rule_test: [{eval_time: 1m, alertname: Any}]`,
	`alert_rule_test: [{eval_time: 3m, alertname: Now, exp_alerts: [{exp_annotations: {summary: '6'}}]}]`,
	`alert_rule_test: [{eval_time: 3m, alertname: Then, exp_alerts: [{exp_annotations: {summary: '5 6'}}]}]`,
	`alert_rule_test: [{eval_time: 3m, alertname: Then, exp_alerts: [{exp_annotations: {summary: '5 5'}}]}]`,
	`alert_rule_test: [{eval_time: 1m, alertname: Then}]`,
	`promql_expr_test: [{expr: 'count by (alertname, alertstate) (ALERTS{alertname="Down"})', eval_time: 4m, exp_samples: [{labels: '{alertname="Down", alertstate="pending"}', value: 1}]}]`,
	`promql_expr_test: [{expr: 'ALERTS_FOR_STATE{alertname="Down"}', eval_time: 4m, exp_samples: [{labels: 'ALERTS_FOR_STATE{alertname="Down", job="a", severity="page"}', value: 180}]}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Slow, exp_alerts: [{exp_labels: {}}]}]`,
	`alert_rule_test: [{eval_time: 8m, alertname: Slow}]`,
	`alert_rule_test: [{eval_time: 15m, alertname: Slow}]`,
	`promql_expr_test: [{expr: 'job:up:sum', eval_time: 2m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}, {labels: 'job:up:sum{job="b"}', value: 1}, {labels: 'job:up:sum{job="given"}', value: 8}]}]`,
	`promql_expr_test: [{expr: 'job:up:sum', eval_time: 3m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 0}]}]`,
	`promql_expr_test: [{expr: 'absent(job:up:sum{job="b"})', eval_time: 7m, exp_samples: [{labels: '{job="b"}', value: 1}]}]`,
}

const histogramRules = `
groups:
  - name: latency
    rules:
      - {record: "venue:orders:p99", expr: 'histogram_quantile(0.99, sum by (venue) (rate(order_seconds[5m])))'}
      - {record: "venue:orders:sum", expr: 'sum by (venue) (order_seconds)'}
      - alert: OrdersSlow
        expr: histogram_fraction(0, 0.1, sum by (venue) (rate(order_seconds[5m]))) < 0.9
        for: 1m
        annotations: {summary: "{{ $labels.venue }} slow: {{ $value | humanizePercentage }}"}
      - {alert: OrdersStopped, expr: 'histogram_count(rate(order_seconds[5m])) == 0'}
      - {alert: OrdersSeen, expr: 'histogram_count(last_over_time(venue:orders:sum[3m])) > 0'}
`

const histogramSeries = `
rule_files: [rules.yml]
evaluation_interval: 1m
fuzzy_compare: true
tests:
  - interval: 1m
    input_series:
      - series: 'order_seconds{venue="spot"}'
        values: '{{schema:0 sum:1 count:4 buckets:[1 2 1]}}+{{schema:0 sum:10 count:8 buckets:[2 4 2]}}x20'
      - series: 'restarts{venue="spot"}'
        values: '{{schema:0 sum:9 count:8 buckets:[2 4 2]}} {{schema:0 sum:1 count:4 buckets:[1 2 1]}} {{schema:0 sum:2 count:8 buckets:[2 4 2]}}'
`

var histogramCases = []string{
	`promql_expr_test: [{expr: histogram_count(order_seconds), eval_time: 1m, exp_samples: [{labels: '{venue="spot"}', value: 12}]}]`,
	`promql_expr_test: [{expr: histogram_count(order_seconds), eval_time: 1m, exp_samples: [{labels: '{venue="spot"}', value: 60}]}]`,
	`promql_expr_test: [{expr: order_seconds, eval_time: 0m, exp_samples: [{labels: 'order_seconds{venue="spot"}', histogram: '{{schema:0 sum:1 count:4 buckets:[1 2 1]}}'}]}]`,
	`promql_expr_test: [{expr: order_seconds, eval_time: 1m, exp_samples: [{labels: 'order_seconds{venue="spot"}', histogram: '{{schema:0 sum:11 count:12 buckets:[3 6 3]}}'}]}]`,
	`promql_expr_test: [{expr: order_seconds, eval_time: 1m, exp_samples: [{labels: 'order_seconds{venue="spot"}', histogram: '{{schema:0 sum:11 count:12 counter_reset_hint:not_reset buckets:[3 6 3]}}'}]}]`,
	`promql_expr_test: [{expr: restarts, eval_time: 1m, exp_samples: [{labels: 'restarts{venue="spot"}', histogram: '{{schema:0 sum:1 count:4 buckets:[1 2 1]}}'}]}]`,
	`promql_expr_test: [{expr: restarts, eval_time: 2m, exp_samples: [{labels: 'restarts{venue="spot"}', histogram: '{{schema:0 sum:2 count:8 counter_reset_hint:not_reset buckets:[2 4 2]}}'}]}]`,
	`promql_expr_test: [{expr: 'increase(restarts[2m])', eval_time: 2m, exp_samples: [{labels: '{venue="spot"}', histogram: '{{schema:0 sum:2 count:8 buckets:[2 4 2]}}'}]}]`,
	`promql_expr_test: [{expr: 'venue:orders:p99', eval_time: 9m, exp_samples: [{labels: 'venue:orders:p99{venue="spot"}', value: 3.8}]}]`,
	`alert_rule_test: [{eval_time: 10m, alertname: OrdersStopped}]`,
	`alert_rule_test: [{eval_time: 10m, alertname: OrdersSeen}]`,
	`alert_rule_test: [{eval_time: 10m, alertname: OrdersSlow, exp_alerts: [{exp_labels: {venue: spot}, exp_annotations: {summary: "spot slow: 0%"}}]}]`,
}

func TestAgreesWithPromtool(t *testing.T) {
	t.Parallel()
	agree(t, rulesText, seriesText, cases)
}

// A range function over a native histogram must not change the series.
func TestAgreesWithPromtoolOnHistograms(t *testing.T) {
	t.Parallel()
	agree(t, histogramRules, histogramSeries, histogramCases)
}

func agree(t *testing.T, rulesText, seriesText string, cases []string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rules.yml"), rulesText)
	var groups rulefmt.RuleGroups
	if err := yaml.Unmarshal([]byte(rulesText), &groups); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i, c := range cases {
		path := filepath.Join(dir, fmt.Sprintf("%d.yml", i))
		write(t, path, seriesText+"    "+c+"\n")
		paths = append(paths, path)
	}
	verdicts := map[bool]int{}
	for i, want := range promtool(t, paths) {
		file, err := testfile.Read(paths[i])
		if err != nil {
			t.Fatal(err)
		}
		suites, err := ruletest.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		failure := suites[0].Run(groups.Groups, nil)
		if again := suites[0].Run(groups.Groups, nil); (failure == nil) != (again == nil) {
			t.Errorf("%s: the first run gives %v, the second %v", cases[i], failure, again)
		}
		if got := failure == nil; got != want {
			t.Errorf("%s\npromtool passes: %v, in process: %v", cases[i], want, failure)
		}
		verdicts[want]++
	}
	if verdicts[true] < 3 || verdicts[false] < 3 {
		t.Errorf("the cases must be true and false: %v", verdicts)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// promtool returns which of the files pass under stock promtool.
func promtool(t *testing.T, paths []string) []bool {
	t.Helper()
	program, err := filepath.Abs("../../../bin/promtool")
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, append([]string{"test", "rules"}, paths...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // some of them fail
	var out []bool
	for _, part := range strings.Split(stdout.String(), "Processing test file: ")[1:] {
		out = append(out, strings.Contains(part, "SUCCESS"))
	}
	if len(out) != len(paths) {
		t.Fatalf("promtool ran %d of %d files: %s", len(out), len(paths), stderr.String())
	}
	return out
}

// Regular evaluations must give the same results as evaluations at single
// moments.
func TestRegularEvaluationsMatchSingleOnes(t *testing.T) {
	t.Parallel()
	const end = 20 * time.Minute
	for _, p := range shipped(t) {
		suites, err := ruletest.Load(p.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range suites {
			var moments []time.Duration
			for m := time.Duration(0); m <= end; m += time.Duration(p.file.EvaluationInterval) {
				moments = append(moments, m)
			}
			regular, err := s.Firing(p.groups, end)
			if err != nil {
				t.Fatal(err)
			}
			single, err := s.FiringAt(p.groups, moments)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range moments {
				same := strings.Count(regular[i], "alertname=") == len(single[i])
				for _, a := range single[i] {
					same = same && strings.Contains(regular[i], labels.FromMap(a.Annotations).String())
				}
				if !same {
					t.Fatalf("%s, %s, at %s: %s, want %v", p.file.Path, s.Name, m, regular[i], single[i])
				}
			}
		}
	}
}

func TestBadFilesAreExplained(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tests: [{alert_rule_test: [{eval_time: 1m}]}]": "has no alertname",
		"tests: [{start_timestamp: soon}]":              `start_timestamp "soon" is neither RFC 3339 nor a number of seconds`,
		"testz: []":                                     `test file:1: unknown key "testz" (did you mean "tests"?)`,
	} {
		if _, err := testfile.Decode(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	file, err := testfile.Decode(strings.NewReader("tests: [{input_series: [{series: 'x{', values: '1'}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ruletest.Load(file); err == nil || !strings.Contains(err.Error(), `test "unnamed#0": series x{`) {
		t.Errorf("error %v", err)
	}
}
