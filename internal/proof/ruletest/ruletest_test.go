package ruletest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
      - {alert: Held, expr: 'ALERTS{alertname="Down",alertstate="firing"} offset 1m'}
      - {alert: Slow, expr: 'rate(c[2m]) > 1 and avg_over_time((g > 3)[5m:]) > 4'}
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
`

// Each case is a moment and what is said to be; promtool and the run in process
// must agree on whether it is true.
var cases = []string{
	`alert_rule_test: [{eval_time: 4m, alertname: Down}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: 'a: 1'}}]}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Down, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: 'a: 2'}}]}]`,
	`alert_rule_test: [{eval_time: 9m, alertname: Down}]`,
	`alert_rule_test: [{eval_time: 12m, alertname: Down}]`,
	`alert_rule_test: [{eval_time: 6m, alertname: Held}]`,
	`alert_rule_test: [{eval_time: 7m, alertname: Held}]`,
	`alert_rule_test: [{eval_time: 5m, alertname: Slow, exp_alerts: [{exp_labels: {}}]}]`,
	`alert_rule_test: [{eval_time: 8m, alertname: Slow}]`,
	`alert_rule_test: [{eval_time: 15m, alertname: Slow}]`,
	`promql_expr_test: [{expr: 'job:up:sum', eval_time: 2m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}, {labels: 'job:up:sum{job="b"}', value: 1}]}]`,
	`promql_expr_test: [{expr: 'job:up:sum', eval_time: 3m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 0}]}]`,
	`promql_expr_test: [{expr: 'absent(job:up:sum{job="b"})', eval_time: 7m, exp_samples: [{labels: '{job="b"}', value: 1}]}]`,
}

func TestAgreesWithPromtool(t *testing.T) {
	t.Parallel()
	promtool, err := filepath.Abs("../../../bin/promtool")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(rulesText), 0o644); err != nil {
		t.Fatal(err)
	}
	var groups rulefmt.RuleGroups
	if err := yaml.Unmarshal([]byte(rulesText), &groups); err != nil {
		t.Fatal(err)
	}
	verdicts := map[bool]int{}
	for _, c := range cases {
		path := filepath.Join(dir, "test.yml")
		if err := os.WriteFile(path, []byte(seriesText+"    "+c+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(promtool, "test", "rules", path).CombinedOutput()
		want := err == nil
		file, err := testfile.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		suites, err := ruletest.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		failure := suites[0].Run(groups.Groups, nil)
		if got := failure == nil; got != want {
			t.Errorf("%s\npromtool says %v:\n%s\nin process: %v", c, want, out, failure)
		}
		verdicts[want]++
	}
	if verdicts[true] < 3 || verdicts[false] < 3 {
		t.Errorf("the cases must be true and false: %v", verdicts)
	}
}

func TestBadFilesAreExplained(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tests: [{alert_rule_test: [{eval_time: 1m}]}]": "has no alertname",
		"tests: [{start_timestamp: soon}]":              `start_timestamp "soon" is neither RFC 3339 nor a number of seconds`,
		"testz: []":                                     "field testz not found",
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
