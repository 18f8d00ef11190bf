package metrics

import "time"

// What the shipped pack of the arbitrage system shares between the checker,
// the generator and the stack.

// Namespace is the prefix of the shipped metrics.
const Namespace = "arbitrage"

// DefaultTiming is the schedule of the shipped pack.
func DefaultTiming() Timing {
	return Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}
}
