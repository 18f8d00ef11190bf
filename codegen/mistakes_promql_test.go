package codegen_test

import (
	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

var bySlow = rules.Record{Name: "env:slow:rate1h", Expr: `sum by (env) (rate(arbitrage_preflight_duration_seconds_sum[6runs]))`}

// promQLMistakes are mistakes in expressions and templates.
var promQLMistakes = []mistake{
	{"PQ001", "PreflightStale", edit("PreflightStale", "> 3runs", ">")},
	{"PQ001", "PreflightSlow", edit("PreflightSlow", "0.95,", "0.95")},
	{"PQ001", "panel 16", query(16, "by (env) (", "by (env) ((")},
	{"PQ001", "TargetDown", series("TargetDown", "1x4 0x5 1x10", "1y4")},
	{"PQ002", "PreflightStale", edit("PreflightStale", "last_run", "latest_run")},
	{"PQ002", "RedisLatencyHigh", edit("RedisLatencyHigh", "_bucket", "_buckets")},
	{"PQ002", "panel 12", query(12, "checks_total", "check_total")},
	{"PQ002", "PreflightCheckFailed", in("PreflightCheckFailed", func(a *rules.Alert) {
		a.Headline = replaced(a.Headline, "check_status", "checks_status")
	})},
	{"PQ002", "TextfileScrapeError", edit("TextfileScrapeError", "node_textfile", "node_text")},
	{"PQ002", "TargetDown", series("TargetDown", `up{job="prometheus"`, `upp{job="prometheus"`)},
	{"PQ003", "PreflightCheckFailed", edit("PreflightCheckFailed", "{status=", "{state=")},
	{"PQ003", "PreflightFlapping", edit("PreflightFlapping", "by (env)", "by (environment)")},
	{"PQ003", "NotificationsFailing", edit("NotificationsFailing", "(job, instance)", "(jobb, instance)")},
	{"PQ003", "PreflightMissing", edit("PreflightMissing", "{job=", "{jobs=")},
	{"PQ003", "PreflightFlapping", in("PreflightFlapping", func(a *rules.Alert) { a.Summary = "{{ $externalLabels.clustr }}" })},
	{"PQ004", "PreflightCheckWarned", edit("PreflightCheckWarned", `"warn"`, `"warning"`)},
	{"PQ004", "PreflightMissing", edit("PreflightMissing", `job="node_exporter"`, `job="node-exporter"`)},
	{"PQ004", "TelegramFailing", edit("TelegramFailing", `"unreachable|dead"`, `"unreachable|gone"`)},
	{"PQ004", "panel 12", query(12, `status="fail"`, `status="skip"`)},
	{"PQ004", "PreflightCheckWarned", in("PreflightCheckWarned", func(a *rules.Alert) { a.Reason = replaced(a.Reason, "'warn'", "'wran'") })},
	{"PQ010", "WebhookBacklog", expr("WebhookBacklog", `max by (job, chat) (rate(preflight_webhook_backlog_age_seconds[5m])) > 300`)},
	{"PQ010", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "increase(", "delta(")},
	{"PQ010", "NotificationsFailing", edit("NotificationsFailing", "increase(alert", "idelta(alert")},
	{"PQ011", "RuleEvaluationFailing", expr("RuleEvaluationFailing", `sum by (job, rule_group) (prometheus_rule_evaluation_failures_total) > 0`)},
	{"PQ011", "NotificationsFailing", expr("NotificationsFailing", `alertmanager_notifications_failed_total > 5`)},
	{"PQ012", "PreflightSlow", edit("PreflightSlow", "by (env, le)", "by (env)")},
	{"PQ012", "panel 11", query(11, "_bucket", "_count")},
	{"PQ012", "PostgresLatencyHigh", expr("PostgresLatencyHigh", `histogram_quantile(0.95, node_load1) > 0.5`)},
	{"PQ013", "WebhookBacklog", edit("WebhookBacklog", "age_seconds", "age_seconds_sum")},
	{"PQ013", "PreflightFlapping", edit("PreflightFlapping", "last_success", "last_success_count")},
	{"PQ020", "PreflightSlow", edit("PreflightSlow", "[6runs]", "[1run]")},
	{"PQ020", "PreflightFlapping", edit("PreflightFlapping", "[6runs]", "[5m]")},
	{"PQ021", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "_total[5m]", `_total{job="prometheus"}[30s]`)},
	{"PQ021", "panel 5", query(5, "$__rate_interval", "15s")},
	{"PQ021", "RuleEvaluationFailing", job("prometheus", func(j *preflight.Job) { j.Interval = "2m" })}, // the job's interval counts
	{"PQ022", "PreflightFlapping", edit("PreflightFlapping", "[6runs]", "[6runs:2h]")},
	{"PQ030", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Summary = "{{ $labels.check }} is stale" })},
	{"PQ030", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "(job, rule_group)", "(job)")},
	{"PQ030", "PreflightFlapping", korean("PreflightFlapping", func(t *rules.Translation) { t.Summary = `{{ index $labels "instance" }}` })},
	{"PQ030", "Watchdog", in("Watchdog", func(a *rules.Alert) { a.Summary = "{{ .Labels.job }}" })},
	{"PQ031", "RuleEvaluationFailing", expr("RuleEvaluationFailing", `sum by (job, rule_group) (sum by (job) (increase(prometheus_rule_evaluation_failures_total[5m]))) > 0`)},
	{"PQ031", "PreflightCheckWarned", edit("PreflightCheckWarned", "unless on (env, check)\n", "unless on (env, instance)\n")},
	{"PQ032", "PreflightCheckWarned", edit("PreflightCheckWarned", "unless on (env, check)", "unless")},
	{"PQ032", "panel 6", query(6, "/ max by (instance)", "/ max by (job)")},
	{"PQ032", "PreflightMissing", edit("PreflightMissing", "and on ()", "and")},
	{"PQ033", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Labels = map[string]string{"instance": "all"} })},
	{"PQ033", "PreflightStale", in("PreflightStale", func(a *rules.Alert) { a.Labels = map[string]string{"env": "paper"} })},
	{"PQ034", "PreflightSlow", record(bySlow, expr("PreflightSlow", `env:slow:rate1h{check="Database"} > 0.5`))},
	{"PQ040", "TargetDown", expr("TargetDown", "up < 0")},
	{"PQ040", "TextfileScrapeError", edit("TextfileScrapeError", "== 1", `{job="node_exporter",job="prometheus"} == 1`)},
	{"PQ040", "PreflightSlow", edit("PreflightSlow", "> 0.5", "> 10")},
	{"PQ040", "PreflightFlapping", expr("PreflightFlapping", `max by (env) (arbitrage_preflight_last_success) > 1`)},
	{"PQ040", "WebhookBacklog", expr("WebhookBacklog", `max by (job, chat) (preflight_webhook_backlog_age_seconds) > 300 < 60`)},
	{"PQ040", "WebhookBacklog", expr("WebhookBacklog", `preflight_webhook_backlog > 10 and preflight_webhook_backlog < 5`)},
	{"PQ040", "PreflightMissing", expr("PreflightMissing", `count by (env) (arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}) == 0`)},
	{"PQ041", "PreflightFlapping", edit("PreflightFlapping", "> 2", "")},
	{"PQ041", "TargetDown", expr("TargetDown", "up >= 0")},
	{"PQ041", "RuleEvaluationFailing", edit("RuleEvaluationFailing", "> 0", ">= 0")},
	{"PQ041", "PreflightFlapping", edit("PreflightFlapping", "> 2", "> bool 2")},
	{"PQ042", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.For = "5s" })},
	{"PQ043", "PreflightStale", expr("PreflightStale", `max by (env) (arbitrage_preflight_last_run_timestamp_seconds) > 3runs`)},
	{"PQ043", "WebhookBacklog", expr("WebhookBacklog", `max by (job, instance) (preflight_webhook_backlog_age_seconds) > max by (job, instance) (process_resident_memory_bytes)`)},
	{"PQ050", "PreflightMissing", edit("PreflightMissing", `{env="ENV"}`, "")},
	{"PQ050", "PreflightMissing", expr("PreflightMissing", `absent(max by (env) (arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}))`)},
	{"PQ051", "NotificationsFailing", expr("NotificationsFailing", `avg by (job) (rate(alertmanager_notifications_failed_total[5m]) / ignoring (reason) group_left () rate(alertmanager_notifications_total[5m])) > 0.1`)},
	{"PQ051", "RuleEvaluationFailing", expr("RuleEvaluationFailing", `sum by (job, rule_group) (rate(prometheus_rule_evaluation_failures_total[5m])) / sum by (job, rule_group) (rate(prometheus_rule_evaluations_total[5m])) != 0`)},
	{"PQ052", "PreflightCheckFailed", edit("PreflightCheckFailed", `="fail"`, `=~"fail"`)},
	{"PQ052", "TargetDown", expr("TargetDown", `up{job=~".*"} == 0`)},
	{"PQ052", "TelegramFailing", edit("TelegramFailing", `"unreachable|dead"`, `"^(unreachable|dead)$"`)},
	{"PQ053", "TargetDown", func(s *preflight.Site) {
		group := &s.Packs[1].Groups[0]
		group.Alerts = append(group.Alerts, *alert(s, "TargetDown"))
	}},
	{"PQ060", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Labels["load"] = "{{ $value }}" })},
	{"PQ021", "NotificationsFailing", job("alertmanager", func(j *preflight.Job) { j.Interval = "5m" })},
	{"PQ060", "TargetDown", in("TargetDown", func(a *rules.Alert) { a.Labels["state"] = `{{ if eq $value 0.0 }}down{{ else }}up{{ end }}` })},
	{"PQ060", "WebhookBacklog", in("WebhookBacklog", func(a *rules.Alert) { a.Labels["age"] = `{{ $value | humanizeDuration }}` })},
}
