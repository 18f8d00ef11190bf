package checks_test

import (
	"context"
	"fmt"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
)

// The shipped checks observe the targets that preflight.yml declares.
func ExampleShipped() {
	config, err := checker.ParseConfig("preflight.yml", []byte(`
environment:
  required: [{name: REDIS_URL, format: url, schemes: [redis, rediss]}]
checks:
  - {name: Order Router, tcp: {address: "router:9001"}}
`), checks.Shipped()...)
	if err != nil {
		fmt.Println(err)
		return
	}
	env := config.Env("paper", func(string) (string, bool) { return "http://127.0.0.1", true })
	report := checker.Runner{Checks: config.Checks()}.Run(context.Background(), env)
	for _, r := range report.Results {
		for _, o := range r.Observations {
			fmt.Printf("%s, %s: %s %s\n", r.Check, o.Target, o.Status, o.Detail)
		}
	}
	// Output:
	// Environment, REDIS_URL: fail must be a URL that starts with redis:// or rediss://
	// Order Router, tcp: skip needs --real-check
}
