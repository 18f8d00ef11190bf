package trading

import "github.com/alertnative/preflight/dashgen"

// statuses maps the numbers of result panels to statuses. A greater number is
// worse.
var statuses = []dashgen.Mapping{
	{Value: 0, Text: "SKIP", Color: dashgen.Grey},
	{Value: 1, Text: "PASS", Color: dashgen.Green},
	{Value: 2, Text: "WARN", Color: dashgen.Orange},
	{Value: 3, Text: "FAIL", Color: dashgen.Red},
}

var statusBreakdown = dashgen.Panel{
	ID: 10, Title: "Check Status Breakdown", Width: 6,
	Description: "Results of all checks since the counters started. It shows the long-term share, not the current state: if a slice of failures grows over days, a check needs repair.",
	Targets: []dashgen.Target{{
		Expr:   `sum by (status) (arbitrage_preflight_checks_total{env=~"$env"})`,
		Legend: "{{status}}",
	}},
	Unit: dashgen.Count,
	Overrides: []dashgen.FieldOverride{
		{Name: "pass", Rename: "PASS", Color: dashgen.Green},
		{Name: "fail", Rename: "FAIL", Color: dashgen.Red},
		{Name: "warn", Rename: "WARN", Color: dashgen.Orange},
	},
	Show: dashgen.PieChart{},
}

var topFailedChecks = dashgen.Panel{
	ID: 12, Title: "Top Failed Checks (24 h)", Width: 12,
	Description: "The checks that failed most often in the last 24 hours, independent of the time range above. Start repairs at the top.",
	Targets: []dashgen.Target{{
		Expr: `topk(5, sum by (check) (increase(arbitrage_preflight_checks_total{status="fail", env=~"$env"}[24h])))`,
	}},
	Unit: dashgen.Count, Decimals: new(0),
	Thresholds: []dashgen.Threshold{{At: 0.5, Color: dashgen.Red}}, // increase() extrapolates: one failure is about 1
	Overrides:  []dashgen.FieldOverride{{Name: "Failures", Fill: true}},
	Show: dashgen.Table{
		Columns: []dashgen.Column{{Field: "check", Title: "Check"}, {Field: dashgen.Value, Title: "Failures"}},
		SortBy:  "Failures",
	},
}
