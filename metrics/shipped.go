package metrics

import "time"

// DefaultTiming is the schedule of the shipped pack.
func DefaultTiming() Timing {
	return Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}
}
