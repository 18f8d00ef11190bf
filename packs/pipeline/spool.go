package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var spoolNotDurable = rules.Alert{
	Name:     "SpoolNotDurable",
	Severity: "P2",
	Expr:     `preflight_webhook_spool_durable == 0`,
	For:      "5m",

	Title:   "Spool not on a local disk",
	Summary: "the webhook at {{ $labels.instance }} keeps accepted alerts in memory, on tmpfs, a network or FUSE, or in the layer of its container",
	Actions: []string{
		"point --spool at a local disk or a volume",
		"restart the webhook: its log names the file system",
	},
	About: "Alerts that the webhook accepted and did not deliver yet are lost with the memory or the container. " +
		"On a network file system, SQLite can damage the file.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "스풀이 로컬 디스크에 없음",
		Summary: "{{ $labels.instance }}의 웹훅이 접수한 알림을 메모리, tmpfs, 네트워크 또는 FUSE, 컨테이너 계층에 보관 중",
		Actions: []string{
			"--spool을 로컬 디스크나 볼륨으로 지정",
			"웹훅 재시작: 로그에 파일 시스템이 기록됨",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: []rules.Scenario{{
		Name: "fires after five minutes",
		Series: `
			preflight_webhook_spool_durable{job="webhook", instance="webhook:9917"}  1x3 0x6 1x5
			preflight_webhook_spool_durable{job="webhook", instance="spare:9917"}    1x15`,
		Expect: []rules.Expect{
			rules.Quiet("8m"),
			rules.Fires("9m", `job="webhook", instance="webhook:9917"`),
			rules.Fires("10m", `job="webhook", instance="webhook:9917"`),
			rules.Quiet("11m"),
		},
	}},
}

var spoolReplaced = rules.Alert{
	Name:     "SpoolReplaced",
	Severity: "P1",
	Expr:     `increase(preflight_webhook_spool_replaced_total[15m]) > 0`,

	Title:   "Spool damaged and replaced",
	Summary: "the webhook at {{ $labels.instance }} found its spool damaged, deleted or replaced, and began a new file",
	Actions: []string{
		"open Alertmanager's page: an alert that was accepted and not delivered comes again with the next notification of its group",
		"check the disk: dmesg, smartctl",
		"keep the old file beside the spool (.corrupt-TIME) until its alerts are accounted for",
	},
	About: "The webhook goes on with an empty spool. It shows alerts that still fire once more. " +
		"A spool that was replaced while the webhook started is reported by a message in the chat and the log only.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "스풀 손상 및 교체",
		Summary: "{{ $labels.instance }}의 웹훅이 손상, 삭제 또는 교체된 스풀을 발견하고 새 파일을 시작함",
		Actions: []string{
			"Alertmanager 페이지 확인: 접수되었으나 전달되지 않은 알림은 그룹의 다음 알림과 함께 다시 도착",
			"디스크 확인: dmesg, smartctl",
			"스풀 옆의 이전 파일(.corrupt-TIME)은 알림 확인이 끝날 때까지 보관",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: failures(counter{
		failing: `preflight_webhook_spool_replaced_total{job="webhook", instance="webhook:9917"}`,
		quiet:   `preflight_webhook_spool_replaced_total{job="webhook", instance="spare:9917"}`,
		minutes: 15,
		fires:   `job="webhook", instance="webhook:9917"`,
		of:      "webhook",
	}),
}

var itemsSetAside = rules.Alert{
	Name:     "ItemsSetAside",
	Severity: "P2",
	Expr:     `increase(preflight_webhook_items_set_aside_total[15m]) > 0`,

	Title:   "Items the webhook could not read",
	Summary: "the webhook at {{ $labels.instance }} set aside items of kind {{ $labels.kind }} that it could not read or apply",
	Actions: []string{
		"read the message of the webhook in the chat: it names receivers and alerts",
		"search the webhook's log for \"item set aside\": it has the reason",
	},
	About: "The other alerts are not affected. The items are in the table set_aside of the spool.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "웹훅이 읽을 수 없는 항목",
		Summary: "{{ $labels.instance }}의 웹훅이 읽거나 적용할 수 없는 {{ $labels.kind }} 항목을 따로 보관함",
		Actions: []string{
			"채팅의 웹훅 메시지 확인: 수신자와 알림 이름이 있음",
			"웹훅 로그에서 \"item set aside\" 검색: 이유가 기록됨",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}} {{kind}}"},

	Scenarios: failures(counter{
		failing: `preflight_webhook_items_set_aside_total{job="webhook", instance="webhook:9917", kind="notification"}`,
		quiet:   `preflight_webhook_items_set_aside_total{job="webhook", instance="webhook:9917", kind="inbox"}`,
		minutes: 15,
		fires:   `job="webhook", instance="webhook:9917", kind="notification"`,
		of:      "webhook",
	}),
}
