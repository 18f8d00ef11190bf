package dashgen_test

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
)

// A dashboard is a literal. JSON is for Grafana, Queries for a checker.
func ExampleDashboard() {
	d := dashgen.Dashboard{
		UID:         "backups",
		Title:       "Backups",
		Description: "Whether last night's backups were made.",
		Window:      "24h",
		Refresh:     "1m",
		Panels: []dashgen.Panel{{
			ID: 1, Title: "Backup Age", Width: 6, Height: 5,
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
	d.Panels[0].Width = 25
	_, err = d.JSON(timing)
	fmt.Println(err)
	// Output:
	// dashboard "backups", panel 1 "Backup Age", query A: time() - max_over_time(backup_end_timestamp_seconds[3d])
	// its result needs the labels ["database"]
	// true <nil>
	// dashboard "backups", panel 1 "Backup Age": GR002: is 25 columns wide and 5 lines high: a board has 24 columns
	// dashboard "backups", panel 1 "Backup Age": GR008: has no unit
}

// catalogue knows the labels and units of the example's series.
type catalogue struct{}

func (catalogue) Filter(expr string, _ []dashgen.Variable) (string, error) {
	return expr + `{database=~"$database"}`, nil
}

func (catalogue) Result(expr string) (metrics.Unit, []string) {
	return metrics.Seconds, []string{"database"}
}

// A dashboard places the panel of an alert, and the alert links to it.
func ExampleDashboard_Draw() {
	old := dashgen.AlertPanel{
		Panel: dashgen.Panel{Alert: "BackupOld"},
		Compared: dashgen.Compared{
			Expr: `time() - backup_end_timestamp_seconds`, Thresholds: []float64{172800}, Fires: dashgen.Above, Title: "Backup is old",
		},
	}
	d := dashgen.Dashboard{
		UID: "backups", Title: "Backups",
		Variables: []dashgen.Variable{{Name: "database", Series: "backup_end_timestamp_seconds", Label: "database"}},
		Panels:    []dashgen.Panel{old.Panel},
	}
	timing := metrics.Timing{Run: 24 * time.Hour, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}
	drawn := d.Draw(timing, []dashgen.AlertPanel{old}, catalogue{})
	p := drawn.Dashboard.Panels[0]
	fmt.Println(p.Title, p.Unit, p.Thresholds[0].Color)
	fmt.Println(p.Targets[0].Expr)
	hasLabel := func(label string) (can, always bool) { return label == "database", label == "database" }
	fmt.Println(drawn.Dashboard.Link("https://grafana.example", drawn.Panels["BackupOld"], timing, hasLabel))
	// Output:
	// Backup is old s red
	// time() - backup_end_timestamp_seconds{database=~"$database"}
	// https://grafana.example/d/backups?viewPanel=1066904821&var-database={{ $labels.database | urlquery }}&from=now-6h&to=now
}
