// Command preflight checks whether a trading system is ready. It reports the
// result as metrics, a summary and evidence. Its gate starts a command only if
// the system is ready.
//
// The exit status is 0 if the system is ready, warnings included; 1 if a check
// failed; 2 if preflight could not run; 3 if no check failed but one was
// skipped, so that readiness is not proved.
package main

import (
	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
)

func main() { checker.Main("arbitrage", checks.Shipped()...) }
