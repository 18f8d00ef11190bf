package rules

import (
	"strings"
	"time"
)

// Preflight is the group of alerts on what the checker reports.
func Preflight() Group {
	return Group{
		Name:     "preflight",
		Interval: 5 * time.Second,
		Labels:   map[string]string{"source": "system"},
		Alerts: []Alert{
			{
				Name:     "PreflightCheckFailed",
				Priority: P0,
				Expr: `
					max by (env, check, target) (
						last_over_time(arbitrage_preflight_target_status{status="fail"}[3runs])
					) == 1`,
				HoldWhileDown: "node_exporter",
				Title:         Text{"Preflight FAIL", "프리플라이트 실패"},
				Summary:       Text{"{{ $labels.check }}: {{ $labels.target }} failed", "{{ $labels.check }}: {{ $labels.target }} 실패"},
				Reason:        reasonOf("fail"),
				Counts:        counts,
				Actions: []Text{
					{"check `docker ps` (redis, postgres)", "`docker ps` 확인 (redis, postgres)"},
					{"check .env.{{ $labels.env }} (REDIS_URL, POSTGRES_DSN)", ".env.{{ $labels.env }} 확인 (REDIS_URL, POSTGRES_DSN)"},
					{"run the preflight again", "프리플라이트 다시 실행"},
					{"escalate to operations if it keeps failing", "계속 실패하면 운영팀에 에스컬레이션"},
				},
				About: "A check of the last preflight found a target that is not fit for trading. " +
					"The alert fires as soon as the result is scraped and resolves when a later run finds the target in order. " +
					"It does not resolve because results stopped coming: while the collector is down, it keeps firing.",
				Dashboard: "arbitrage-system-health",
				Panel:     8,
				Scenarios: append([]Scenario{
					{
						Name: "fires with the first run that fails, resolves with the first that passes",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x22"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="fail"}`, "0 1x9 0x10"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="postgres",status="fail"}`, "0x20"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="postgres",status="pass"}`, "1x20"},
							{`arbitrage_preflight_check_problem{env="paper",check="Database",target="redis",status="fail",reason="connection_refused"}`, "_ 1x9 stale"},
							{`arbitrage_preflight_check_status{env="paper",check="Database",status="fail"}`, "0 1x9 0x10"},
							{`arbitrage_preflight_check_status{env="paper",check="Database",status="pass"}`, "1 0x9 1x10"},
							{`arbitrage_preflight_check_status{env="paper",check="Environment",status="pass"}`, "1x20"},
						},
						Expect: []Expect{
							{At: "0m"},
							{At: "1m", Firing: []Instance{{
								Labels: map[string]string{"env": "paper", "check": "Database", "target": "redis"},
								Texts:  map[string]string{"reason": "connection_refused", "counts": "1/2 PASS, 1 FAIL"},
							}}},
							{At: "11m"},
						},
					},
				}, whileCollectorsFail("fail", "PreflightCheckWarned")...),
			},
			{
				Name:     "PreflightCheckWarned",
				Priority: P1,
				// A failure of the same check is told instead. Said here and not by
				// an inhibition: Alertmanager never sends the resolution of an
				// alert that became inhibited.
				Expr: `
					max by (env, check, target) (
						last_over_time(arbitrage_preflight_target_status{status="warn"}[3runs])
					) == 1
					unless on (env, check)
					max by (env, check) (
						last_over_time(arbitrage_preflight_target_status{status="fail"}[3runs])
					) == 1`,
				HoldWhileDown: "node_exporter",
				Title:         Text{"Preflight WARN", "프리플라이트 경고"},
				Summary:       Text{"{{ $labels.check }}: {{ $labels.target }} warned", "{{ $labels.check }}: {{ $labels.target }} 경고"},
				Reason:        reasonOf("warn"),
				Counts:        counts,
				Actions: []Text{
					{"it works, but needs improvement", "동작하지만 개선이 필요합니다"},
					{"escalate when warnings accumulate", "경고가 누적되면 에스컬레이션"},
				},
				About: "A check of the last preflight found a target that works but is not as it should be. " +
					"Trading can start. While the same check also fails, only the failure is told.",
				Dashboard: "arbitrage-system-health",
				Panel:     10,
				Scenarios: append([]Scenario{
					{
						Name: "fires with a run that warns, resolves with one that passes",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x22"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="warn"}`, "0 1x9 0x10"},
							{`arbitrage_preflight_check_problem{env="paper",check="Database",target="redis",status="warn",reason="timeout"}`, "_ 1x9 stale"},
							{`arbitrage_preflight_check_status{env="paper",check="Database",status="warn"}`, "0 1x9 0x10"},
							{`arbitrage_preflight_check_status{env="paper",check="Database",status="pass"}`, "1 0x9 1x10"},
						},
						Expect: []Expect{
							{At: "0m"},
							{At: "1m", Firing: []Instance{{
								Labels: map[string]string{"env": "paper", "check": "Database", "target": "redis"},
								Texts:  map[string]string{"reason": "timeout", "counts": "0/1 PASS, 1 WARN"},
							}}},
							{At: "11m"},
						},
					},
					{
						Name: "gives way to a failure of the same check, not of another",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x22"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="warn"}`, "1x20"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="postgres",status="fail"}`, "0x9 1x10"},
							{`arbitrage_preflight_target_status{env="paper",check="Environment",target="REDIS_URL",status="fail"}`, "1x20"},
						},
						Expect: []Expect{
							{At: "9m", Firing: []Instance{redisFailed}},
							{At: "10m"},
							{At: "19m"},
						},
					},
					{
						Name: "gives way to one failure and to many, and comes back when they end",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x30"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="warn"}`, "1x30"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="postgres",status="pass"}`, "1x30"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="postgres",status="fail"}`, "0x4 1x9 0x20"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="migrations",status="fail"}`, "0x9 1x4 0x20"},
							{`arbitrage_preflight_target_status{env="live",check="Database",target="redis",status="fail"}`, "1x30"},
						},
						Expect: []Expect{
							{At: "4m", Firing: []Instance{redisFailed}},
							{At: "6m"},
							{At: "12m"},
							{At: "16m", Firing: []Instance{redisFailed}},
						},
					},
					{
						Name: "comes back three runs after the failing target is no longer looked at",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x60"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status="warn"}`, "1x60"},
							{`arbitrage_preflight_target_status{env="paper",check="Database",target="postgres",status="fail"}`, "1x4 stale"},
						},
						Expect: []Expect{
							{At: "33m"},
							{At: "35m", Firing: []Instance{redisFailed}},
						},
					},
				}, whileCollectorsFail("warn", "PreflightCheckFailed")...),
			},
			{
				Name:          "PreflightStale",
				Priority:      P1,
				Expr:          `time() - max by (env) (arbitrage_preflight_last_run_timestamp_seconds) > 3runs`,
				HoldWhileDown: "node_exporter",
				Title:         Text{"Preflight stale", "프리플라이트 중단"},
				Summary:       Text{"{{ $labels.env }}: the preflight has not run for three intervals", "{{ $labels.env }}: 프리플라이트가 세 주기 동안 실행되지 않음"},
				Actions: []Text{
					{"check that the checker is running (its timer, container or cron job)", "검사기가 실행 중인지 확인 (타이머, 컨테이너, cron)"},
					{"run the preflight by hand and read what it prints", "프리플라이트를 직접 실행하고 출력 확인"},
					{"do not start trading on old results", "오래된 결과로 거래를 시작하지 말 것"},
				},
				About: "The results that Prometheus sees are old: the checker stopped running, hangs, or cannot write its file. " +
					"What the other panels show is the state of that last run.",
				Dashboard: "arbitrage-system-health",
				Panel:     8,
				Scenarios: []Scenario{
					{
						Name: "fires three intervals after the last run, resolves with the next",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x60"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="paper"}`, "0x39 2400x20"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="live"}`, "0x9 600x9 1200x9 1800x9 2400x20"},
						},
						Expect: []Expect{
							{At: "30m"},
							{At: "31m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
							{At: "40m"},
						},
					},
					{
						Name: "holds while the collector is down",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x34 0x60"},
							{`up{job="prometheus",instance="prometheus:9090"}`, "1x110"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="paper"}`, "0x36 stale"},
							{`ALERTS{alertname="PreflightMissing",alertstate="firing",env="live"}`, "1x110"},
						},
						Expect: []Expect{
							{At: "29m"},
							{At: "90m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
						},
					},
					{
						Name: "the newest result counts when two collectors have it, and one of them is enough to answer",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x80"},
							{`up{job="node_exporter",instance="spare:9100"}`, "1x39 0x40"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="paper",instance="node-exporter:9100"}`, "0x34 2100x45"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="paper",instance="spare:9100"}`, "0x34 60x45"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="live",instance="node-exporter:9100"}`, "0x9 60x22 1900x8 stale"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="live",instance="spare:9100"}`, "0x9 60x22 1900x8 stale"},
						},
						Expect: []Expect{
							{At: "30m"},
							{At: "32m", Firing: []Instance{
								{Labels: map[string]string{"env": "live"}},
								{Labels: map[string]string{"env": "paper"}},
							}},
							{At: "36m"},
						},
					},
					{
						Name: "an environment that is taken out of the file resolves when one collector answers",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x80"},
							{`up{job="node_exporter",instance="spare:9100"}`, "0x80"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="paper"}`, "0x34 stale"},
						},
						Expect: []Expect{
							{At: "34m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
							{At: "36m"},
						},
					},
				},
			},
			{
				Name:     "PreflightMissing",
				Priority: P1,
				PerEnv:   true,
				// Only while the collector answers: else TargetDown says why.
				Expr: `
					absent_over_time(arbitrage_preflight_last_run_timestamp_seconds{env="ENV"}[2runs])
					and on () max(up{job="node_exporter"}) == 1`,
				For:     "1run",
				Title:   Text{"Preflight missing", "프리플라이트 없음"},
				Summary: Text{"{{ $labels.env }}: no preflight has ever reported, or its results are gone", "{{ $labels.env }}: 프리플라이트 결과가 없음"},
				Actions: []Text{
					{"check that the checker is installed for this environment and writes into the collector's folder", "이 환경에 검사기가 설치되어 있고 수집기 폴더에 쓰는지 확인"},
					{"run the preflight once by hand", "프리플라이트를 한 번 직접 실행"},
					{"a retired environment: take it from the expected ones and generate again", "사용하지 않는 환경이면 목록에서 제거하고 다시 생성"},
				},
				About: "An environment that should be watched has no preflight results at all, although the collector answers. " +
					"Nothing is known about it.",
				Dashboard: "arbitrage-system-health",
				Panel:     8,
				Scenarios: []Scenario{
					{
						Name: "fires three intervals after the results vanished, resolves when they are back",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x80"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="paper"}`, "0x10 stale _x49 3600x20"},
						},
						Expect: []Expect{
							{At: "39m"},
							{At: "40m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
							{At: "61m"},
						},
					},
					{
						Name: "a fresh start is given one interval",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x80"},
							{`arbitrage_preflight_last_run_timestamp_seconds{env="live"}`, "0x80"},
							{`up{job="node_exporter",instance="spare:9100"}`, "0x80"},
						},
						Expect: []Expect{
							{At: "9m"},
							{At: "10m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}},
						},
					},
					{
						Name: "says nothing while the collector is down",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "0x80"},
							{`up{job="prometheus",instance="prometheus:9090"}`, "1x80"},
						},
						Expect: []Expect{{At: "60m"}},
					},
					{
						Name: "two collectors are as good as one",
						Series: []Series{
							{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x80"},
							{`up{job="node_exporter",instance="spare:9100"}`, "1x80"},
						},
						Expect: []Expect{{At: "10m", Firing: []Instance{{Labels: map[string]string{"env": "paper"}}}}},
					},
				},
			},
		},
	}
}

