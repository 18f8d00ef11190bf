package trading

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

var flapping = rules.Alert{
	Name:     "PreflightFlapping",
	Severity: "P2",
	Expr:     `max by (env) (changes(arbitrage_preflight_last_success[6runs])) > 2`,

	Title:   "Preflight flapping",
	Summary: "{{ $labels.env }}: the outcome of the preflight keeps changing",
	Actions: []string{
		"find in the dashboard which check comes and goes",
		"do not trust a single pass: wait until six runs in a row have passed",
	},
	About: "The preflight passed and failed in turn, three times or more within six runs. " +
		"Something is about to break, or a repair does not hold. " +
		"It is not sent while PreflightCheckFailed fires in the same environment.",
	Translations: map[string]rules.Translation{"ko": {
		Title:   "프리플라이트 불안정",
		Summary: "{{ $labels.env }}: 프리플라이트 결과가 계속 바뀜",
		Actions: []string{
			"대시보드에서 오락가락하는 검사 찾기",
			"한 번의 통과를 믿지 말고 여섯 번 연속 통과하는지 확인",
		},
	}},

	Panel: dashgen.Panel{
		ID: 13, Title: "Check Status over Time", Width: 24, Height: 10,
		Description: "The status that each check's last execution had. A band that keeps changing its colour is a check that flaps: its cause is intermittent, so a single PASS proves little.",
		Targets: []dashgen.Target{{
			Expr: `max by (env, check) (
  arbitrage_preflight_check_status{status="pass", env=~"$env"}
  or 2 * arbitrage_preflight_check_status{status="warn", env=~"$env"}
  or 3 * arbitrage_preflight_check_status{status="fail", env=~"$env"}
)`,
			Legend: "{{check}} {{env}}",
		}},
		Unit: dashgen.Plain, Mappings: statuses, Show: dashgen.StateTimeline{},
	},

	Scenarios: []rules.Scenario{{
		Name: "fires at the third change within six runs, not at the second",
		Step: "1run",
		Series: `
			arbitrage_preflight_last_success{env="ENV", instance="a"}    1 0x1 1x1 0x3
			arbitrage_preflight_last_success{env="ENV", instance="b"}    1x8
			arbitrage_preflight_last_success{env="OTHER", instance="a"}  1 0x1 1x5
			arbitrage_preflight_last_success{env="OTHER", instance="b"}  1 0x1 1x5`,
		Expect: []rules.Expect{
			rules.Quiet("4.75runs"),
			rules.Fires("5runs", `env="ENV"`),
			rules.Fires("6.5runs", `env="ENV"`),
			rules.Quiet("7runs"),
		},
	}},
}
