package pipeline

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// targetDown omits the parts about jobs that the site does not have. A webhook
// that is down cannot deliver the alert about itself.
func targetDown(o Options) rules.Alert {
	a := rules.Alert{
		Name:     "TargetDown",
		Severity: "P1",
		Expr:     `up == 0`,
		For:      "1m",

		Title:   "Target down",
		Summary: "{{ $labels.job }} at {{ $labels.instance }} does not answer Prometheus",
		Actions: []string{
			"check that the process runs and listens at that address",
			"read the scrape error on Prometheus's page Status > Targets",
		},
		About: "Prometheus cannot scrape a target. Its metrics are missing until it answers again.",
		Translations: map[string]rules.Translation{"ko": {
			Title:   "수집 대상 중단",
			Summary: "{{ $labels.job }} ({{ $labels.instance }})가 Prometheus에 응답하지 않음",
			Actions: []string{
				"프로세스가 실행 중이고 해당 주소에서 수신하는지 확인",
				"Prometheus의 Status > Targets 페이지에서 수집 오류 확인",
			},
		}},

		Panel: dashgen.Panel{Legend: "{{job}} {{instance}}"},
	}
	if o.NodeExporter != None {
		a.Scenarios = append(a.Scenarios, rules.Scenario{
			Name: "fires after a minute, for the target that is down",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}  1x4 0x5 1x10
				up{job="prometheus", instance="prometheus:9090"}        1x20`,
			Expect: []rules.Expect{
				rules.Quiet("5m"),
				rules.Fires("6m", `job="node_exporter", instance="node-exporter:9100"`),
				rules.Quiet("11m"),
			},
		})
	}
	if o.Webhook != None {
		a.Labels = map[string]string{api.Delivery: `{{ if eq $labels.job "webhook" }}direct{{ end }}`}
		a.Scenarios = append(a.Scenarios, rules.Scenario{
			Name:   "fires for the webhook too, and asks for direct delivery",
			Series: `up{job="webhook", instance="webhook:9917"} 0x5`,
			Expect: []rules.Expect{rules.Quiet("0m"), rules.Fires("1m", `job="webhook", instance="webhook:9917"`)},
		})
	}
	return a
}

var textfileScrapeError = rules.Alert{
	Name:     "TextfileScrapeError",
	Severity: "P1",
	Expr:     `node_textfile_scrape_error == 1`,
	For:      "1m",

	Title:   "Textfile not readable",
	Summary: "node_exporter at {{ $labels.instance }} cannot read a metrics file",
	Actions: []string{
		"read node_exporter's log: it names the file and what is wrong with it",
		"run the preflight again: it keeps an unreadable file aside and writes a new one",
	},
	About: "A file in the collector's folder is broken or cannot be opened, and its metrics are missing. " +
		"If it is the file of the preflight, no environment gets new results.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "텍스트 파일을 읽을 수 없음",
		Summary: "{{ $labels.instance }}의 node_exporter가 메트릭 파일을 읽을 수 없음",
		Actions: []string{
			"node_exporter 로그에서 파일과 원인 확인",
			"프리플라이트를 다시 실행: 읽을 수 없는 파일은 따로 보관하고 새로 작성",
		},
	}},

	Panel: dashgen.Panel{Legend: "{{instance}}"},

	Scenarios: []rules.Scenario{{
		Name: "fires after a minute",
		Series: `
			node_textfile_scrape_error{job="node_exporter", instance="node-exporter:9100"} 0x4 1x5 0x5`,
		Expect: []rules.Expect{
			rules.Quiet("5m"),
			rules.Fires("6m", `job="node_exporter", instance="node-exporter:9100"`),
			rules.Quiet("11m"),
		},
	}},
}
