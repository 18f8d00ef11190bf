package pipeline

import (
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

var ruleEvaluationFailing = rules.Alert{
	Name:     "RuleEvaluationFailing",
	Severity: "P1",
	Expr:     `sum by (job, rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0`,

	Title:   "Rules fail",
	Summary: "Prometheus cannot evaluate rules of {{ $labels.rule_group }}",
	Actions: []string{
		"read the error on Prometheus's page Status > Rule health",
		"if the rules were changed just before, revert the change",
	},
	About: "An alert of that group can neither fire nor resolve.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "규칙 평가 실패",
		Summary: "Prometheus가 {{ $labels.rule_group }} 규칙을 평가할 수 없음",
		Actions: []string{
			"Prometheus의 Status > Rule health 페이지에서 오류 확인",
			"직전에 규칙이 바뀌었다면 되돌리기",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{rule_group}}"},

	Scenarios: failures(counter{
		failing: `prometheus_rule_evaluation_failures_total{job="prometheus", instance="prometheus:9090", rule_group="preflight.yml;preflight"}`,
		quiet:   `prometheus_rule_evaluation_failures_total{job="prometheus", instance="spare:9090", rule_group="preflight.yml;preflight"}`,
		minutes: 5,
		fires:   `job="prometheus", rule_group="preflight.yml;preflight"`,
		of:      "prometheus",
	}),
	Equivalents: []finding.Equivalent{anyFailure},
}

// notificationsFailing reads the metrics of the programs that the site has. It
// excludes messages that Alertmanager itself sends to Telegram: TelegramFailing
// reports those.
func notificationsFailing(o Options) rules.Alert {
	a := rules.Alert{
		Name:     "NotificationsFailing",
		Severity: "P1",

		Title:   "Notifications fail",
		Summary: "{{ $labels.job }} at {{ $labels.instance }} cannot deliver notifications",
		About: "Alerts that fire may not be delivered: Prometheus cannot send them to Alertmanager, or Alertmanager cannot send them to the webhook. " +
			"Both try again. An alert that resolves in the meantime is never delivered.",
		Translations: map[string]rules.Translation{"ko": {
			Title:   "알림 전달 실패",
			Summary: "{{ $labels.job }} ({{ $labels.instance }})가 알림을 전달할 수 없음",
			Actions: []string{
				"alertmanager: 웹훅이 실행 중이고 응답하며 토큰을 받는지 확인",
				"prometheus: Alertmanager가 실행 중이고 응답하는지 확인",
			},
		}},
		Actions: []string{
			"alertmanager: check that the webhook runs, answers and accepts the token",
			"prometheus: check that Alertmanager runs and answers",
		},

		Panel:       dashgen.Panel{Title: "Notifications fail"},
		Equivalents: []finding.Equivalent{anyFailure},
	}
	var conditions []string
	read := func(selector string, c counter) {
		failed := `sum by (job, instance) (increase(` + selector + `[5m]))`
		conditions = append(conditions, failed+` > 0`)
		a.Panel.Targets = append(a.Panel.Targets, dashgen.Target{Expr: failed, Legend: "{{job}} {{instance}}"})
		a.Scenarios = append(a.Scenarios, failures(c)...)
	}
	if o.Alertmanager != None {
		a.Labels = map[string]string{api.Delivery: `{{ if eq $labels.job "alertmanager" }}direct{{ end }}`}
		read(`alertmanager_notifications_failed_total{integration="webhook"}`, counter{
			failing: `alertmanager_notifications_failed_total{job="alertmanager", instance="alertmanager:9093", integration="webhook", reason="serverError"}`,
			quiet:   `alertmanager_notifications_failed_total{job="alertmanager", instance="alertmanager:9093", integration="webhook", reason="contextDeadlineExceeded"}`,
			minutes: 5,
			fires:   `job="alertmanager", instance="alertmanager:9093"`,
			of:      "alertmanager",
		})
	}
	if o.Prometheus != None {
		read(`prometheus_notifications_errors_total`, counter{
			failing: `prometheus_notifications_errors_total{job="prometheus", instance="prometheus:9090", alertmanager="http://alertmanager:9093/api/v2/alerts"}`,
			quiet:   `prometheus_notifications_errors_total{job="prometheus", instance="prometheus:9090", alertmanager="http://spare:9093/api/v2/alerts"}`,
			minutes: 5,
			fires:   `job="prometheus", instance="prometheus:9090"`,
			of:      "prometheus",
		})
	}
	if o.Alertmanager != None {
		a.Scenarios = append(a.Scenarios, rules.Scenario{
			Name: "stays quiet about messages that Alertmanager sends itself",
			Series: `
				alertmanager_notifications_failed_total{job="alertmanager", instance="alertmanager:9093", integration="telegram", reason="other"} 0x4 1 2 2x20`,
			Expect: []rules.Expect{rules.Quiet("6m")},
		})
	}
	a.Expr = strings.Join(conditions, " or ")
	return a
}

// configReloadFailed reads the metrics of the programs that the site has.
func configReloadFailed(o Options) rules.Alert {
	a := rules.Alert{
		Name:     "ConfigReloadFailed",
		Severity: "P1",
		For:      "1m",

		Title:   "Configuration refused",
		Summary: "{{ $labels.job }} at {{ $labels.instance }} refused its new configuration and keeps running on the previous one",
		Actions: []string{
			"read its log: it names the line",
			"run `make generate` and deploy all the files that it wrote",
		},
		About: "The change is not in force, and the program will not start again with this configuration.",
		Translations: map[string]rules.Translation{"ko": {
			Title:   "설정 적용 실패",
			Summary: "{{ $labels.job }} ({{ $labels.instance }})가 새 설정을 거부하고 이전 설정으로 동작 중",
			Actions: []string{"로그에서 오류가 난 줄 확인", "`make generate` 실행 후 생성된 파일을 모두 배포"},
		}},

		Panel: dashgen.Panel{Title: "Configuration refused", Min: new(0.0), Max: new(1.0)},
	}
	reload := rules.Scenario{
		Name:   "fires after a minute, for the one that refused",
		Expect: []rules.Expect{rules.Quiet("5m")},
	}
	var conditions []string
	read := func(metric, series string) {
		conditions = append(conditions, metric+` == 0`)
		a.Panel.Targets = append(a.Panel.Targets, dashgen.Target{Expr: metric, Legend: "{{job}} {{instance}}"})
		reload.Series += metric + series + "\n"
	}
	if o.Prometheus != None {
		read(`prometheus_config_last_reload_successful`, `{job="prometheus", instance="prometheus:9090"} 1x4 0x5 1x15`)
		reload.Expect = append(reload.Expect, rules.Fires("6m", `job="prometheus", instance="prometheus:9090"`))
	}
	reload.Expect = append(reload.Expect, rules.Quiet("11m"))
	if o.Webhook != None {
		read(`preflight_webhook_config_last_reload_successful`, `{job="webhook", instance="webhook:9917"} 1x12 0x3 1x9`)
		reload.Expect = append(reload.Expect, rules.Fires("15m", `job="webhook", instance="webhook:9917"`))
	}
	if o.Alertmanager != None {
		read(`alertmanager_config_last_reload_successful`, `{job="alertmanager", instance="alertmanager:9093"} 1x20 0x5`)
		reload.Expect = append(reload.Expect, rules.Fires("23m", `job="alertmanager", instance="alertmanager:9093"`))
	}
	a.Expr, a.Scenarios = strings.Join(conditions, " or "), []rules.Scenario{reload}
	return a
}
