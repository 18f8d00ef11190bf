package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// urgentUndelivered has the labels of the undelivered alert, whose name is in
// the label undelivered. It omits labels that the rule itself sets: two alerts
// that differ only in those would make the rule fail.
var urgentUndelivered = rules.Alert{
	Name:     "UrgentUndelivered",
	Severity: "P0",
	Expr: `
		group without (alertstate, source, delivery, SEVERITY) (
			label_replace(
				ALERTS{alertstate="firing", URGENT, alertname!="UrgentUndelivered"},
				"undelivered", "$1", "alertname", "(.*)"
			)
		)
		and on () (max(up{job="webhook"}) == 0)`,
	For:    "1m",
	Labels: direct(),

	Title:   "Urgent alert not delivered",
	Summary: "{{ with $labels.env }}{{ . }}: {{ end }}{{ $labels.undelivered }} is firing, and the webhook does not answer",
	Actions: []string{
		"open Alertmanager's page: it lists the alerts that are firing",
		"start the webhook: it then delivers every alert that is still firing",
	},
	About: "An urgent alert fires while no webhook answers Prometheus. " +
		"Its message waits in Alertmanager until a webhook is back; this alert is delivered without the webhook.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "긴급 알림, 웹훅 중단",
		Summary: "{{ with $labels.env }}{{ . }}: {{ end }}{{ $labels.undelivered }} 발생 중, 이를 알릴 웹훅이 응답하지 않음",
		Actions: []string{
			"Alertmanager 페이지에서 발생 중인 알림 확인",
			"웹훅을 시작하면 아직 발생 중인 알림을 모두 전달",
		},
	}},

	Panel: dashgen.Panel{
		Title:   "Webhooks that answer",
		Targets: []dashgen.Target{{Expr: `sum(up{job="webhook"})`, Legend: "webhooks"}},
		Unit:    dashgen.Count, Min: new(0.0), Decimals: new(0),
		Base: dashgen.Red, Thresholds: []dashgen.Threshold{{At: 1, Color: dashgen.Green}},
	},

	Scenarios: []rules.Scenario{{
		Name: "fires while an urgent alert does and no webhook answers",
		Series: `
			ALERTS{alertname="PreflightCheckFailed", alertstate="firing", URGENT, env="ENV", check="Database", target="redis"}                1x30
			ALERTS{alertname="PreflightCheckFailed", alertstate="firing", URGENT, env="ENV", check="Database", target="redis", source="a"}    1x30
			ALERTS{alertname="PreflightCheckFailed", alertstate="firing", URGENT, env="ENV", check="Database", target="redis", delivery="a"}  1x30
			ALERTS{alertname="PreflightMissing", alertstate="firing", URGENT, env="ENV", check="Database", target="redis"}                    1x30
			ALERTS{alertname="PreflightCheckFailed", alertstate="firing", URGENT, env="OTHER", check="Database", target="redis"}              1x30
			ALERTS{alertname="PreflightCheckFailed", alertstate="firing", URGENT, env="ENV", check="Secrets", target="redis"}                 1x30
			ALERTS{alertname="PreflightCheckFailed", alertstate="firing", URGENT, env="ENV", check="Database", target="postgres"}             1x30
			ALERTS{alertname="PreflightCheckFailed", alertstate="pending", URGENT, env="ENV", check="Database", target="waits"}               1x30
			ALERTS{alertname="UrgentUndelivered", alertstate="firing", URGENT, env="ENV", check="Database", target="itself"}                  1x30
			ALERTS{alertname="PreflightCheckWarned", alertstate="firing", env="ENV", check="Database", target="warns"}                        1x30
			up{job="webhook", instance="webhook:9917"}        1x4 0x9 1x10
			up{job="webhook", instance="spare:9917"}          0x8 1 0x4 1x10
			up{job="prometheus", instance="prometheus:9090"}  1x30`,
		Expect: []rules.Expect{
			rules.Quiet("5m"),
			undelivered("6m"),
			undelivered("8m"),
			rules.Quiet("9m"),
			undelivered("11m"),
			undelivered("14m"),
			rules.Quiet("15m"),
		},
	}},
	Equivalents: []finding.Equivalent{
		{Mutant: "group → count", Why: "only the labels are used, the value is not shown"},
		{
			Mutant: "without (alertstate, source, delivery, SEVERITY) → without (alertstate, source, delivery)",
			Why:    "with one urgent level, all have the same severity",
		},
		{Mutant: "max → sum", Why: "up is 0 or 1: none answers when the sum is 0"},
	},
}

