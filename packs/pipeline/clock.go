package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var clockOff = rules.Alert{
	Name:     "PrometheusClockOff",
	Severity: "P2",
	// The label cluster of the metric would hide that of Prometheus.
	Expr: `max without (cluster) (abs(preflight_webhook_prometheus_clock_offset_seconds)) > 30`,
	For:  "5m",

	Title:   "Prometheus's clock is off",
	Summary: "the clock of Prometheus and that of the webhook at {{ $labels.instance }} differ by over 30s",
	Actions: []string{
		"look at the panel for the cluster, if there are several",
		"check NTP on the hosts of Prometheus, Alertmanager and the webhook",
	},
	About: "The ends of alerts stay right, because only times of Prometheus are compared with each other. " +
		"The times in messages, and those of alerts that the webhook closes itself, are wrong by the difference. " +
		"The offset is known to within some seconds: the webhook sees when it received the evaluations of the Watchdog.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "Prometheus 시계 불일치",
		Summary: "Prometheus와 {{ $labels.instance }} 웹훅의 시계가 30초 넘게 차이 남",
		Actions: []string{
			"클러스터가 여러 개면 패널에서 해당 클러스터 확인",
			"Prometheus, Alertmanager, 웹훅 호스트의 NTP 확인",
		},
	}},

	Panel: dashgen.Panel{Targets: []dashgen.Target{{
		Expr: `abs(preflight_webhook_prometheus_clock_offset_seconds)`, Legend: "{{instance}} {{cluster}}",
	}}, Thresholds: []dashgen.Threshold{{At: 30, Color: dashgen.Red}}},

	Scenarios: []rules.Scenario{{
		Name: "fires after five minutes above half a minute, in both directions",
		Series: `
			preflight_webhook_prometheus_clock_offset_seconds{job="webhook", instance="webhook:9917"}  0x4 300x6 0x5
			preflight_webhook_prometheus_clock_offset_seconds{job="webhook", instance="spare:9917", cluster="seoul"}  -31x15
			preflight_webhook_prometheus_clock_offset_seconds{job="webhook", instance="spare:9917", cluster="tokyo"}  0x15
			preflight_webhook_prometheus_clock_offset_seconds{job="webhook", instance="third:9917"}    30x15
			preflight_webhook_prometheus_clock_offset_seconds{job="webhook", instance="third:9917", cluster="tokyo"}  20x15`,
		Expect: []rules.Expect{
			rules.Quiet("4m"),
			rules.Fires("5m", `job="webhook", instance="spare:9917"`),
			rules.Fires("10m", `job="webhook", instance="webhook:9917"`, `job="webhook", instance="spare:9917"`),
			rules.Fires("12m", `job="webhook", instance="spare:9917"`),
		},
	}},
}
