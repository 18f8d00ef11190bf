package trading

import (
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var slow = rules.Alert{
	Name:     "PreflightSlow",
	Severity: "P2",
	Expr: `
		histogram_quantile(0.95, sum by (env, le) (
			rate(arbitrage_preflight_duration_seconds_bucket[6runs])
		)) > 0.5`,

	Title:   "Preflight slow",
	Summary: "{{ $labels.env }}: the preflight takes over {{ $threshold }}",
	Actions: []string{
		"find the slow check in the dashboard's latencies and in the evidence",
		"look at the load of the host and of the servers that the check calls",
	},
	About: "The 95th percentile of the preflight's duration over {{ $window }} is above {{ $threshold }}. It still works.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "프리플라이트 지연",
		Summary: "{{ $labels.env }}: 프리플라이트가 {{ $threshold }}를 초과",
		Actions: []string{
			"대시보드의 지연 시간과 증거 파일에서 느린 검사를 찾기",
			"호스트와 검사 대상의 부하 확인",
		},
	}},

	Panel: dashgen.Panel{
		ID: 9, Title: "Preflight Duration P95", Width: 6,
		Description: "95 of 100 runs took at most this long, over the last six run intervals. No data: fewer than two runs in that time. Above 500 ms a checked server is slow: compare the latencies beside it and the exchanges' status pages.",
		Targets: []dashgen.Target{{
			Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_duration_seconds_bucket{env=~"$env"}[6runs])))`,
			Legend: "{{env}}",
		}},
		Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
		Thresholds: slowSteps, Show: dashgen.Stat{Name: true},
	},

	Scenarios: slowness("arbitrage_preflight_duration_seconds"),
}

var redisLatencyHigh = rules.Alert{
	Name:     "RedisLatencyHigh",
	Severity: "P2",
	Expr: `
		histogram_quantile(0.95, sum by (env, le) (
			rate(arbitrage_preflight_realcheck_redis_latency_seconds_bucket[6runs])
		)) > 0.5`,

	Title:   "Redis latency high",
	Summary: "{{ $labels.env }}: Redis takes over {{ $threshold }} to answer PING",
	Actions: []string{
		"look at SLOWLOG and at the memory of Redis",
		"look at the load of its host and at the network between",
	},
	About: "The 95th percentile of Redis's answers to PING over {{ $window }} is above {{ $threshold }}, connecting included.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "Redis 지연 시간 높음",
		Summary: "{{ $labels.env }}: Redis PING 응답이 {{ $threshold }}를 초과",
		Actions: []string{"Redis의 SLOWLOG와 메모리 확인", "호스트 부하와 네트워크 확인"},
	}},

	// The panel shows both databases. It uses this literal first, then that of
	// PostgresLatencyHigh, which has the same title.
	Panel: dashgen.Panel{
		ID: 11, Title: databaseLatency, Width: 6,
		Description: "How long the databases take to answer, connecting included: 95 of 100 runs stayed below, over the last six run intervals. Both rising together point to the host or the network, one alone to that database.",
		Targets: []dashgen.Target{{
			Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_realcheck_redis_latency_seconds_bucket{env=~"$env"}[6runs])))`,
			Legend: "Redis {{env}}",
		}},
		Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
		Thresholds: slowSteps,
		Overrides:  []dashgen.FieldOverride{{Query: "A", Color: dashgen.Purple}, {Query: "B", Color: dashgen.Blue}},
		Show:       dashgen.TimeSeries{Lines: true},
	},

	Scenarios: slowness("arbitrage_preflight_realcheck_redis_latency_seconds"),
}

var postgresLatencyHigh = rules.Alert{
	Name:     "PostgresLatencyHigh",
	Severity: "P2",
	Expr: `
		histogram_quantile(0.95, sum by (env, le) (
			rate(arbitrage_preflight_realcheck_postgres_latency_seconds_bucket[6runs])
		)) > 0.5`,

	Title:   "PostgreSQL latency high",
	Summary: "{{ $labels.env }}: PostgreSQL takes over {{ $threshold }} to answer SELECT 1",
	Actions: []string{
		"look at pg_stat_activity for long queries and locks",
		"look at the load of its host and at the network between",
	},
	About: "The 95th percentile of PostgreSQL's answers to SELECT 1 over {{ $window }} is above {{ $threshold }}, connecting included.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "PostgreSQL 지연 시간 높음",
		Summary: "{{ $labels.env }}: PostgreSQL SELECT 1 응답이 {{ $threshold }}를 초과",
		Actions: []string{"pg_stat_activity에서 긴 쿼리와 잠금 확인", "호스트 부하와 네트워크 확인"},
	}},

	Panel: dashgen.Panel{
		Title: databaseLatency,
		Targets: []dashgen.Target{{
			Expr:   `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_realcheck_postgres_latency_seconds_bucket{env=~"$env"}[6runs])))`,
			Legend: "Postgres {{env}}",
		}},
	},

	Scenarios: slowness("arbitrage_preflight_realcheck_postgres_latency_seconds"),
}

