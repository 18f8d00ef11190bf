package routing_test

import (
	"context"
	"fmt"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// prove generates a site with one alert and prints the findings on its routing.
func prove(r routing.Routing) {
	_, err := codegen.Generate(context.Background(), preflight.Site{
		Name: "shop",
		Packs: []preflight.Pack{{
			Name:    "shop",
			Metrics: []metrics.Desc{{Name: "shop_queue_length", Type: metrics.Gauge, Help: "Orders that wait."}},
			Groups: []rules.Group{{Name: "shop", Alerts: []rules.Alert{{
				Name: "QueueLong", Severity: "critical", Expr: `shop_queue_length > 100`,
			}}}},
		}},
		Routing: r,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("all promises hold")
}

// Routes define how notifications travel; promises state what people rely on.
// The generator compares them.
func ExampleRouting() {
	token := routing.Secret("bot_token")
	r := routing.Routing{
		Receivers: []routing.Receiver{
			{Name: "team", Telegram: []routing.Telegram{{ChatID: 42, BotToken: token}}},
			{Name: "on-call", Telegram: []routing.Telegram{{ChatID: 43, BotToken: token}}},
		},
		Route: routing.Route{
			Receiver: "team", GroupBy: []string{"alertname"}, GroupWait: "30s",
			Routes: []routing.Route{{Match: `severity="critical"`, Receiver: "on-call", GroupWait: "5s", GroupInterval: "1m"}},
		},
		Promises: []routing.Promise{{Match: `severity="critical"`, Receiver: "on-call", Within: "3m"}},
	}
	prove(r)

	fmt.Println("--- with another interval")
	r.Route.Routes[0].GroupInterval = "10m"
	prove(r)
	// Output:
	// all promises hold
	// --- with another interval
	// alert "QueueLong": AM008: {alertname="QueueLong", severity="critical"}: on-call: promised within 3m, can take 11m
	// routing, other or future alerts: AM008: {alertname="SomebodyElses", severity="critical"}: on-call: promised within 3m, can take 10m
}
