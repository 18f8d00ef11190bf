package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var webhookUnauthorized = rules.Alert{
	Name:     "WebhookUnauthorized",
	Severity: "P1",
	Expr:     `increase(preflight_webhook_notifications_received_total{outcome="unauthorized"}[5m]) > 0`,
	Labels:   direct(),

	Title:   "Notifications refused: wrong token",
	Summary: "the webhook at {{ $labels.instance }} refuses notifications without a valid bearer token",
	Actions: []string{
		"compare credentials_file of Alertmanager's receivers with WEBHOOK_TOKEN",
		"to rotate the token, give the webhook the old and the new one, a line each in WEBHOOK_TOKEN_FILE",
		"if Alertmanager's token is right, another program posts to the webhook: its log has the address",
	},
	About: "Alertmanager does not repeat a notification that was refused with 401, so its alerts are lost.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "알림 거부: 잘못된 토큰",
		Summary: "{{ $labels.instance }}의 웹훅이 유효한 베어러 토큰이 없는 알림을 거부 중",
		Actions: []string{
			"Alertmanager 수신자의 credentials_file과 WEBHOOK_TOKEN 비교",
			"토큰을 교체하려면 웹훅의 WEBHOOK_TOKEN_FILE에 이전 토큰과 새 토큰을 한 줄씩 기록",
			"Alertmanager의 토큰이 맞으면 다른 프로그램이 보내는 것: 웹훅 로그에서 주소 확인",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: append(failures(counter{
		failing: `preflight_webhook_notifications_received_total{job="webhook", instance="webhook:9917", outcome="unauthorized"}`,
		quiet:   `preflight_webhook_notifications_received_total{job="webhook", instance="webhook:9917", outcome="accepted"}`,
		minutes: 5,
		fires:   `job="webhook", instance="webhook:9917", outcome="unauthorized"`,
		of:      "webhook",
	}), rules.Scenario{
		Name:   "accepted notifications are quiet",
		Series: `preflight_webhook_notifications_received_total{job="webhook", instance="webhook:9917", outcome="accepted"} 0+1x10`,
		Expect: []rules.Expect{rules.Quiet("6m")},
	}),
}

var webhookInboxStuck = rules.Alert{
	Name:     "WebhookInboxStuck",
	Severity: "P1",
	Expr:     `preflight_webhook_inbox_age_seconds > 60`,
	Labels:   direct(),

	Title:   "Accepted alerts wait",
	Summary: "the webhook at {{ $labels.instance }} has not applied a notification that it accepted over a minute ago",
	Actions: []string{
		"read the webhook's log for \"applying accepted notifications failed\"",
		"look at Alertmanager's page for the alerts that fire",
	},
	About: "Notifications are stored, but their alerts reach no chat. An item that cannot be applied is set aside, so the cause is the disk or the database.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "접수된 알림 처리 지연",
		Summary: "{{ $labels.instance }}의 웹훅이 접수한 알림을 1분 넘게 처리하지 못함",
		Actions: []string{
			"웹훅 로그에서 \"applying accepted notifications failed\" 확인",
			"Alertmanager 페이지에서 발생 중인 알림 확인",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: []rules.Scenario{{
		Name: "fires above a minute",
		Series: `
			preflight_webhook_inbox_age_seconds{job="webhook", instance="webhook:9917"}  0 30 60 61 120 0x5
			preflight_webhook_inbox_age_seconds{job="webhook", instance="spare:9917"}    0x10`,
		Expect: []rules.Expect{
			rules.Quiet("2m"),
			rules.Fires("3m", `job="webhook", instance="webhook:9917"`),
			rules.Quiet("5m"),
		},
	}},
}

var webhookUnprotected = rules.Alert{
	Name:     "WebhookUnprotected",
	Severity: "P2",
	Expr:     `preflight_webhook_unprotected == 1`,
	For:      "5m",

	Title:   "Webhook without a token",
	Summary: "every host that reaches the webhook at {{ $labels.instance }} can post alerts and resolutions",
	Actions: []string{
		"set WEBHOOK_TOKEN, and credentials_file of Alertmanager's receivers to the same token",
		"or listen on loopback only: --web.listen-address=127.0.0.1:9917",
	},
	About: "A forged resolution hides an alert that fires. A network that only Alertmanager reaches protects as well: silence the alert there.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "토큰 없는 웹훅",
		Summary: "{{ $labels.instance }}의 웹훅에 접근하는 모든 호스트가 알림과 해소를 보낼 수 있음",
		Actions: []string{
			"WEBHOOK_TOKEN을 설정하고 Alertmanager 수신자의 credentials_file에 같은 토큰 지정",
			"또는 루프백에서만 수신: --web.listen-address=127.0.0.1:9917",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: []rules.Scenario{{
		Name: "fires after five minutes",
		Series: `
			preflight_webhook_unprotected{job="webhook", instance="webhook:9917"}  0x3 1x6 0x5
			preflight_webhook_unprotected{job="webhook", instance="spare:9917"}    0x15`,
		Expect: []rules.Expect{
			rules.Quiet("8m"),
			rules.Fires("9m", `job="webhook", instance="webhook:9917"`),
			rules.Fires("10m", `job="webhook", instance="webhook:9917"`),
			rules.Quiet("11m"),
		},
	}},
}
