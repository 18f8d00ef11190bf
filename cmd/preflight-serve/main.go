// Command preflight-serve is the service that preflight starts for --every: it
// runs the checks again and again, and serves their metrics and a page over
// HTTP. It takes all arguments of preflight.
package main

import (
	"github.com/alertnative/preflight/checker/serve"
	"github.com/alertnative/preflight/checks"
)

func main() { serve.Main("arbitrage", checks.Shipped()...) }
