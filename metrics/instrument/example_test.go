package instrument_test

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/metrics/instrument"
)

// A program counts orders by the description with which its rules are checked.
func Example() {
	orders := metrics.Desc{
		Name: "bot_orders_total", Type: metrics.Counter, Help: "Orders sent, by side.",
		Labels: metrics.Labels("side"),
	}
	registry := prometheus.NewRegistry()
	counter := instrument.Counter(orders)
	registry.MustRegister(counter)
	counter.WithLabelValues("buy").Inc()

	families, err := registry.Gather()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range families {
		fmt.Println(f.GetName(), f.GetMetric()[0].GetLabel()[0].GetValue(), f.GetMetric()[0].GetCounter().GetValue())
	}
	// Output:
	// bot_orders_total buy 1
}