// undelivered expects the instances of the scenario.
func undelivered(at string) rules.Expect {
	return rules.Fires(
		at,
		`undelivered="PreflightCheckFailed", env="ENV", check="Database", target="redis"`,
		`undelivered="PreflightMissing", env="ENV", check="Database", target="redis"`,
		`undelivered="PreflightCheckFailed", env="OTHER", check="Database", target="redis"`,
		`undelivered="PreflightCheckFailed", env="ENV", check="Secrets", target="redis"`,
		`undelivered="PreflightCheckFailed", env="ENV", check="Database", target="postgres"`,
	)
}

var spoolNotWritable = rules.Alert{
	Name:     "SpoolNotWritable",
	Severity: "P1",
	Expr:     `preflight_webhook_spool_writable == 0`,
	For:      "1m",
	Labels:   direct(),

	Title:   "Alerts not accepted",
	Summary: "the webhook at {{ $labels.instance }} cannot write its spool and refuses notifications",
	Actions: []string{
		"free space on the disk of --spool, or make it writable",
		"nothing to restart: it accepts notifications again as soon as it can write",
	},
	About: "The webhook answers 503 until it can store notifications on disk. " +
		"Alertmanager tries again. An alert that resolves in the meantime is never delivered.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "알림 접수 불가",
		Summary: "{{ $labels.instance }}의 웹훅이 스풀에 쓸 수 없어 알림을 거부 중",
		Actions: []string{
			"--spool 디스크의 공간 확보 또는 쓰기 권한 복구",
			"재시작 불필요: 쓸 수 있게 되면 바로 다시 접수",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: []rules.Scenario{{
		Name:   "fires after a minute",
		Series: `preflight_webhook_spool_writable{job="webhook", instance="webhook:9917"} 1x4 0x5 1x5`,
		Expect: []rules.Expect{
			rules.Quiet("5m"),
			rules.Fires("6m", `job="webhook", instance="webhook:9917"`),
			rules.Quiet("11m"),
		},
	}},
}

var historyLagging = rules.Alert{
	Name:     "HistoryLagging",
	Severity: "P2",
	Expr:     `preflight_webhook_history_lag_seconds > 900`,
	For:      "5m",

	Title:   "History lags",
	Summary: "the history of the webhook at {{ $labels.instance }} is over 15 minutes behind",
	Actions: []string{
		"check that the PostgreSQL of DATABASE_URL runs and accepts the webhook's user",
		"read in the webhook's log why it cannot write",
	},
	About: "Messages are delivered as usual. The entries wait in the spool until the history database accepts them. " +
		"Until then `preflight-webhook history` shows less of them from the database.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "이력 지연",
		Summary: "{{ $labels.instance }} 웹훅의 이력이 15분 넘게 지연됨",
		Actions: []string{
			"DATABASE_URL의 PostgreSQL이 실행 중이고 웹훅 사용자를 받는지 확인",
			"쓰지 못하는 이유는 웹훅 로그에서 확인",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: []rules.Scenario{{
		Name: "fires after five minutes above a quarter of an hour",
		Series: `
			preflight_webhook_history_lag_seconds{job="webhook", instance="webhook:9917"}  0x4 960+60x6 0x5
			preflight_webhook_history_lag_seconds{job="webhook", instance="spare:9917"}    900x15`,
		Expect: []rules.Expect{
			rules.Quiet("9m"),
			rules.Fires("10m", `job="webhook", instance="webhook:9917"`),
			rules.Quiet("12m"),
		},
	}},
}
