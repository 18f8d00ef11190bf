package rules

import (
	"slices"
	"time"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/webhook/api"
)

// Pipeline is the group of alerts on the pipeline itself: who watches must be
// watched.
func Pipeline() Group {
	return Group{
		Name:   "pipeline",
		Labels: map[string]string{"source": "pipeline"},
		Alerts: []Alert{
			{
				Name:     "TargetDown",
				Priority: P1,
				Expr:     `up == 0`,
				For:      "1m",
				Title:    Text{"Target down", "수집 대상 중단"},
				Summary:  Text{"{{ $labels.job }} at {{ $labels.instance }} does not answer Prometheus", "{{ $labels.job }} ({{ $labels.instance }})가 Prometheus에 응답하지 않음"},
				Actions: []Text{
					{"check that the process runs and listens at that address", "프로세스가 실행 중이고 해당 주소에서 수신하는지 확인"},
					{"read the scrape error on Prometheus's page Status > Targets", "Prometheus의 Status > Targets 페이지에서 수집 오류 확인"},
					{
						`{{ if eq $labels.job "node_exporter" }}results of the preflight no longer arrive: do not start trading{{ end }}`,
						`{{ if eq $labels.job "node_exporter" }}프리플라이트 결과가 수집되지 않으므로 거래를 시작하지 말 것{{ end }}`,
					},
				},
				About: "Prometheus cannot scrape a target. What it exposes is not known until it answers again; " +
					"for node_exporter that is the outcome of every preflight.",
				Dashboard: "arbitrage-system-health",
				Panel:     1,
				Scenarios: []Scenario{{
					Name: "fires after a minute, for the target that is down",
					Series: []Series{
						{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x4 0x5 1x10"},
						{`up{job="prometheus",instance="prometheus:9090"}`, "1x20"},
					},
					Expect: []Expect{
						{At: "5m"},
						{At: "6m", Firing: []Instance{{
							Labels: map[string]string{"job": "node_exporter", "instance": "node-exporter:9100"},
							Texts: map[string]string{
								"actions":    "check that the process runs and listens at that address\nread the scrape error on Prometheus's page Status > Targets\nresults of the preflight no longer arrive: do not start trading",
								"actions_ko": "프로세스가 실행 중이고 해당 주소에서 수신하는지 확인\nPrometheus의 Status > Targets 페이지에서 수집 오류 확인\n프리플라이트 결과가 수집되지 않으므로 거래를 시작하지 말 것",
							},
						}}},
						{At: "11m"},
					},
				}, {
					Name:   "fires for the webhook too, without a word of the preflight",
					Series: []Series{{`up{job="webhook",instance="webhook:9917"}`, "0x5"}},
					Expect: []Expect{
						{At: "1m", Firing: []Instance{{
							Labels: map[string]string{"job": "webhook", "instance": "webhook:9917"},
							Texts: map[string]string{
								"actions":    "check that the process runs and listens at that address\nread the scrape error on Prometheus's page Status > Targets\n",
								"actions_ko": "프로세스가 실행 중이고 해당 주소에서 수신하는지 확인\nPrometheus의 Status > Targets 페이지에서 수집 오류 확인\n",
							},
						}}},
					},
				}},
			},
			{
				Name:     "TextfileScrapeError",
				Priority: P1,
				Expr:     `node_textfile_scrape_error == 1`,
				For:      "1m",
				Title:    Text{"Textfile not readable", "텍스트 파일을 읽을 수 없음"},
				Summary:  Text{"node_exporter at {{ $labels.instance }} cannot read a metrics file", "{{ $labels.instance }}의 node_exporter가 메트릭 파일을 읽을 수 없음"},
				Actions: []Text{
					{"read node_exporter's log: it names the file and what is wrong with it", "node_exporter 로그에서 파일과 원인 확인"},
					{"run the preflight again: it writes a file that cannot be read anew and keeps the old one aside", "프리플라이트를 다시 실행: 읽을 수 없는 파일은 따로 보관하고 새로 작성"},
				},
				About: "A file in the collector's folder is broken or cannot be opened. Its metrics are missing; if it is the preflight's, nothing new is known of any environment.",
				Scenarios: []Scenario{{
					Name: "fires after a minute",
					Series: []Series{
						{`node_textfile_scrape_error{job="node_exporter",instance="node-exporter:9100"}`, "0x4 1x5 0x5"},
					},
					Expect: []Expect{
						{At: "5m"},
						{At: "6m", Firing: []Instance{{Labels: map[string]string{"job": "node_exporter", "instance": "node-exporter:9100"}}}},
						{At: "11m"},
					},
				}},
			},
			{
				Name:     "RuleEvaluationFailing",
				Priority: P1,
				Expr:     `sum by (job, rule_group) (increase(prometheus_rule_evaluation_failures_total[5m])) > 0`,
				Title:    Text{"Rules fail", "규칙 평가 실패"},
				Summary:  Text{"Prometheus cannot evaluate rules of {{ $labels.rule_group }}", "Prometheus가 {{ $labels.rule_group }} 규칙을 평가할 수 없음"},
				Actions: []Text{
					{"read the error on Prometheus's page Status > Rule health", "Prometheus의 Status > Rule health 페이지에서 오류 확인"},
					{"a change of the rules came just before: take it back", "직전에 규칙이 바뀌었다면 되돌리기"},
				},
				About: "An alert of that group can neither fire nor resolve.",
				Scenarios: failures(
					`prometheus_rule_evaluation_failures_total{job="prometheus",instance="prometheus:9090",rule_group="preflight.yml;preflight"}`,
					`prometheus_rule_evaluation_failures_total{job="prometheus",instance="spare:9090",rule_group="preflight.yml;preflight"}`,
					5, map[string]string{"job": "prometheus", "rule_group": "preflight.yml;preflight"}),
				Equivalents: []finding.Equivalent{anyFailure},
			},
			{
				Name:     "NotificationsFailing",
				Priority: P1,
				Expr: `
					sum by (job, instance) (increase(alertmanager_notifications_failed_total{integration="webhook"}[5m])) > 0
					or
					sum by (job, instance) (increase(prometheus_notifications_errors_total[5m])) > 0`,
				Title:   Text{"Notifications fail", "알림 전달 실패"},
				Summary: Text{"{{ $labels.job }} at {{ $labels.instance }} cannot hand on notifications", "{{ $labels.job }} ({{ $labels.instance }})가 알림을 전달할 수 없음"},
				Actions: []Text{
					{"alertmanager: check that the webhook runs, answers and takes the token", "alertmanager: 웹훅이 실행 중이고 응답하며 토큰을 받는지 확인"},
					{"prometheus: check that Alertmanager runs and answers", "prometheus: Alertmanager가 실행 중이고 응답하는지 확인"},
				},
				// What Alertmanager tells by itself goes to Telegram: that it fails is
				// what TelegramFailing tells.
				About: "Alerts that fire may reach nobody: Prometheus cannot hand them to Alertmanager, or Alertmanager not to the webhook. Both try again; an alert that resolves meanwhile was told to nobody.",
				Scenarios: slices.Concat(failures(
					`alertmanager_notifications_failed_total{job="alertmanager",instance="alertmanager:9093",integration="webhook",reason="serverError"}`,
					`alertmanager_notifications_failed_total{job="alertmanager",instance="alertmanager:9093",integration="webhook",reason="contextDeadlineExceeded"}`,
					5, map[string]string{"job": "alertmanager", "instance": "alertmanager:9093"}), failures(
					`prometheus_notifications_errors_total{job="prometheus",instance="prometheus:9090",alertmanager="http://alertmanager:9093/api/v2/alerts"}`,
					`prometheus_notifications_errors_total{job="prometheus",instance="prometheus:9090",alertmanager="http://spare:9093/api/v2/alerts"}`,
					5, map[string]string{"job": "prometheus", "instance": "prometheus:9090"}), []Scenario{{
					Name: "says nothing of what Alertmanager tells by itself",
					Series: []Series{
						{`alertmanager_notifications_failed_total{job="alertmanager",instance="alertmanager:9093",integration="telegram",reason="other"}`, "0x4 1 2 2x20"},
					},
					Expect: []Expect{{At: "6m"}},
				}}),
				Equivalents: []finding.Equivalent{anyFailure},
			},
			{
				Name:     "ConfigReloadFailed",
				Priority: P1,
				Expr:     `prometheus_config_last_reload_successful == 0 or alertmanager_config_last_reload_successful == 0`,
				For:      "1m",
				Title:    Text{"Configuration refused", "설정 적용 실패"},
				Summary:  Text{"{{ $labels.job }} at {{ $labels.instance }} refused its configuration and runs on the old one", "{{ $labels.job }} ({{ $labels.instance }})가 새 설정을 거부하고 이전 설정으로 동작 중"},
				Actions: []Text{
					{"read its log: it names the line", "로그에서 오류가 난 줄 확인"},
					{"run `make generate`, and put what it wrote in place whole", "`make generate` 실행 후 생성된 파일을 모두 배포"},
				},
				About: "What was changed is not in force, and after a restart nothing will be.",
				Scenarios: []Scenario{{
					Name: "fires after a minute, for the one that refused",
					Series: []Series{
						{`prometheus_config_last_reload_successful{job="prometheus",instance="prometheus:9090"}`, "1x4 0x5 1x5"},
						{`alertmanager_config_last_reload_successful{job="alertmanager",instance="alertmanager:9093"}`, "1x20 0x5"},
					},
					Expect: []Expect{
						{At: "5m"},
						{At: "6m", Firing: []Instance{{Labels: map[string]string{"job": "prometheus", "instance": "prometheus:9090"}}}},
						{At: "11m"},
						{At: "23m", Firing: []Instance{{Labels: map[string]string{"job": "alertmanager", "instance": "alertmanager:9093"}}}},
					},
				}},
			},
		},
	}
}

// Watchdog is the group of the sign of life. It is evaluated every few seconds
// for it to be sent again as soon as the resend delay of a minute is over: only
// an evaluation after that sends it.
func Watchdog() Group {
	return Group{
		Name:     "watchdog",
		Interval: 5 * time.Second,
		Labels:   map[string]string{"source": "pipeline"},
		Alerts: []Alert{{
			Name:        "Watchdog",
			Expr:        `vector(time())`,
			EvaluatedAt: `{{ ($value | toTime).Format "2006-01-02T15:04:05.000Z" }}`,
			About: "Fires always, and reaches nobody as a message: it is the sign of life that the webhook expects. " +
				"It says when Prometheus evaluated it. When no newer evaluation comes, the webhook tells the chat that alerting is blind, " +
				"and does not believe that alerts end: without Prometheus they expire in Alertmanager.",
			Scenarios: []Scenario{{
				Name: "always fires, and says when",
				Expect: []Expect{
					{At: "0m", Firing: []Instance{{Texts: map[string]string{api.EvaluatedAt: "1970-01-01T00:00:00.000Z"}}}},
					{At: "60m", Firing: []Instance{{Texts: map[string]string{api.EvaluatedAt: "1970-01-01T01:00:00.000Z"}}}},
				},
			}},
		}},
	}
}
