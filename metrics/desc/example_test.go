package desc_test

import (
	"fmt"

	"github.com/alertnative/preflight/metrics/desc"
)

func ExampleDesc() {
	latency := desc.Desc{
		Name: "acme_latency_seconds", Type: desc.Histogram, Help: "Time to answer.",
		Labels: desc.Labels("venue"), Buckets: desc.LatencyBuckets(),
	}
	fmt.Println(latency.BaseUnit(), latency.Series(), latency.Validate())
	fmt.Println(desc.Desc{Name: "acme_orders", Type: desc.Counter, Help: "Orders."}.Validate())
	// Output:
	// seconds [acme_latency_seconds_bucket acme_latency_seconds_sum acme_latency_seconds_count] <nil>
	// metric "acme_orders": a counter's name ends in _total
}
