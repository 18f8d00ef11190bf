package spec_test

import (
	"fmt"

	"github.com/alertnative/preflight/checker/spec"
)

var orderRouter = spec.Spec{
	Name:    "Order Router",
	Looks:   "the order router answers",
	Network: true,
	Reasons: []spec.Reason{{Name: "refused", Meaning: "nothing listens at its address", Remedy: "start it"}},
	Translations: map[string]spec.Translation{"ko": {
		Name:    "주문 라우터",
		Reasons: []spec.Reason{{Name: "refused", Meaning: "해당 주소에서 수신하는 프로그램이 없음", Remedy: "시작할 것"}},
	}},
	Latencies: []spec.Latency{{Target: "router", Metric: "router_latency_seconds", Help: "How long the order router took to answer."}},
}

// The metrics of a checker follow from its checks.
func ExampleMetrics() {
	for _, d := range spec.Metrics("acme", orderRouter)[:5] {
		fmt.Println(d.Type, d.Name, d.LabelNames())
	}
	// Output:
	// counter acme_preflight_runs_total [env]
	// gauge acme_preflight_last_success [env]
	// histogram acme_preflight_duration_seconds [env]
	// counter acme_preflight_checks_total [env check status]
	// histogram acme_preflight_router_latency_seconds [env]
}

// Missing translations are shown in English.
func ExampleSpec_In() {
	shown := orderRouter.In("ko")
	fmt.Println(shown.Name)
	fmt.Println(shown.Looks)
	fmt.Println(shown.Reason("refused").Remedy)
	fmt.Println(orderRouter.Section())
	// Output:
	// 주문 라우터
	// the order router answers
	// 시작할 것
	// order_router
}
