package rules

import "fmt"

// whileCollectorsFail proves what is the same of the alerts on a target's
// status: how long one fires when its collectors do not answer, or no longer
// have the target. The other alert fires meanwhile, of another target.
func whileCollectorsFail(status, other string) []Scenario {
	target := fmt.Sprintf(`arbitrage_preflight_target_status{env="paper",check="Database",target="redis",status=%q`, status)
	return []Scenario{
		{
			Name: "holds while the collector is down, for however long, and resolves with the next good run",
			Series: []Series{
				{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x4 0x89 1x9"},
				{`up{job="prometheus",instance="prometheus:9090"}`, "1x110"},
				{target + `}`, "1x4 stale _x88 0x9"},
				{fmt.Sprintf(`ALERTS{alertname=%q,alertstate="firing",env="paper",check="Database",target="postgres"}`, other), "1x110"},
			},
			Expect: []Expect{
				{At: "4m", Firing: []Instance{redisFailed}},
				{At: "30m", Firing: []Instance{redisFailed}},
				{At: "90m", Firing: []Instance{redisFailed}},
				{At: "95m"},
			},
		},
		{
			Name: "a target that is no longer looked at resolves after three runs, when one collector answers",
			Series: []Series{
				{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x60"},
				{`up{job="node_exporter",instance="spare:9100"}`, "0x60"},
				{target + `}`, "1x4 stale"},
			},
			Expect: []Expect{
				{At: "33m", Firing: []Instance{redisFailed}},
				{At: "35m"},
			},
		},
		{
			Name: "one of two collectors is enough, for the result and to answer",
			Series: []Series{
				{`up{job="node_exporter",instance="node-exporter:9100"}`, "1x30"},
				{`up{job="node_exporter",instance="spare:9100"}`, "1x30"},
				{target + `,instance="node-exporter:9100"}`, "1x9 0x20"},
				{target + `,instance="spare:9100"}`, "0x4 1x4 0x20"},
			},
			Expect: []Expect{
				{At: "2m", Firing: []Instance{redisFailed}},
				{At: "6m", Firing: []Instance{redisFailed}},
				{At: "12m"},
			},
		},
	}
}
