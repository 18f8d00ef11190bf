package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

var webhookBacklog = rules.Alert{
	Name:     "WebhookBacklog",
	Severity: "P2",
	Expr:     `max by (job, chat) (preflight_webhook_backlog_age_seconds) > 300`,
	Labels:   direct(),

	Title:   "Messages wait",
	Summary: "a message to the chat {{ $labels.chat }} has waited over five minutes",
	Actions: []string{
		"look at TelegramFailing, and at the webhook's log for the chat",
		"in a storm of alerts nothing needs to be done: messages go out as fast as the chat's service accepts them, with the newest state",
	},
	About: "The webhook holds alerts whose current state is not yet in the chat. The messages are late, but none is lost.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "메시지 지연",
		Summary: "{{ $labels.chat }} 채팅으로 가는 메시지가 5분 넘게 대기 중",
		Actions: []string{
			"TelegramFailing 알림과 웹훅 로그에서 해당 채팅 확인",
			"알림 폭주라면 메신저 서비스의 속도 제한에 맞춰 최신 상태부터 전달됨",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{chat}}"},

	Scenarios: []rules.Scenario{{
		Name: "fires above five minutes",
		Series: `
			preflight_webhook_backlog_age_seconds{job="webhook", instance="webhook:9917", chat="-100"}  0 60 120 180 240 300 301 0x5
			preflight_webhook_backlog_age_seconds{job="webhook", instance="spare:9917", chat="-100"}    0x12
			preflight_webhook_backlog_age_seconds{job="webhook", instance="webhook:9917", chat="-200"}  200x12
			preflight_webhook_backlog_age_seconds{job="webhook", instance="spare:9917", chat="-200"}    200x12`,
		Expect: []rules.Expect{
			rules.Quiet("5m"),
			rules.Fires("6m", `job="webhook", chat="-100"`),
			rules.Quiet("7m"),
		},
	}},
}

var telegramFailing = rules.Alert{
	Name:     "TelegramFailing",
	Severity: "P1",
	Expr:     `max by (job, chat, state) (preflight_webhook_chat_state{state=~"unreachable|dead"}) == 1`,
	For:      "2m",
	Labels:   direct(),

	Title:   "Chat takes no messages",
	Summary: "the chat {{ $labels.chat }} is {{ $labels.state }}",
	Actions: []string{
		"unreachable: check the connection from the webhook to the chat's service (Telegram, Slack)",
		"dead: check that the bot is in the chat and may write there, and that the chat's id is right; the webhook tries again each minute",
	},
	About: "The webhook cannot show anything in that chat: its service cannot be reached, or refuses every message there. " +
		"The messages wait. Other chats still get their messages.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "채팅 전달 실패",
		Summary: "{{ $labels.chat }} 채팅 상태: {{ $labels.state }}",
		Actions: []string{
			"unreachable: 웹훅에서 메신저 서비스(Telegram, Slack)까지의 연결 확인",
			"dead: 봇이 채팅에 있고 쓰기 권한이 있는지, 채팅 ID가 맞는지 확인 (웹훅이 1분마다 다시 시도)",
		},
	}},

	// The id is of the time when the title was another one, so that links of then lead there.
	Panel: dashgen.Panel{ID: 1649809699, Legend: "{{chat}} {{state}}"},

	Scenarios: []rules.Scenario{
		{
			Name: "fires after two minutes",
			Series: `
				preflight_webhook_chat_state{job="webhook", instance="webhook:9917", chat="-100", state="dead"}  0x4 1x5 0x5
				preflight_webhook_chat_state{job="webhook", instance="webhook:9917", chat="-100", state="ok"}    1x4 0x5 1x5`,
			Expect: []rules.Expect{
				rules.Quiet("3m"),
				rules.Quiet("6m"),
				rules.Fires("7m", `job="webhook", chat="-100", state="dead"`),
				rules.Quiet("11m"),
			},
		},
		{
			Name: "of two webhooks one that cannot reach the chat is enough, and both are one alert",
			Series: `
				preflight_webhook_chat_state{job="webhook", instance="webhook:9917", chat="-100", state="unreachable"}  1x20
				preflight_webhook_chat_state{job="webhook", instance="spare:9917", chat="-100", state="unreachable"}    0x5 1x10`,
			Expect: []rules.Expect{
				rules.Fires("4m", `job="webhook", chat="-100", state="unreachable"`),
				rules.Fires("10m", `job="webhook", chat="-100", state="unreachable"`),
			},
		},
	},
}

var messagesRefused = rules.Alert{
	Name:     "MessagesRefused",
	Severity: "P1",
	Expr:     `sum by (job, chat) (increase(preflight_webhook_messages_failed_total[15m])) > 0`,
	Labels:   direct(),

	Title:   "Text refused",
	Summary: "the chat {{ $labels.chat }} refused the text of a message: it shows only the severity and name",
	Actions: []string{
		"find its alert with `preflight-webhook history` and in the webhook's log",
		"with templates of your own, show the alert to `preflight-webhook render`",
	},
	About: "A message was refused formatted and as plain text. The chat shows the severity and the name of its alert instead.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "메시지 본문 거부됨",
		Summary: "{{ $labels.chat }} 채팅으로 가는 메시지 본문이 거부되어 등급과 이름만 표시함",
		Actions: []string{
			"`preflight-webhook history`와 웹훅 로그에서 어떤 알림인지 확인",
			"자체 템플릿을 쓴다면 `preflight-webhook render`로 확인",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{chat}}"},

	Scenarios: failures(counter{
		failing: `preflight_webhook_messages_failed_total{job="webhook", instance="webhook:9917", chat="-100"}`,
		quiet:   `preflight_webhook_messages_failed_total{job="webhook", instance="spare:9917", chat="-100"}`,
		minutes: 15,
		fires:   `job="webhook", chat="-100"`,
		of:      "webhook",
	}),
	Equivalents: []finding.Equivalent{anyFailure},
}

var messagesAmbiguous = rules.Alert{
	Name:     "MessagesAmbiguous",
	Severity: "P3",
	Expr:     `sum by (job, chat) (increase(preflight_webhook_deliveries_ambiguous_total[1h])) > 0`,

	Title:   "Possible duplicate message",
	Summary: "a message to the chat {{ $labels.chat }} got no answer and was sent again",
	Actions: []string{
		"nothing if it is rare, else look at the connection to the chat's service",
	},
	About: "When the connection breaks after a message was sent, it is not known whether the chat shows it. " +
		"The message is sent again: at most one duplicate for each such call. From the third call on, the repeats are silent.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "메시지 중복 가능성",
		Summary: "{{ $labels.chat }} 채팅으로 보낸 메시지에 응답이 없어 다시 보냄",
		Actions: []string{"드물면 조치 불필요, 잦으면 메신저 서비스 연결 확인"},
	}},

	Panel: dashgen.Panel{Legend: "{{chat}}"},

	Scenarios: failures(counter{
		failing: `preflight_webhook_deliveries_ambiguous_total{job="webhook", instance="webhook:9917", chat="-100"}`,
		quiet:   `preflight_webhook_deliveries_ambiguous_total{job="webhook", instance="spare:9917", chat="-100"}`,
		minutes: 60,
		fires:   `job="webhook", chat="-100"`,
		of:      "webhook",
	}),
	Equivalents: []finding.Equivalent{anyFailure},
}
