package rules

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
					{"node_exporter down: results of the preflight no longer arrive, do not start trading", "node_exporter 중단 시 프리플라이트 결과가 수집되지 않으므로 거래를 시작하지 말 것"},
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
						{At: "6m", Firing: []Instance{{Labels: map[string]string{"job": "node_exporter", "instance": "node-exporter:9100"}}}},
						{At: "11m"},
					},
				}},
			},
			{
				Name: "Watchdog",
				Expr: `vector(1)`,
				About: "Fires always, and reaches nobody as a message: it is the sign of life that the webhook expects. " +
					"When it stops coming, the webhook tells the chat that the pipeline is blind.",
				Scenarios: []Scenario{{
					Name:   "always fires",
					Expect: []Expect{{At: "0m", Firing: []Instance{{}}}, {At: "60m", Firing: []Instance{{}}}},
				}},
			},
		},
	}
}
