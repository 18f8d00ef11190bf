package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

// receiverUnknown needs no other way than the webhook: an unknown receiver's alerts,
// this one among them, are in the default chats.
var receiverUnknown = rules.Alert{
	Name:     "WebhookReceiverUnknown",
	Severity: "P1",
	Expr:     `increase(preflight_webhook_unknown_receiver_notifications_total[15m]) > 0`,

	Title:   "Alerts for an unknown receiver",
	Summary: "the webhook at {{ $labels.instance }} has no receiver of the name that Alertmanager posts to, and shows its alerts in the default chats",
	Actions: []string{
		"search the webhook's log for \"unknown receiver\": it has the name",
		"give the webhook the webhook.yml that was generated with alertmanager.yml, and reload it",
	},
	About: "alertmanager.yml and webhook.yml are of different versions, or the webhook runs without --config.file. " +
		"No alert is lost, but the chats of its receiver miss it.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "알 수 없는 수신자의 알림",
		Summary: "{{ $labels.instance }}의 웹훅에 Alertmanager가 보내는 수신자가 없어 해당 알림을 기본 채팅에 표시함",
		Actions: []string{
			"웹훅 로그에서 \"unknown receiver\" 검색: 이름이 기록됨",
			"alertmanager.yml과 함께 생성된 webhook.yml을 웹훅에 적용하고 다시 읽기",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: failures(counter{
		failing: `preflight_webhook_unknown_receiver_notifications_total{job="webhook", instance="webhook:9917"}`,
		quiet:   `preflight_webhook_unknown_receiver_notifications_total{job="webhook", instance="spare:9917"}`,
		minutes: 15,
		fires:   `job="webhook", instance="webhook:9917"`,
		of:      "webhook",
	}),
}