const databaseLatency = "Redis/Postgres Latency"

var slowSteps = []dashgen.Threshold{{At: 0.1, Color: dashgen.Orange}, {At: 0.5, Color: dashgen.Red}}

// slowness returns the scenarios of a histogram whose 95th percentile over six
// runs must not exceed 500 ms.
func slowness(histogram string) []rules.Scenario {
	of := func(series string) string { return strings.ReplaceAll(series, "HISTOGRAM", histogram) }
	return []rules.Scenario{
		{
			Name: "fires when a little over one in twenty takes longer, not at a little less",
			Step: "1run",
			Series: of(`
				HISTOGRAM_bucket{env="ENV", instance="a", le="0.5"}     0+946x8
				HISTOGRAM_bucket{env="ENV", instance="a", le="1"}       0+1000x8
				HISTOGRAM_bucket{env="ENV", instance="a", le="+Inf"}    0+1000x8
				HISTOGRAM_bucket{env="OTHER", instance="a", le="0.5"}   0+960x8
				HISTOGRAM_bucket{env="OTHER", instance="a", le="1"}     0+1000x8
				HISTOGRAM_bucket{env="OTHER", instance="a", le="+Inf"}  0+1000x8`),
			Expect: []rules.Expect{rules.Fires("7runs", `env="ENV"`)},
		},
		{
			Name: "does not fire at 500 ms",
			Step: "1run",
			Series: of(`
				HISTOGRAM_bucket{env="ENV", instance="a", le="0.5"}   0x8
				HISTOGRAM_bucket{env="ENV", instance="a", le="+Inf"}  0+10x8`),
			Expect: []rules.Expect{rules.Quiet("7runs")},
		},
		{
			Name: "looks back six runs",
			Step: "1run",
			Series: of(`
				HISTOGRAM_bucket{env="ENV", instance="a", le="0.5"}   0+100x6 650+50x3 900+100x6
				HISTOGRAM_bucket{env="ENV", instance="a", le="1"}     0+100x17
				HISTOGRAM_bucket{env="ENV", instance="a", le="+Inf"}  0+100x17`),
			Expect: []rules.Expect{
				rules.Quiet("6runs"),
				rules.Fires("8runs", `env="ENV"`),
				rules.Fires("15runs", `env="ENV"`),
				rules.Quiet("16runs"),
			},
		},
		{
			Name: "counts all collectors together",
			Step: "1run",
			Series: of(`
				HISTOGRAM_bucket{env="ENV", instance="a", le="0.5"}     0+100x8
				HISTOGRAM_bucket{env="ENV", instance="a", le="1"}       0+100x8
				HISTOGRAM_bucket{env="ENV", instance="a", le="+Inf"}    0+100x8
				HISTOGRAM_bucket{env="ENV", instance="b", le="0.5"}     0x8
				HISTOGRAM_bucket{env="ENV", instance="b", le="1"}       0+100x8
				HISTOGRAM_bucket{env="ENV", instance="b", le="+Inf"}    0+100x8
				HISTOGRAM_bucket{env="OTHER", instance="a", le="0.5"}   0+100x8
				HISTOGRAM_bucket{env="OTHER", instance="a", le="1"}     0+100x8
				HISTOGRAM_bucket{env="OTHER", instance="a", le="+Inf"}  0+100x8
				HISTOGRAM_bucket{env="OTHER", instance="b", le="0.5"}   0x8
				HISTOGRAM_bucket{env="OTHER", instance="b", le="1"}     0+1x8
				HISTOGRAM_bucket{env="OTHER", instance="b", le="+Inf"}  0+1x8`),
			Expect: []rules.Expect{rules.Fires("7runs", `env="ENV"`)},
		},
	}
}
