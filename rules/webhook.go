package rules

import "github.com/alertnative/preflight/finding"

// Webhook is the group of alerts on the webhook: whether it can tell what it is
// given. Those that put it in doubt are also told without it: see
// fallbackRoutes.
func Webhook() Group {
	return Group{
		Name:   "webhook",
		Labels: map[string]string{"source": "pipeline"},
		Alerts: []Alert{
			{
				Name:     "UrgentUntold",
				Priority: P1,
				Expr:     `group by (env, check, target) (ALERTS{alertstate="firing",priority="P0"}) and on () (max(up{job="webhook"}) == 0)`,
				For:      "1m",
				Labels:   map[string]string{"job": "webhook"},
				Title:    Text{"Urgent, and the webhook is down", "긴급 알림, 웹훅 중단"},
				Summary: Text{
					"{{ $labels.env }}: {{ $labels.check }}, {{ $labels.target }} fails, and the webhook that would tell it does not answer",
					"{{ $labels.env }}: {{ $labels.check }}, {{ $labels.target }} 실패, 이를 알릴 웹훅이 응답하지 않음",
				},
				Actions: []Text{
					{"do not trade: open Alertmanager's page for what fires", "거래하지 말고 Alertmanager 페이지에서 발생 중인 알림 확인"},
					{"start the webhook: it then tells everything that still fires", "웹훅을 시작하면 아직 발생 중인 알림을 모두 전달"},
				},
				About: "A P0 fires while no webhook answers Prometheus. Its message waits in Alertmanager until a webhook is back; this alert reaches the chat without one.",
				Scenarios: []Scenario{{
					Name: "fires while a P0 does and no webhook answers",
					Series: []Series{
						{`ALERTS{alertname="PreflightCheckFailed",alertstate="firing",priority="P0",env="paper",check="Database",target="redis"}`, "1x30"},
						{`ALERTS{alertname="PreflightMissing",alertstate="firing",priority="P0",env="paper",check="Database",target="redis"}`, "1x30"},
						{`ALERTS{alertname="PreflightCheckFailed",alertstate="firing",priority="P0",env="live",check="Database",target="redis"}`, "1x30"},
						{`ALERTS{alertname="PreflightCheckFailed",alertstate="firing",priority="P0",env="paper",check="Secrets",target="redis"}`, "1x30"},
						{`ALERTS{alertname="PreflightCheckFailed",alertstate="firing",priority="P0",env="paper",check="Database",target="postgres"}`, "1x30"},
						{`ALERTS{alertname="PreflightCheckFailed",alertstate="pending",priority="P0",env="paper",check="Database",target="waits"}`, "1x30"},
						{`ALERTS{alertname="PreflightCheckWarned",alertstate="firing",priority="P1",env="paper",check="Database",target="warns"}`, "1x30"},
						{`up{job="webhook",instance="webhook:9917"}`, "1x4 0x9 1x10"},
						{`up{job="webhook",instance="spare:9917"}`, "0x8 1 0x4 1x10"},
						{`up{job="prometheus",instance="prometheus:9090"}`, "1x30"},
					},
					Expect: []Expect{
						{At: "5m"},
						{At: "6m", Firing: urgentUntold()},
						{At: "8m", Firing: urgentUntold()},
						{At: "9m"},
						{At: "11m", Firing: urgentUntold()},
						{At: "14m", Firing: urgentUntold()},
						{At: "15m"},
					},
				}},
				Equivalents: []finding.Equivalent{
					{Mutant: "group → count", Why: "only that there is one counts"},
					{Mutant: "max → sum", Why: "up is 0 or 1: none answers when the sum is 0"},
				},
			},
			{
				Name:     "WebhookBacklog",
				Priority: P2,
				Expr:     `max by (job, chat) (preflight_webhook_backlog_age_seconds) > 300`,
				Title:    Text{"Messages wait", "메시지 지연"},
				Summary:  Text{"a message to the chat {{ $labels.chat }} has waited over five minutes", "{{ $labels.chat }} 채팅으로 가는 메시지가 5분 넘게 대기 중"},
				Actions: []Text{
					{"look at TelegramFailing, and at the webhook's log for the chat", "TelegramFailing 알림과 웹훅 로그에서 해당 채팅 확인"},
					{"a storm of alerts: it drains at Telegram's rates, the newest state is shown", "알림 폭주라면 Telegram 속도 제한에 맞춰 최신 상태부터 전달됨"},
				},
				About: "The webhook holds alerts whose present state the chat has not been shown. Nothing is lost; it is late.",
				Scenarios: []Scenario{{
					Name: "fires above five minutes",
					Series: []Series{
						{`preflight_webhook_backlog_age_seconds{job="webhook",instance="webhook:9917",chat="-100"}`, "0 60 120 180 240 300 301 0x5"},
						{`preflight_webhook_backlog_age_seconds{job="webhook",instance="spare:9917",chat="-100"}`, "0x12"},
						{`preflight_webhook_backlog_age_seconds{job="webhook",instance="webhook:9917",chat="-200"}`, "200x12"},
						{`preflight_webhook_backlog_age_seconds{job="webhook",instance="spare:9917",chat="-200"}`, "200x12"},
					},
					Expect: []Expect{
						{At: "5m"},
						{At: "6m", Firing: []Instance{{Labels: map[string]string{"job": "webhook", "chat": "-100"}}}},
						{At: "7m"},
					},
				}},
			},
			{
				Name:     "TelegramFailing",
				Priority: P1,
				Expr:     `max by (job, chat, state) (preflight_webhook_chat_state{state=~"unreachable|dead"}) == 1`,
				For:      "2m",
				Title:    Text{"Telegram fails", "Telegram 전달 실패"},
				Summary:  Text{"the chat {{ $labels.chat }} is {{ $labels.state }}", "{{ $labels.chat }} 채팅 상태: {{ $labels.state }}"},
				Actions: []Text{
					{"unreachable: check the way from the webhook to the Bot API", "unreachable: 웹훅에서 Bot API까지의 연결 확인"},
					{"dead: check that the bot is still in the chat and the chat's id is right, then restart the webhook", "dead: 봇이 채팅에 있고 채팅 ID가 맞는지 확인한 뒤 웹훅 재시작"},
				},
				About: "The webhook cannot show anything in that chat: Telegram cannot be reached, or refuses the bot there. Other chats are still told.",
				Scenarios: []Scenario{{
					Name: "fires after two minutes",
					Series: []Series{
						{`preflight_webhook_chat_state{job="webhook",instance="webhook:9917",chat="-100",state="dead"}`, "0x4 1x5 0x5"},
						{`preflight_webhook_chat_state{job="webhook",instance="webhook:9917",chat="-100",state="ok"}`, "1x4 0x5 1x5"},
					},
					Expect: []Expect{
						{At: "3m"},
						{At: "6m"},
						{At: "7m", Firing: []Instance{{Labels: map[string]string{"job": "webhook", "chat": "-100", "state": "dead"}}}},
						{At: "11m"},
					},
				}, {
					Name: "of two webhooks one that cannot reach the chat is enough, and both are one alert",
					Series: []Series{
						{`preflight_webhook_chat_state{job="webhook",instance="webhook:9917",chat="-100",state="unreachable"}`, "1x20"},
						{`preflight_webhook_chat_state{job="webhook",instance="spare:9917",chat="-100",state="unreachable"}`, "0x5 1x10"},
					},
					Expect: []Expect{
						{At: "4m", Firing: []Instance{{Labels: map[string]string{"job": "webhook", "chat": "-100", "state": "unreachable"}}}},
						{At: "10m", Firing: []Instance{{Labels: map[string]string{"job": "webhook", "chat": "-100", "state": "unreachable"}}}},
					},
				}},
			},
			{
				Name:     "SpoolNotWritable",
				Priority: P1,
				Expr:     `preflight_webhook_spool_writable == 0`,
				For:      "1m",
				Title:    Text{"Alerts not accepted", "알림 접수 불가"},
				Summary:  Text{"the webhook at {{ $labels.instance }} cannot write its spool and refuses notifications", "{{ $labels.instance }}의 웹훅이 스풀에 쓸 수 없어 알림을 거부 중"},
				Actions: []Text{
					{"free space on the disk of --spool, or make it writable", "--spool 디스크의 공간 확보 또는 쓰기 권한 복구"},
					{"nothing to restart: it accepts again as soon as it can write", "재시작 불필요: 쓸 수 있게 되면 바로 다시 접수"},
				},
				About: "The webhook answers 503 until what it is given is safe on disk. Alertmanager tries again; an alert that resolves meanwhile is told to nobody.",
				Scenarios: []Scenario{{
					Name: "fires after a minute",
					Series: []Series{
						{`preflight_webhook_spool_writable{job="webhook",instance="webhook:9917"}`, "1x4 0x5 1x5"},
					},
					Expect: []Expect{
						{At: "5m"},
						{At: "6m", Firing: []Instance{{Labels: map[string]string{"job": "webhook", "instance": "webhook:9917"}}}},
						{At: "11m"},
					},
				}},
			},
			{
				Name:     "MessagesRefused",
				Priority: P1,
				Expr:     `sum by (job, chat) (increase(preflight_webhook_messages_failed_total[15m])) > 0`,
				Title:    Text{"Message refused", "메시지 거부됨"},
				Summary:  Text{"Telegram refused a message to the chat {{ $labels.chat }} for good", "Telegram이 {{ $labels.chat }} 채팅으로 가는 메시지를 거부함"},
				Actions: []Text{
					{"look up what it was about: `preflight-webhook history`, and the webhook's log", "`preflight-webhook history`와 웹훅 로그에서 어떤 알림인지 확인"},
					{"templates of your own: show the alert to `preflight-webhook render`", "자체 템플릿을 쓴다면 `preflight-webhook render`로 확인"},
				},
				About: "A message was refused formatted and as plain text, so its alerts were not shown in that chat.",
				Scenarios: failures(
					`preflight_webhook_messages_failed_total{job="webhook",instance="webhook:9917",chat="-100"}`,
					`preflight_webhook_messages_failed_total{job="webhook",instance="spare:9917",chat="-100"}`,
					15, map[string]string{"job": "webhook", "chat": "-100"}),
				Equivalents: []finding.Equivalent{anyFailure},
			},
			{
				Name:     "MessagesAmbiguous",
				Priority: P3,
				Expr:     `sum by (job, chat) (increase(preflight_webhook_deliveries_ambiguous_total[1h])) > 0`,
				Title:    Text{"Message perhaps shown twice", "메시지 중복 가능성"},
				Summary:  Text{"a message to the chat {{ $labels.chat }} was sent without an answer, and again", "{{ $labels.chat }} 채팅으로 보낸 메시지에 응답이 없어 다시 보냄"},
				Actions: []Text{
					{"nothing, if it is rare; else look at the connection to the Bot API", "드물면 조치 불필요, 잦으면 Bot API 연결 확인"},
				},
				About: "When the connection breaks after a message was sent, nobody can know whether Telegram took it. It is sent again: at most one duplicate for each such call.",
				Scenarios: failures(
					`preflight_webhook_deliveries_ambiguous_total{job="webhook",instance="webhook:9917",chat="-100"}`,
					`preflight_webhook_deliveries_ambiguous_total{job="webhook",instance="spare:9917",chat="-100"}`,
					60, map[string]string{"job": "webhook", "chat": "-100"}),
				Equivalents: []finding.Equivalent{anyFailure},
			},
			{
				Name:     "HistoryLagging",
				Priority: P2,
				Expr:     `preflight_webhook_history_lag_seconds > 900`,
				For:      "5m",
				Title:    Text{"History lags", "이력 지연"},
				Summary:  Text{"the history of the webhook at {{ $labels.instance }} is over 15 minutes behind", "{{ $labels.instance }} 웹훅의 이력이 15분 넘게 지연됨"},
				Actions: []Text{
					{"check that the PostgreSQL of DATABASE_URL runs and takes the webhook's user", "DATABASE_URL의 PostgreSQL이 실행 중이고 웹훅 사용자를 받는지 확인"},
					{"the webhook's log says why it cannot write", "쓰지 못하는 이유는 웹훅 로그에서 확인"},
				},
				About: "Alerts are told as ever, and wait in the spool until the history database takes them. Until then `preflight-webhook history` shows less of them from the database.",
				Scenarios: []Scenario{{
					Name: "fires after five minutes above a quarter of an hour",
					Series: []Series{
						{`preflight_webhook_history_lag_seconds{job="webhook",instance="webhook:9917"}`, "0x4 960+60x6 0x5"},
						{`preflight_webhook_history_lag_seconds{job="webhook",instance="spare:9917"}`, "900x15"},
					},
					Expect: []Expect{
						{At: "9m"},
						{At: "10m", Firing: []Instance{{Labels: map[string]string{"job": "webhook", "instance": "webhook:9917"}}}},
						{At: "12m"},
					},
				}},
			},
		},
	}
}

// urgentUntold are the instances of the scenario.
func urgentUntold() []Instance {
	of := func(env, check, target string) Instance {
		return Instance{Labels: map[string]string{"env": env, "check": check, "target": target}}
	}
	return []Instance{
		of("live", "Database", "redis"), of("paper", "Database", "postgres"),
		of("paper", "Database", "redis"), of("paper", "Secrets", "redis"),
	}
}
