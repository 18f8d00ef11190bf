package trading

import (
	"slices"

	"github.com/alertnative/preflight/dashgen"
)

// systemHealth returns the dashboard: the golden signals of the arbitrage
// exporter and its host, then the results of the preflight, then its checker.
func systemHealth(o Options) dashgen.Dashboard {
	board := wholeBoard()
	if o.Exporter == None {
		board.Panels = slices.DeleteFunc(board.Panels, ofExporter)
		board.Panels[slices.IndexFunc(board.Panels, func(p dashgen.Panel) bool { return p.Title == failedScrapes.Title })] = hostScrapes()
		shown := &board.Annotations[0].Panels
		*shown = slices.DeleteFunc(*shown, func(title string) bool { return title == exporterScrape.Title })
	}
	if o.Checker == None {
		board.Rows = slices.DeleteFunc(board.Rows, func(r dashgen.Row) bool { return r.Title == checkerRow })
	}
	return board
}

const checkerRow = "Checker"

func wholeBoard() dashgen.Dashboard {
	return dashgen.Dashboard{
		UID:         "arbitrage-system-health",
		Title:       "System Health",
		Description: "Golden signals of the arbitrage exporter and its host, and whether the preflight lets the system trade live.",
		Tags:        []string{"arbitrage", "preflight"},
		Window:      "6h",
		Refresh:     "30s",
		Variables: []dashgen.Variable{{
			Name:        "env",
			Title:       "Environment",
			Description: "The environments in which a preflight has run.",
			Series:      "arbitrage_preflight_last_run_timestamp_seconds",
			Label:       "env",
		}},
		Annotations: []dashgen.Annotation{{
			Name:  "Preflight failed",
			Expr:  `max by (env) (arbitrage_preflight_last_success{env=~"$env"} == bool 0)`,
			Title: "Preflight FAIL",
			Text:  "{{env}}",
			Color: dashgen.Red,
			// These panels may show the cause.
			Panels: []string{
				exporterScrape.Title, failedScrapes.Title, hostCPU.Title, hostMemory.Title, hostDisk.Title, databaseLatency,
			},
		}},
		Panels: []dashgen.Panel{
			exporterSamples, hostNetwork, exporterScrape,
			failedScrapes, hostCPU,
			hostMemory, hostDisk,
		},
		Rows: []dashgen.Row{
			{
				ID: 100, Title: "Preflight Health",
				Panels: []dashgen.Panel{
					checkFailed.Place(), slow.Place(), statusBreakdown, redisLatencyHigh.Place(),
					readyForLive, stale.Place(), topFailedChecks,
					flapping.Place(),
					checkWarned.Place(),
				},
			},
			{
				Title:  checkerRow,
				Panels: []dashgen.Panel{outputFailing.Place(), configRefused.Place()},
			},
		},
	}
}