// redisFailed is the instance that several scenarios expect, when no run has
// left a reason or counts.
var redisFailed = Instance{
	Labels: map[string]string{"env": "paper", "check": "Database", "target": "redis"},
	Texts:  map[string]string{"reason": "", "counts": ""},
}

// reasonOf is the template of why an instance has that status. It is looked up
// and no label of the alert: a changed reason is not a new alert. While the
// collector is down, it is remembered for a day.
func reasonOf(status string) string {
	return strings.ReplaceAll(`
{{- $q := printf "arbitrage_preflight_check_problem{env=%q,check=%q,target=%q,status='STATUS'}" $labels.env $labels.check $labels.target -}}
{{- $held := printf "(last_over_time(%s[1d]) unless on () max(up{job='node_exporter'}) == 1)" $q -}}
{{- range $i, $problem := printf "%s == 1 or %s" $q $held | query -}}
{{- if $i }}, {{ end }}{{ $problem.Labels.reason -}}
{{- end -}}`, "STATUS", status)
}

// counts is the template of "6/8 PASS, 2 FAIL".
const counts = `
{{- with printf "count(arbitrage_preflight_check_status{env=%q,status='pass'})" $labels.env | query -}}
{{- $total := . | first | value -}}
{{- with printf "sum(arbitrage_preflight_check_status{env=%q,status='pass'})" $labels.env | query -}}
{{- . | first | value }}/{{ $total }} PASS
{{- end -}}
{{- end -}}
{{- with printf "sum(arbitrage_preflight_check_status{env=%q,status='fail'}) > 0" $labels.env | query -}}
, {{ . | first | value }} FAIL
{{- end -}}
{{- with printf "sum(arbitrage_preflight_check_status{env=%q,status='warn'}) > 0" $labels.env | query -}}
, {{ . | first | value }} WARN
{{- end -}}`
