package trading

import (
	"slices"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

var checkFailed = rules.Alert{
	Name:     "PreflightCheckFailed",
	Severity: "P0",
	Expr: `
		max by (env, check, target) (
			last_over_time(arbitrage_preflight_target_status{status="fail"}[3runs])
		) == 1`,
	HoldWhileDown: "node_exporter",

	Title:     "Preflight FAIL",
	Headline:  headline("Preflight failed"),
	ListTitle: "Failed Checks",
	Summary:   "{{ $labels.check }}: {{ $labels.target }} failed",
	Reason:    reasonOf("fail"),
	Actions: []string{
		"check `docker ps` (redis, postgres)",
		"check .env.{{ $labels.env }} (REDIS_URL, POSTGRES_DSN)",
		"run the preflight again",
		"escalate to operations if it keeps failing",
	},
	About: "A check of the last preflight found a target that is not fit for trading. " +
		"The alert fires as soon as the result is scraped and resolves when a later run finds the target in order. " +
		"It does not resolve because results stopped coming: while the collector is down, it keeps firing.",
	Translations: map[string]rules.Translation{"ko": {
		Title:     "프리플라이트 실패",
		Headline:  headline("프리플라이트 실패"),
		ListTitle: "실패한 점검",
		Summary:   "{{ $labels.check }}: {{ $labels.target }} 실패",
		Actions: []string{
			"`docker ps` 확인 (redis, postgres)",
			".env.{{ $labels.env }} 확인 (REDIS_URL, POSTGRES_DSN)",
			"프리플라이트 다시 실행",
			"계속 실패하면 운영팀에 에스컬레이션",
		},
	}},

	Panel: dashgen.Panel{
		ID: 8, Title: "Preflight Last Success", Width: 6,
		Description: "PASS when no check that the last run executed has failed; warnings are still PASS. On FAIL do not start trading: the table of targets below shows each failure with its reason.",
		Targets:     []dashgen.Target{{Expr: `arbitrage_preflight_last_success{env=~"$env"}`, Legend: "{{env}}"}},
		Unit:        dashgen.Plain,
		Base:        dashgen.Red,
		Thresholds:  []dashgen.Threshold{{At: 1, Color: dashgen.Green}},
		Mappings: []dashgen.Mapping{
			{Value: 0, Text: "FAIL", Color: dashgen.Red},
			{Value: 1, Text: "PASS", Color: dashgen.Green},
		},
		Show: dashgen.Stat{Name: true, Fill: true},
	},

	Scenarios: slices.Concat([]rules.Scenario{{
		Name: "fires with the first run that fails, resolves with the first that passes",
		Step: "1run",
		Series: `
			up{job="node_exporter", instance="node-exporter:9100"}                                           1x3
			arbitrage_preflight_target_status{env="ENV", check="Database", target="redis", status="fail"}    0 1 0x1
			arbitrage_preflight_target_status{env="ENV", check="Database", target="postgres", status="fail"} 0x3
			arbitrage_preflight_target_status{env="ENV", check="Database", target="postgres", status="pass"} 1x3
			arbitrage_preflight_check_problem{env="ENV", check="Database", target="redis", status="fail", reason="connection_refused"} _ 1 stale
			arbitrage_preflight_check_status{env="ENV", check="Database", status="fail"}                     0 1 0x1
			arbitrage_preflight_check_status{env="ENV", check="Database", status="pass"}                     1 0 1x1
			arbitrage_preflight_check_status{env="ENV", check="Environment", status="pass"}                  1x3`,
		Expect: []rules.Expect{
			rules.Quiet("0m"),
			rules.Fires("1run", `env="ENV", check="Database", target="redis"`).
				Says(api.Reason, "connection_refused").
				Says(api.Headline, "Preflight failed (1/2 PASS, 1 FAIL)").
				Says(api.In(api.Headline, "ko"), "프리플라이트 실패 (1/2 PASS, 1 FAIL)"),
			rules.Quiet("2runs"),
		},
	}}, whileCollectorsFail("fail", "PreflightCheckWarned")),
}

var checkWarned = rules.Alert{
	Name:     "PreflightCheckWarned",
	Severity: "P1",
	// While the check fails, the failure is reported instead. The expression
	// excludes it, not an inhibition, because Alertmanager never sends the
	// resolution of an alert that became inhibited.
	Expr: `
		max by (env, check, target) (
			last_over_time(arbitrage_preflight_target_status{status="warn"}[3runs])
		) == 1
		unless on (env, check)
		max by (env, check) (
			last_over_time(arbitrage_preflight_target_status{status="fail"}[3runs])
		) == 1`,
	HoldWhileDown: "node_exporter",

	Title:     "Preflight WARN",
	Headline:  headline("Preflight warned"),
	ListTitle: "Warning Checks",
	Summary:   "{{ $labels.check }}: {{ $labels.target }} warned",
	Reason:    reasonOf("warn"),
	Actions: []string{
		"it works, but needs improvement",
		"escalate when warnings accumulate",
	},
	About: "A check of the last preflight found a target that works but is not as it should be. " +
		"Trading can start. While the same check also fails, only the failure is reported.",
	Translations: map[string]rules.Translation{"ko": {
		Title:     "프리플라이트 경고",
		Headline:  headline("프리플라이트 경고"),
		ListTitle: "경고 점검",
		Summary:   "{{ $labels.check }}: {{ $labels.target }} 경고",
		Actions:   []string{"동작하지만 개선이 필요합니다", "경고가 누적되면 에스컬레이션"},
	}},

	Panel: dashgen.Panel{
		ID: 14, Title: "Targets", Width: 24, Height: 12,
		Description: "All targets of the checks, the worst first, with the reason for each problem. The runbook of the alert has the remedy for each reason; the checker's report has the details.",
		Targets: []dashgen.Target{{Expr: `max by (env, check, target, reason) (
  2 * arbitrage_preflight_check_problem{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_check_problem{status="fail", env=~"$env"}
)
or on (env, check, target) max by (env, check, target) (
  arbitrage_preflight_target_status{status="pass", env=~"$env"}
  or 2 * arbitrage_preflight_target_status{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_target_status{status="fail", env=~"$env"}
)`}},
		Unit:      dashgen.Plain,
		Mappings:  statuses,
		Overrides: []dashgen.FieldOverride{{Name: "Status", Fill: true}},
		Show: dashgen.Table{
			Columns: []dashgen.Column{
				{Field: "env", Title: "Environment"},
				{Field: dashgen.Value, Title: "Status"},
				{Field: "check", Title: "Check"},
				{Field: "target", Title: "Target"},
				{Field: "reason", Title: "Reason"},
			},
			SortBy: "Status",
		},
	},

	Scenarios: slices.Concat([]rules.Scenario{
		{
			Name: "fires with a run that warns, resolves with one that passes",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}                                        1x3
				arbitrage_preflight_target_status{env="ENV", check="Database", target="redis", status="warn"} 0 1 0x1
				arbitrage_preflight_check_problem{env="ENV", check="Database", target="redis", status="warn", reason="timeout"} _ 1 stale
				arbitrage_preflight_check_status{env="ENV", check="Database", status="warn"}                  0 1 0x1
				arbitrage_preflight_check_status{env="ENV", check="Database", status="pass"}                  1 0 1x1`,
			Expect: []rules.Expect{
				rules.Quiet("0m"),
				rules.Fires("1run", `env="ENV", check="Database", target="redis"`).
					Says(api.Reason, "timeout").
					Says(api.Headline, "Preflight warned (0/1 PASS, 1 WARN)").
					Says(api.In(api.Headline, "ko"), "프리플라이트 경고 (0/1 PASS, 1 WARN)"),
				rules.Quiet("2runs"),
			},
		},
		{
			Name: "gives way to a failure of the same check, not of another",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}                                                1x2
				arbitrage_preflight_target_status{env="ENV", check="Database", target="redis", status="warn"}         1x2
				arbitrage_preflight_target_status{env="ENV", check="Database", target="postgres", status="fail"}      0 1x1
				arbitrage_preflight_target_status{env="ENV", check="Environment", target="REDIS_URL", status="fail"}  1x2`,
			Expect: []rules.Expect{redis("0m"), rules.Quiet("1run"), rules.Quiet("2runs")},
		},
		{
			Name: "gives way to one failure and to many, and comes back when they end",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}                                             1x4
				arbitrage_preflight_target_status{env="ENV", check="Database", target="redis", status="warn"}      1x4
				arbitrage_preflight_target_status{env="ENV", check="Database", target="postgres", status="pass"}   1x4
				arbitrage_preflight_target_status{env="ENV", check="Database", target="postgres", status="fail"}   0 1x1 0x1
				arbitrage_preflight_target_status{env="ENV", check="Database", target="migrations", status="fail"} 0x1 1 0x1
				arbitrage_preflight_target_status{env="OTHER", check="Database", target="redis", status="fail"}    1x4`,
			Expect: []rules.Expect{redis("0m"), rules.Quiet("1run"), rules.Quiet("2runs"), redis("3runs")},
		},
		{
			Name: "comes back three runs after the failing target is no longer looked at",
			Step: "1run",
			Series: `
				up{job="node_exporter", instance="node-exporter:9100"}                                           1x4
				arbitrage_preflight_target_status{env="ENV", check="Database", target="redis", status="warn"}    1x4
				arbitrage_preflight_target_status{env="ENV", check="Database", target="postgres", status="fail"} 1 stale`,
			Expect: []rules.Expect{rules.Quiet("3.5runs"), redis("4runs")},
		},
	}, whileCollectorsFail("warn", "PreflightCheckFailed")),
}

var readyForLive = dashgen.Panel{
	ID: 15, Title: "Ready for Live", Width: 6,
	Description: "READY when the last run executed every check for real and none failed. NOT READY with a preflight that passed means that checks were skipped: run it with --real-check and without --skip.",
	Targets:     []dashgen.Target{{Expr: `arbitrage_preflight_ready_for_live{env=~"$env"}`, Legend: "{{env}}"}},
	Unit:        dashgen.Plain,
	Base:        dashgen.Orange,
	Thresholds:  []dashgen.Threshold{{At: 1, Color: dashgen.Green}},
	Mappings: []dashgen.Mapping{
		{Value: 0, Text: "NOT READY", Color: dashgen.Orange},
		{Value: 1, Text: "READY", Color: dashgen.Green},
	},
	Show: dashgen.Stat{Name: true, Fill: true},
}
