package dashgen_test

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
)

// A dashboard is a literal. Grafana gets its JSON, a checker its queries.
func ExampleDashboard() {
	d := dashgen.Dashboard{
		UID:         "backups",
		Title:       "Backups",
		Description: "Whether last night's backups were made.",
		Window:      24 * time.Hour,
		Refresh:     time.Minute,
		Panels: []dashgen.Panel{{
			ID: 1, Title: "Backup Age", Grid: dashgen.Grid{X: 0, Y: 0, W: 6, H: 5},
			Description: "Time since the last backup ended. Red: run it by hand and read its log.",
			Targets:     []dashgen.Target{{Expr: `time() - max_over_time(backup_end_timestamp_seconds[3runs])`, Legend: "{{database}}"}},
			Unit:        dashgen.Seconds,
			Thresholds:  []dashgen.Threshold{{Runs: 2, Color: dashgen.Red}},
			Show:        dashgen.Stat{Name: true},
		}},
	}
	timing := metrics.Timing{Run: 24 * time.Hour, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}
	for _, q := range d.Queries(timing) {
		fmt.Printf("%s: %s\n", q.Where, q.Expr)
		fmt.Printf("its result needs the labels %q\n", q.Labels)
	}
	file, err := d.JSON(timing)
	fmt.Println(len(file) > 0, err)

	d.Panels[0].Unit = ""
	d.Panels[0].Grid.W = 25
	_, err = d.JSON(timing)
	fmt.Println(err)
	// Output:
	// dashboard "backups", panel 1 "Backup Age", query A: time() - max_over_time(backup_end_timestamp_seconds[3d])
	// its result needs the labels ["database"]
	// true <nil>
	// dashboard "backups", panel 1 "Backup Age": GR002: does not fit on the grid of 24 columns: {X:0 Y:0 W:25 H:5}
	// dashboard "backups", panel 1 "Backup Age": GR008: has no unit
}
