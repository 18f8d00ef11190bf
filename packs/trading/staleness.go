package trading

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var stale = rules.Alert{
	Name:          "PreflightStale",
	Severity:      "P1",
	Expr:          `time() - max by (env) (arbitrage_preflight_last_run_timestamp_seconds) > 3runs`,
	HoldWhileDown: "node_exporter",

	Title:   "Preflight stale",
	Summary: "{{ $labels.env }}: the preflight has not run for three intervals",
	Actions: []string{
		"check that the checker is running (its timer, container or cron job)",
		"run the preflight by hand and read what it prints",
		"do not start trading on old results",
	},
	About: "The results that Prometheus sees are old: the checker stopped running, hangs, or cannot write its file. " +
		"The other panels show the state of that last run.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "프리플라이트 중단",
		Summary: "{{ $labels.env }}: 프리플라이트가 세 주기 동안 실행되지 않음",
		Actions: []string{
			"검사기가 실행 중인지 확인 (타이머, 컨테이너, cron)",
			"프리플라이트를 직접 실행하고 출력 확인",
			"오래된 결과로 거래를 시작하지 말 것",
		},
	}},

	Panel: sinceLastRun,

	Scenarios: []rules.Scenario{
		{
			Name: "fires three intervals after the last run, resolves with the next",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}       1x5
				arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}    0x3 4runs 5runs
				arbitrage_preflight_last_run_timestamp_seconds{env="OTHER"}  0 1run 2runs 3runs 4runs 5runs`,
			Expect: []rules.Expect{
				rules.Quiet("3runs"),
				rules.Fires("3.25runs", `env="ENV"`),
				rules.Quiet("4runs"),
			},
		},
		{
			Name: "holds while the collector is down",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}     1x3 0x5
				up{job="prometheus", instance="prometheus:9090"}           1x9
				arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}  0x4 stale
				ALERTS{alertname="PreflightMissing", alertstate="firing", env="OTHER"} 1x9`,
			Expect: []rules.Expect{
				rules.Quiet("3runs"),
				rules.Fires("9runs", `env="ENV"`),
			},
		},
		{
			Name: "the newest result counts when two collectors have it, and one of them is enough to answer",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}  1x7
				up{job="node_exporter", instance="spare:9100"}          1x5 0x1
				arbitrage_preflight_last_run_timestamp_seconds{env="ENV", instance="node-exporter:9100"}    0 1run 1run 1run 1run 5runs 6runs 7runs
				arbitrage_preflight_last_run_timestamp_seconds{env="ENV", instance="spare:9100"}            0 1run 1run 1run 1run 1run 1run 1run
				arbitrage_preflight_last_run_timestamp_seconds{env="OTHER", instance="node-exporter:9100"}  0 1run 1run 1run 1run 5runs 6runs stale
				arbitrage_preflight_last_run_timestamp_seconds{env="OTHER", instance="spare:9100"}          0 1run 1run 1run 1run 5runs 6runs stale`,
			Expect: []rules.Expect{
				rules.Quiet("4runs"),
				rules.Fires("4.25runs", `env="ENV"`, `env="OTHER"`),
				rules.Quiet("5runs"),
				rules.Quiet("7runs"),
			},
		},
		{
			Name: "an environment that is taken out of the file resolves when one collector answers",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}     1x5
				up{job="node_exporter", instance="spare:9100"}             0x5
				arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}  0x4 stale`,
			Expect: []rules.Expect{
				rules.Fires("4runs", `env="ENV"`),
				rules.Quiet("5runs"),
			},
		},
	},
}

var missing = rules.Alert{
	Name:     "PreflightMissing",
	Severity: "P1",
	PerEnv:   true,
	// While no collector answers, TargetDown reports the cause.
	Expr: `
		absent_over_time(arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}[2runs])
		and on () max(up{job="node_exporter"}) == 1`,
	For: "1run",

	Title:   "Preflight missing",
	Summary: "{{ $labels.env }}: no preflight has ever reported, or its results are gone",
	Actions: []string{
		"check that the checker is installed for this environment and writes into the collector's folder",
		"run the preflight once by hand",
		"if the environment is retired, remove it from the environments of the site and generate again",
	},
	About: "An environment of the site has no preflight results at all, although the collector answers. " +
		"Its state is unknown.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "프리플라이트 없음",
		Summary: "{{ $labels.env }}: 프리플라이트 결과가 없음",
		Actions: []string{
			"이 환경에 검사기가 설치되어 있고 수집기 폴더에 쓰는지 확인",
			"프리플라이트를 한 번 직접 실행",
			"사용하지 않는 환경이면 목록에서 제거하고 다시 생성",
		},
	}},

	Panel: sinceLastRun,

	Scenarios: []rules.Scenario{
		{
			Name: "fires three intervals after the results vanished, resolves when they are back",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}       1x8
				arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}    0 stale _x4 6runs 7runs 8runs
				arbitrage_preflight_last_run_timestamp_seconds{env="OTHER"}  0x8`,
			Expect: []rules.Expect{
				rules.Quiet("3.65runs"),
				rules.Fires("4runs", `env="ENV"`),
				rules.Quiet("6runs"),
			},
		},
		{
			Name: "a fresh start is given one interval",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}       1x2
				up{job="node_exporter", instance="spare:9100"}               0x2
				arbitrage_preflight_last_run_timestamp_seconds{env="OTHER"}  0x2`,
			Expect: []rules.Expect{
				rules.Quiet("0.75runs"),
				rules.Fires("1run", `env="ENV"`),
			},
		},
		{
			Name: "stays quiet while the collector is down",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}  0x6
				up{job="prometheus", instance="prometheus:9090"}        1x6`,
			Expect: []rules.Expect{rules.Quiet("6runs")},
		},
		{
			Name: "two collectors are as good as one",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}       1x2
				up{job="node_exporter", instance="spare:9100"}               1x2
				arbitrage_preflight_last_run_timestamp_seconds{env="OTHER"}  0x2`,
			Expect: []rules.Expect{rules.Fires("1run", `env="ENV"`)},
		},
	},
}

var sinceLastRun = dashgen.Panel{
	ID: 16, Title: "Since Last Run", Width: 6,
	Description: "Time since a preflight ended. Everything in this row is as old as this. Orange after two run intervals, red after three: the checker no longer runs, or its results no longer reach Prometheus.",
	Targets: []dashgen.Target{{
		Expr:   `time() - max by (env) (arbitrage_preflight_last_run_timestamp_seconds{env=~"$env"})`,
		Legend: "{{env}}",
	}},
	Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
	Thresholds: []dashgen.Threshold{{Runs: 2, Color: dashgen.Orange}, {Runs: 3, Color: dashgen.Red}},
	Show:       dashgen.Stat{Name: true},
}
