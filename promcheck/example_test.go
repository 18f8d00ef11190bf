package promcheck_test

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// catalogue holds the metrics of the examples.
func catalogue() metrics.Catalogue {
	c, err := metrics.NewCatalogue(
		metrics.Desc{Name: "acme_requests_total", Type: metrics.Counter, Labels: metrics.Labels("env", "code")},
		metrics.Desc{Name: "acme_queue_bytes", Type: metrics.Gauge, Labels: metrics.Labels("env")},
	)
	if err != nil {
		panic(err)
	}
	return c
}

func ExampleChecker_Expr() {
	c := promcheck.New(catalogue(), promcheck.Options{Complete: true, ClosedLabels: true})

	t, findings := c.Expr(`alert "Errors", expr`, `sum by (env) (rate(acme_requests_total{code=~"5.."}[5m])) > 1`)
	fmt.Println(t.Metric, t.Can, len(findings))

	_, findings = c.Expr(`alert "Errors", expr`, `sum by (evn) (rate(acme_request_total[5m])) > 1`)
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output:
	// counter [env] 0
	// alert "Errors", expr: PQ002: no metric "acme_request_total" in the catalogue
	//     sum by (evn) (rate(acme_request_total[5m])) > 1
	//                        ^^^^^^^^^^^^^^^^^^
	//     did you mean "acme_requests_total"?
}

func ExampleChecker_Template() {
	c := promcheck.New(catalogue(), promcheck.Options{Complete: true, ClosedLabels: true})
	t, _ := c.Expr("expr", `sum by (env) (acme_queue_bytes) > 1e9`)
	for _, f := range c.Template(`alert "Queue", annotation "summary"`, "{{ $labels.code }} is full", t) {
		fmt.Println(f)
	}
	// Output:
	// alert "Queue", annotation "summary": PQ030: the label "code" is not in the expression's result (it has env): it is shown as nothing
	//     {{ $labels.code }} is full
	//                ^^^^
}

func ExampleChecker_Define() {
	c := promcheck.New(catalogue(), promcheck.Options{Complete: true, ClosedLabels: true})
	t, _ := c.Expr("record", `sum by (env) (rate(acme_requests_total[5m]))`)
	c.Define("env:acme_requests:rate5m", t)
	_, findings := c.Expr("alert", `env:acme_requests:rate5m{code="500"} > 1`)
	fmt.Println(findings[0].Code, findings[0].Reason)
	// Output: PQ034 the rule that records env:acme_requests:rate5m drops the label "code" (it keeps env)
}

func ExampleChecker_Numbers() {
	c := promcheck.New(catalogue(), promcheck.Options{})
	numbers := c.Numbers(`rate(acme_requests_total{code="500"}[5m]) > 0.5`).With(10 * time.Minute)
	for _, text := range []string{"over 0.5 errors a second for 10 minutes", "over 5 errors a second for an hour", "30 errors a minute"} {
		fmt.Println(text, len(numbers.Check("alert", "summary", text)))
	}
	// Output:
	// over 0.5 errors a second for 10 minutes 0
	// over 5 errors a second for an hour 1
	// 30 errors a minute 0
}
