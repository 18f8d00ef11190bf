package rules

// Performance is the group of alerts on how fast and how steadily the preflight
// passes.
func Performance() Group {
	return Group{
		Name:   "performance",
		Labels: map[string]string{"source": "system"},
		Alerts: []Alert{
			{
				Name:     "PreflightSlow",
				Priority: P2,
				Expr: `
					histogram_quantile(0.95, sum by (env, le) (
						rate(arbitrage_preflight_duration_seconds_bucket[6runs])
					)) > 0.5`,
				Title:   Text{"Preflight slow", "프리플라이트 지연"},
				Summary: Text{"{{ $labels.env }}: the preflight takes over 500 ms", "{{ $labels.env }}: 프리플라이트가 500ms를 초과"},
				Actions: []Text{
					{"find the slow check in the dashboard's latencies and in the evidence", "대시보드의 지연 시간과 증거 파일에서 느린 검사를 찾기"},
					{"look at the load of the host and of what the check talks to", "호스트와 검사 대상의 부하 확인"},
				},
				About:     "The 95th percentile of the preflight's duration over six runs is above 500 ms. It still works.",
				Dashboard: "arbitrage-system-health",
				Panel:     9,
				Scenarios: slowness("arbitrage_preflight_duration_seconds"),
			},
			{
				Name:     "RedisLatencyHigh",
				Priority: P2,
				Expr: `
					histogram_quantile(0.95, sum by (env, le) (
						rate(arbitrage_preflight_realcheck_redis_latency_seconds_bucket[6runs])
					)) > 0.5`,
				Title:   Text{"Redis latency high", "Redis 지연 시간 높음"},
				Summary: Text{"{{ $labels.env }}: Redis takes over 500 ms to answer PING", "{{ $labels.env }}: Redis PING 응답이 500ms를 초과"},
				Actions: []Text{
					{"look at SLOWLOG and at the memory of Redis", "Redis의 SLOWLOG와 메모리 확인"},
					{"look at the load of its host and at the network between", "호스트 부하와 네트워크 확인"},
				},
				About:     "The 95th percentile of Redis's answers to PING over six runs is above 500 ms, connecting included.",
				Dashboard: "arbitrage-system-health",
				Panel:     11,
				Scenarios: slowness("arbitrage_preflight_realcheck_redis_latency_seconds"),
			},
			{
				Name:     "PostgresLatencyHigh",
				Priority: P2,
				Expr: `
					histogram_quantile(0.95, sum by (env, le) (
						rate(arbitrage_preflight_realcheck_postgres_latency_seconds_bucket[6runs])
					)) > 0.5`,
				Title:   Text{"PostgreSQL latency high", "PostgreSQL 지연 시간 높음"},
				Summary: Text{"{{ $labels.env }}: PostgreSQL takes over 500 ms to answer SELECT 1", "{{ $labels.env }}: PostgreSQL SELECT 1 응답이 500ms를 초과"},
				Actions: []Text{
					{"look at pg_stat_activity for long queries and locks", "pg_stat_activity에서 긴 쿼리와 잠금 확인"},
					{"look at the load of its host and at the network between", "호스트 부하와 네트워크 확인"},
				},
				About:     "The 95th percentile of PostgreSQL's answers to SELECT 1 over six runs is above 500 ms, connecting included.",
				Dashboard: "arbitrage-system-health",
				Panel:     11,
				Scenarios: slowness("arbitrage_preflight_realcheck_postgres_latency_seconds"),
			},
			{
				Name:     "PreflightFlapping",
				Priority: P2,
				Expr:     `max by (env) (changes(arbitrage_preflight_last_success[6runs])) > 2`,
				Title:    Text{"Preflight flapping", "프리플라이트 불안정"},
				Summary:  Text{"{{ $labels.env }}: the outcome of the preflight keeps changing", "{{ $labels.env }}: 프리플라이트 결과가 계속 바뀜"},
				Actions: []Text{
					{"find in the dashboard which check comes and goes", "대시보드에서 오락가락하는 검사 찾기"},
					{"do not trust a single pass: wait until it has passed for an hour", "한 번의 통과를 믿지 말고 한 시간 동안 통과하는지 확인"},
				},
				About:     "The preflight passed and failed in turn, three times or more within six runs. Something is about to break or was mended badly. Not told while a P0 of the same environment fires.",
				Dashboard: "arbitrage-system-health",
				Panel:     13,
				Scenarios: []Scenario{{
					Name: "fires at the third change within six runs, not at the second",
					Series: []Series{
						{`arbitrage_preflight_last_success{env="paper",instance="a"}`, "1x9 0x19 1x19 0x120"},
						{`arbitrage_preflight_last_success{env="paper",instance="b"}`, "1x170"},
						{`arbitrage_preflight_last_success{env="live",instance="a"}`, "1x9 0x19 1x150"},
						{`arbitrage_preflight_last_success{env="live",instance="b"}`, "1x9 0x19 1x150"},
					},
					Expect: []Expect{
						{At: "49m"},
						{At: "50m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
						{At: "68m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
						{At: "69m"},
					},
				}},
			},
		},
	}
}

// slowness are the scenarios of a histogram whose 95th percentile over an hour
// must not be above 500 ms.
func slowness(histogram string) []Scenario {
	bucket := func(env, instance, le string) string {
		return histogram + `_bucket{env="` + env + `",instance="` + instance + `",le="` + le + `"}`
	}
	paper := []Instance{{Labels: map[string]string{"env": "paper"}}}
	return []Scenario{{
		Name: "fires when a little over one in twenty takes longer, not at a little less",
		Series: []Series{
			{bucket("paper", "a", "0.5"), "0+946x80"},
			{bucket("paper", "a", "1"), "0+1000x80"},
			{bucket("paper", "a", "+Inf"), "0+1000x80"},
			{bucket("live", "a", "0.5"), "0+960x80"},
			{bucket("live", "a", "1"), "0+1000x80"},
			{bucket("live", "a", "+Inf"), "0+1000x80"},
		},
		Expect: []Expect{{At: "70m", Firing: paper}},
	}, {
		Name: "does not fire at 500 ms",
		Series: []Series{
			{bucket("paper", "a", "0.5"), "0x80"},
			{bucket("paper", "a", "+Inf"), "0+10x80"},
		},
		Expect: []Expect{{At: "70m"}},
	}, {
		Name: "looks back an hour",
		Series: []Series{
			{bucket("paper", "a", "0.5"), "0+100x60 6050+50x39 8100+100x80"},
			{bucket("paper", "a", "1"), "0+100x180"},
			{bucket("paper", "a", "+Inf"), "0+100x180"},
		},
		Expect: []Expect{{At: "60m"}, {At: "80m", Firing: paper}, {At: "150m", Firing: paper}, {At: "165m"}},
	}, {
		Name: "counts all collectors together",
		Series: []Series{
			{bucket("paper", "a", "0.5"), "0+100x80"},
			{bucket("paper", "a", "1"), "0+100x80"},
			{bucket("paper", "a", "+Inf"), "0+100x80"},
			{bucket("paper", "b", "0.5"), "0x80"},
			{bucket("paper", "b", "1"), "0+100x80"},
			{bucket("paper", "b", "+Inf"), "0+100x80"},
			{bucket("live", "a", "0.5"), "0+100x80"},
			{bucket("live", "a", "1"), "0+100x80"},
			{bucket("live", "a", "+Inf"), "0+100x80"},
			{bucket("live", "b", "0.5"), "0x80"},
			{bucket("live", "b", "1"), "0+1x80"},
			{bucket("live", "b", "+Inf"), "0+1x80"},
		},
		Expect: []Expect{{At: "70m", Firing: paper}},
	}}
}
