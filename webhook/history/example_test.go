package history_test

import (
	"fmt"
	"time"

	"github.com/alertnative/preflight/webhook/history"
)

// The filter takes records that fired or ended since a time, or still fire.
func ExampleFilter() {
	at := func(hour int) time.Time { return time.Date(2026, 3, 3, hour, 0, 0, 0, time.UTC) }
	ended := at(4)
	record := func(name, env string, starts time.Time, ends *time.Time) history.Record {
		return history.Record{StartsAt: starts, EndsAt: ends, Labels: map[string]string{"alertname": name, "env": env}}
	}
	records := []history.Record{
		record("StillFiring", "prod", at(2), nil),
		record("New", "prod", at(11), nil),
		record("Ended", "prod", at(3), &ended),
		record("Elsewhere", "staging", at(11), nil),
	}
	history.Sort(records)
	filter := history.Filter{Since: at(10), Env: "prod"}
	for _, r := range records {
		if filter.Match(r) {
			fmt.Println(r.StartsAt.Format(time.TimeOnly), r.Labels["alertname"])
		}
	}
	// Output:
	// 02:00:00 StillFiring
	// 11:00:00 New
}
