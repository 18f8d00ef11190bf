package trading

import "github.com/alertnative/preflight/dashgen"

// The panels of the arbitrage exporter use only metrics that Prometheus records
// for every target.

var exporterSamples = dashgen.Panel{
	ID: 1, Title: "Traffic: Exporter Samples",
	Description: "Samples that the arbitrage exporter offers at each scrape: a measure of how much it monitors. A step down means that a market, a strategy or a whole component stopped reporting; look at its log.",
	Targets: []dashgen.Target{{
		Expr:   `sum by (env) (scrape_samples_scraped{job="arbitrage_exporter", env=~"$env"})`,
		Legend: "{{env}}",
	}},
	Unit: dashgen.Count, Min: new(0.0), Show: dashgen.TimeSeries{},
}

var exporterScrape = dashgen.Panel{
	ID: 3, Title: "Latency: Exporter Scrape",
	Description: "How long the arbitrage exporter takes to answer a scrape. Answering competes with its other work, so a rising line is an early sign of overload; at 10 s Prometheus gives up and the scrape counts as failed.",
	Targets: []dashgen.Target{{
		Expr:   `max by (env) (scrape_duration_seconds{job="arbitrage_exporter", env=~"$env"})`,
		Legend: "{{env}}",
	}},
	Unit: dashgen.Seconds, Decimals: new(1), Min: new(0.0),
	Thresholds: []dashgen.Threshold{{At: 1, Color: dashgen.Orange}, {At: 10, Color: dashgen.Red}},
	Show:       dashgen.TimeSeries{Lines: true},
}

// ofExporter reports whether a panel shows only the exporter.
func ofExporter(p dashgen.Panel) bool {
	return p.Title == exporterSamples.Title || p.Title == exporterScrape.Title
}

// hostScrapes replaces failedScrapes on a site without the exporter.
func hostScrapes() dashgen.Panel {
	p := failedScrapes
	p.Description = "Share of scrapes of the host that failed. node_exporter is down, and with it the preflight's results, which it serves: restart it."
	p.Targets = p.Targets[1:]
	p.Overrides = []dashgen.FieldOverride{{Query: "A", Color: dashgen.Purple}}
	return p
}

// failedScrapes is the panel to which TargetDown of packs/pipeline links on a
// site with both packs.
var failedScrapes = dashgen.Panel{
	Alert: "TargetDown",
	ID:    4, Title: "Errors: Failed Scrapes", Width: 12,
	Description: "Share of scrapes that failed. The exporter's: the process is down or too slow. The host's: node_exporter is down, and with it the preflight's results, which it serves; restart it first.",
	Targets: []dashgen.Target{
		{
			Expr:   `1 - avg by (env) (avg_over_time(up{job="arbitrage_exporter", env=~"$env"}[$__rate_interval]))`,
			Legend: "exporter {{env}}",
		},
		{
			Expr:   `1 - avg by (instance) (avg_over_time(up{job="node_exporter"}[$__rate_interval]))` + onHost,
			Legend: "host {{instance}}",
		},
	},
	Unit: dashgen.Ratio, Decimals: new(1), Min: new(0.0), Max: new(1.0),
	Overrides: []dashgen.FieldOverride{{Query: "A", Color: dashgen.Red}, {Query: "B", Color: dashgen.Purple}},
	Show:      dashgen.TimeSeries{},
}
