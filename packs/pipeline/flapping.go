package pipeline

import (
	"fmt"
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var alertFlapping = rules.Alert{
	Name:     "AlertFlapping",
	Severity: "P2",
	Expr:     `topk(10, max by (alert) (increase(preflight_webhook_flapping_episodes_total[1h])) > 5)`,

	Title:   "Alerts flap",
	Summary: "{{ $labels.alert }} is firing and resolved again and again",
	Actions: []string{
		"look at the expression of the alert in Prometheus: the value crosses the threshold again and again",
		"give the rule a longer for or keep_firing_for, a longer window, or another threshold",
	},
	About: "The ten alerts that flap most. The chat shows each of them in one message, which is edited. " +
		"An alert that flaps teaches people to ignore it.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "불안정한 알림",
		Summary: "{{ $labels.alert }} 알림이 반복해서 발생하고 해소됨",
		Actions: []string{
			"Prometheus에서 알림의 식 확인: 값이 임계값을 반복해서 넘나듦",
			"규칙의 for나 keep_firing_for, 구간을 늘리거나 임계값 조정",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{alert}}"},

	Scenarios: []rules.Scenario{
		{
			Name: "the ten worst alerts fire",
			Series: manyFlap(12) + `
				preflight_webhook_flapping_episodes_total{job="webhook", instance="spare:9917", alert="A00"}  0+1x70`,
			Expect: []rules.Expect{rules.Fires("70m", worst(2, 12)...)},
		},
		{
			Name: "fires above five episodes in an hour, until they are out of the window",
			Series: `
				preflight_webhook_flapping_episodes_total{job="webhook", instance="webhook:9917", alert="DiskFull"}  0x4 1 2 3 4 5 5x4 6x70
				preflight_webhook_flapping_episodes_total{job="webhook", instance="spare:9917", alert="DiskFull"}    0x4 2x80
				preflight_webhook_flapping_episodes_total{job="webhook", instance="webhook:9917", alert="Calm"}      0x4 3x80
				preflight_webhook_flapping_episodes_total{job="webhook", instance="spare:9917", alert="Calm"}        0x4 3x80`,
			Expect: []rules.Expect{
				rules.Quiet("10m"),
				rules.Fires("15m", `alert="DiskFull"`),
				rules.Fires("60m", `alert="DiskFull"`),
				rules.Quiet("70m"),
			},
		},
	},
}

// manyFlap returns the episodes of alerts, each of which flaps more than the one
// before.
func manyFlap(alerts int) string {
	var series strings.Builder
	for i := range alerts {
		fmt.Fprintf(&series, "preflight_webhook_flapping_episodes_total{job=\"webhook\", instance=\"webhook:9917\", alert=\"A%02d\"}  0+%dx70\n", i, i+2)
	}
	return series.String()
}

// worst returns the labels of those that fire, from one on.
func worst(from, alerts int) (labels []string) {
	for i := from; i < alerts; i++ {
		labels = append(labels, fmt.Sprintf(`alert="A%02d"`, i))
	}
	return labels
}
