package codegen_test

import (
	"context"
	"fmt"
	"os"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// queue returns a site with one alert and no webhook: Alertmanager itself
// notifies a chat.
func queue() preflight.Site {
	return preflight.Site{
		Name: "shop",
		Packs: []preflight.Pack{{
			Name:    "queue",
			Metrics: []metrics.Desc{{Name: "shop_queue_length", Type: metrics.Gauge, Help: "Orders that wait."}},
			Groups: []rules.Group{{Name: "queue", Alerts: []rules.Alert{{
				Name: "QueueLong", Severity: "warning", Expr: `shop_queue_length > 100`, For: "5m",
			}}}},
		}},
		Jobs:         []preflight.Job{{Name: "shop", Targets: []string{"shop:8000"}}},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{
				Name:     "me",
				Telegram: []routing.Telegram{{ChatID: -1001234567890, BotToken: routing.Secret("bot_token")}},
			}},
			Route: routing.Route{Receiver: "me", GroupBy: []string{"alertname"}, RepeatInterval: "4h"},
		},
	}
}

func ExampleGenerate() {
	files, err := codegen.Generate(context.Background(), queue())
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range files {
		fmt.Println(f.Path)
	}
	// Output:
	// MANIFEST
	// alertmanager/alertmanager.yml
	// alertmanager/route_tests.txt
	// alertmanager/routes.md
	// grafana/dashboards/queue.json
	// lineage.md
	// prometheus/coverage.json
	// prometheus/prometheus.yml
	// prometheus/rules/queue.yml
	// prometheus/tests/QueueLong.yml
	// runbooks/QueueLong.md
	// runbooks/README.md
}

// A test runs the generator with the arguments of a command line.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "generated")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	args := []string{"generate", "--out=" + dir}
	fmt.Println(codegen.Run(context.Background(), args, os.Stdout, os.Stdout, queue()))

	site := queue()
	site.Packs[0].Groups[0].Alerts[0].Expr = `shop_queue_lenght > 100`
	fmt.Println(codegen.Run(context.Background(), args, os.Stdout, os.Stdout, site))
	// Output:
	// 0
	// alert "QueueLong", expr: PQ002: no metric "shop_queue_lenght" in the catalogue
	//     shop_queue_lenght > 100
	//     ^^^^^^^^^^^^^^^^^
	//     did you mean "shop_queue_length"?
	// preflight-gen: nothing was written
	// 1
}
