package promcheck_test

import (
	"testing"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// Unusual but correct rules give no finding, without a catalogue.
func TestNoFindingOnCorrectRules(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	for _, expr := range []string{
		`vector(1)`,
		`absent(up{job="a"} == 1)`,
		`count(x < 1) > 0`,
		`sum(x) / count(x) < 0.5 and count(x) > 0`,
		`x > 10 and on (job) x < 5`,
		`x > 10 unless x > 20`,
		`x > 10 or vector(0) > 5`,
		`ALERTS{alertstate="firing"} == 1 unless on (namespace) ALERTS{severity="critical"} == 1`,
		`thing_info{state="down"}`,
		`job:condition:bad`,
		`{__name__=~"a|b", job="x"} > 1`,
		`sum by (job) (a) / on () group_left sum(b) > 1`,
		`sum by (job) (a) * on (job) group_left (team) owner_info > 1`,
		`a{x="1"} / ignoring (x) b{x="2"} > 1`,
		`a{x="1"} or b{x="2"} > 0`,
		`a{cluster=""} > 1`,
		`label_replace(sum by (job) (a), "app", "$1", "job", "(.*)") > 1`,
		`count_values("version", build_info) > 1`,
		`sum without (instance) (rate(a_total[5m])) > 1`,
		`avg by (job, instance) (rate(a_sum[5m]) / rate(a_count[5m])) > 1`,
		`sum(rate(a_sum[5m])) / sum(rate(a_count[5m])) > 1`,
		`avg(rate(a_sum[5m]) / (rate(a_count[5m]) > 0)) > 1`,
		`sum(rate(a[5m]) / clamp_min(rate(b[5m]), 1)) > 1`,
		`time() - process_start_time_seconds > 60`,
		`time() - x_handshake_seconds > 300 and x_handshake_seconds > 0`,
		`histogram_quantile(0.9, sum by (job) (rate(native_seconds[5m]))) > 1`,
		`histogram_quantile(0.9, sum without (instance) (rate(a_bucket[5m]))) > 1`,
		`hour() > 8 and hour() < 18 and on () x > 1`,
		`rate(a_total[5m]) >= 0 and b > 1`,
		`(a > 1) * 0 == 0`,
		`changes(x[10m]) == 0`,
		`min_over_time(up[5m]) == 0`,
		`a{env=~"prod|stage"} > 1`,
		`a{path=~"/api/.+", path!~"/api/v1/.*"} > 1`,
		`quantile_over_time(0.9, a[1h:5m]) > 1`,
		`1 - avg(x) > 0.5`,
		`abs(a - b) > 1`,
		`predict_linear(free_bytes[6h], 3600) < 0`,
		`deriv(free_bytes[6h]) < 0`,
		`delta(temperature[5m]) < -5`,
	} {
		r := promcheck.Rule{Where: "alert", Alert: "A", Expr: expr}
		if _, findings := c.Rule(&r); len(findings) > 0 {
			t.Errorf("%s: %v", expr, findings)
		}
	}
}

// Unusual but correct texts give no finding.
func TestNoFindingOnCorrectTexts(t *testing.T) {
	t.Parallel()
	c := promcheck.New(metrics.Catalogue{}, promcheck.Options{})
	for _, text := range []string{
		`{{ $value | humanizePercentage }} of {{ $labels.job }}`,
		`{{ $labels.job | toUpper }}: {{ printf "%.2f" $value }}`,
		`{{ if eq $labels.job "a" }}A{{ else }}B{{ end }}`,
		`{{ range query "up" }}{{ .Labels.instance }} {{ .Value }}{{ end }}`,
		`{{ with query "sum(up)" }}{{ . | first | value | humanize }}{{ end }}`,
		`{{ $labels.job | reReplaceAll "a(.*)" "$1" }}`,
		`{{ $externalLabels.cluster }}`,
		`{{ range $k, $v := $labels }}{{ $k }}={{ $v }} {{ end }}`,
		`{{ humanizeDuration $labels.job }}`,
		`{{ define "x" }}{{ .Value }}{{ end }}{{ template "x" . }}`,
		"{{- /* a comment */ -}} {{ $labels.job }}",
		`literal {{ "{{" }} braces`,
	} {
		r := promcheck.Rule{
			Where: "alert", Alert: "A", Expr: `sum by (job) (up) == 0`, Annotations: map[string]string{"summary": text},
		}
		if _, findings := c.Rule(&r); len(findings) > 0 {
			t.Errorf("%s: %v", text, findings)
		}
	}
}
