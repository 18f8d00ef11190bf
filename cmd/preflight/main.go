// Command preflight checks whether the system is ready to trade, and says so
// in metrics, in a summary and in evidence; and it lets something start only
// when it is.
//
// It exits with 0 when the system is ready (a warning is still ready), 1 when a
// check failed, 2 when it could not run, and 3 when nothing failed but
// something was skipped, so that nothing is proved.
package main

import (
	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
)

func main() { checker.Main("arbitrage", checks.Shipped()...) }
