package pipeline

import (
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/rules"
)

// board returns a dashboard with one row per group, with the panels of its
// alerts. The heartbeat has no series to draw.
func board(groups []rules.Group) dashgen.Dashboard {
	b := dashgen.Dashboard{
		UID:         "preflight-pipeline",
		Title:       "Preflight Pipeline",
		Description: "Whether metrics are scraped, rules are evaluated, and alerts reach the chats.",
		Tags:        []string{"preflight"},
		Window:      "6h",
		Refresh:     "30s",
	}
	for _, g := range groups {
		row := dashgen.Row{Title: strings.ToUpper(g.Name[:1]) + g.Name[1:]}
		for _, a := range g.Alerts {
			if a.Name != watchdog.Name {
				row.Panels = append(row.Panels, a.Place())
			}
		}
		if len(row.Panels) > 0 {
			b.Rows = append(b.Rows, row)
		}
	}
	return b
}
