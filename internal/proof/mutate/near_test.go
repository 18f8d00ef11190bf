package mutate_test

import (
	"testing"

	"github.com/alertnative/preflight/internal/proof/mutate"
)

const nearRules = `
groups:
  - name: records
    rules:
      - {record: 'job:errors:rate5m', expr: 'sum by (job) (rate(errors_total{code=~"5.."}[5m]))'}
      - {record: 'job:errors:rate1h', expr: 'sum by (job) (rate(errors_total{code=~"5.."}[1h]))'}
      - {record: 'job:share:rate5m', expr: 'job:errors:rate5m / on (job) sum by (job) (rate(errors_total[5m]))'}
  - name: alerts
    rules:
      - {alert: Burn, expr: 'job:errors:rate5m > 0.5 and job:errors:rate1h > 0.1', for: 10m, labels: {severity: page}}
      - {alert: Share, expr: 'avg_over_time(job:share:rate5m[15m]) > 0.3', for: 5m}
      - {alert: Held, expr: 'up == 0', for: 2m, keep_firing_for: 10m}
      - {alert: After, expr: 'ALERTS{alertname="Burn", alertstate="firing"} offset 5m'}
`

const nearTests = `
rule_files: [rules.yml]
tests:
  - input_series:
      - {series: 'errors_total{job="a",code="500"}', values: '0x100 0+60x200'}
      - {series: 'errors_total{job="a",code="200"}', values: '0+90x300'}
      - {series: 'up{job="a"}', values: '1x120 0x20 1x160'}
    alert_rule_test:
      - {eval_time: 1h40m, alertname: Burn}
      - {eval_time: 2h, alertname: Burn, exp_alerts: [{exp_labels: {job: a, severity: page}}]}
      - {eval_time: 2h, alertname: Share, exp_alerts: [{exp_labels: {job: a}}]}
      - {eval_time: 2h4m, alertname: Held, exp_alerts: [{exp_labels: {job: a}}]}
      - {eval_time: 2h28m, alertname: Held, exp_alerts: [{exp_labels: {job: a}}]}
      - {eval_time: 2h40m, alertname: Held}
      - {eval_time: 3h, alertname: After, exp_alerts: [{exp_labels: {job: a, severity: page, alertstate: firing}}]}
    promql_expr_test:
      - {expr: 'job:errors:rate5m', eval_time: 3h, exp_samples: [{labels: 'job:errors:rate5m{job="a"}', value: 1}]}
      - {expr: 'count(job:share:rate5m offset 10m)', eval_time: 2h30m, exp_samples: [{labels: '{}', value: 1}]}
`

// Runs near the cases of a test, with the results of the unchanged rules, notice
// the same mutants as runs of all rules.
func TestShortcutsChangeNoVerdict(t *testing.T) {
	t.Parallel()
	_, paths := folder(t, "rules.yml", nearRules, "rules_test.yml", nearTests)
	files, quick := scoreFiles(t, paths)
	if len(files.Refused) > 0 {
		t.Fatal(files.Refused)
	}
	files.Proofs[0].Path = "" // as of a site: every evaluation runs
	full, err := mutate.Score(t.Context(), files.Proofs, files.Mutable, nil)
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for i := range full {
		if (full[i].By == nil) != (quick[i].By == nil) {
			t.Errorf("%s %s: all evaluations: %v, the shortcut: %v", full[i].Of, full[i].Name(), full[i].By, quick[i].By)
		}
		if full[i].By != nil {
			killed++
		}
	}
	if killed == 0 || killed == len(full) {
		t.Errorf("%d of %d killed", killed, len(full))
	}
}
