package trading

import (
	"fmt"

	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// whileCollectorsFail proves how long the alerts on a target's status keep
// firing while the collectors do not answer, or no longer have the target.
// Meanwhile the other alert fires for another target.
func whileCollectorsFail(status, other string) []rules.Scenario {
	const node, spare = `up{job="node_exporter", instance="node-exporter:9100"}`, `up{job="node_exporter", instance="spare:9100"}`
	problem := fmt.Sprintf(`arbitrage_preflight_check_problem{env="ENV", check="Database", target="redis", status=%q, reason=`, status)
	target := fmt.Sprintf(`arbitrage_preflight_target_status{env="ENV", check="Database", target="redis", status=%q`, status)
	return []rules.Scenario{
		{
			Name: "shows the reason of the last run, and goes on showing it while the collector is down",
			Step: "1run",
			Series: node + ` 1x1 0x3
				up{job="prometheus", instance="prometheus:9090"} 1x4
				` + target + `} 1x1 stale
				` + problem + `"timeout"} 1x1 stale`,
			Expect: []rules.Expect{redis("1run").Says(api.Reason, "timeout"), redis("2.5runs").Says(api.Reason, "timeout")},
		},
		{
			Name: "shows the new reason alone",
			Step: "1run",
			Series: node + ` 1x3
				` + target + `} 1x3
				` + problem + `"timeout"} 1x1 stale
				` + problem + `"connection_refused"} _x2 1x1`,
			Expect: []rules.Expect{redis("1run").Says(api.Reason, "timeout"), redis("3runs").Says(api.Reason, "connection_refused")},
		},
		{
			Name: "holds while the collector is down, for however long, and resolves with the next good run",
			Step: "1run",
			Series: node + ` 1 0x8 1x1
				up{job="prometheus", instance="prometheus:9090"} 1x11
				` + target + `} 1 stale _x8 0x1
				ALERTS{alertname="` + other + `", alertstate="firing", env="ENV", check="Database", target="postgres"} 1x11`,
			Expect: []rules.Expect{redis("0m"), redis("3runs"), redis("9runs"), rules.Quiet("10runs")},
		},
		{
			Name: "a target that is no longer looked at resolves after three runs, when one collector answers",
			Step: "1run",
			Series: node + ` 1x4
				` + spare + ` 0x4
				` + target + `} 1 stale`,
			Expect: []rules.Expect{redis("3.5runs"), rules.Quiet("4runs")},
		},
		{
			Name: "one of two collectors is enough, for the result and to answer",
			Step: "1run",
			Series: node + ` 1x2
				` + spare + ` 1x2
				` + target + `, instance="node-exporter:9100"} 1x1 0
				` + target + `, instance="spare:9100"} 0 1 0`,
			Expect: []rules.Expect{redis("0m"), redis("1run"), rules.Quiet("2runs")},
		},
	}
}

// redis expects the alert on Redis when no run has left a reason or counts.
func redis(at string) rules.Expect {
	return rules.Fires(at, `env="ENV", check="Database", target="redis"`).
		Says(api.Reason, "").
		Says(api.Headline, "").
		Says(api.In(api.Headline, "ko"), "")
}
