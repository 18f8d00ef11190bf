package pipelinetest_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/pipelinetest"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// disks returns a site with one alert and one chat. It expects no heartbeat.
func disks() preflight.Site {
	return preflight.Site{
		Name: "disks",
		Packs: []preflight.Pack{{
			Name: "disk",
			Metrics: []metrics.Desc{{
				Name: "disk_free_ratio", Type: metrics.Gauge, Unit: metrics.Ratio, Help: "Free space.",
				Labels: metrics.Labels("disk"),
			}},
			Groups: []rules.Group{{Name: "disk", Alerts: []rules.Alert{{
				Name: "DiskFull", Severity: "warning", Expr: `disk_free_ratio < 0.05`, For: "2m",
				Title:   "Disk full",
				Summary: "{{ $labels.disk }} of {{ $labels.instance }} has no room",
				Actions: []string{"remove old files"},
				About:   "Writes fail soon.",
				Scenarios: []rules.Scenario{{
					Name:   "fires after two minutes",
					Series: `disk_free_ratio{disk="/data", job="disk", instance="db1:9200"} 0.4 0.01x5`,
					Expect: []rules.Expect{
						rules.Quiet("2m"),
						rules.Fires("3m", `disk="/data", job="disk", instance="db1:9200"`),
					},
				}},
			}}}},
		}},
		Timing:       metrics.Timing{Run: time.Minute, Scrape: 30 * time.Second, Evaluation: 30 * time.Second},
		Jobs:         []preflight.Job{{Name: "disk", Targets: []string{"db1:9200"}}},
		Alertmanager: preflight.Alertmanager{Addresses: []string{"alertmanager:9093"}},
		Webhook:      preflight.Webhook{URL: "http://webhook:9917"},
		Routing: routing.Routing{
			Receivers: []routing.Receiver{{Name: "me", Chats: []routing.Chat{{Telegram: "$CHAT"}}, Sound: routing.Loud}},
			Route: routing.Route{
				Receiver: "me", GroupBy: []string{"alertname"},
				GroupWait: "10s", GroupInterval: "1m", RepeatInterval: "4h",
			},
		},
	}
}

// testDiskFull is a test as in a user's test file: a disk fills up, and an hour
// later it has room again.
func testDiskFull(t *testing.T) {
	pipelinetest.Run(t, pipelinetest.Config{Site: disks()}, func(p *pipelinetest.Pipeline) {
		p.Set(`disk_free_ratio{disk="/data"}`, 0.4)
		p.Wait(10 * time.Minute)

		p.Note("the disk fills up")
		p.Set(`disk_free_ratio{disk="/data"}`, 0.01)
		p.Wait(time.Hour)

		p.Note("files were removed")
		p.Set(`disk_free_ratio{disk="/data"}`, 0.3)
		p.Wait(10 * time.Minute)

		fmt.Print(p.Transcript()) // a real test compares it: p.Golden("disk-full")
	})
}

func Example() {
	run(testDiskFull)
	// Output:
	// +10m0s     == the disk fills up
	// +12m52s    → chat -100: message 1, rings
	//     | ⚠️ WARNING: Disk full
	//     |
	//     | Source: disk
	//     | Time: 2026-03-02 10:12:42 UTC
	//     |
	//     | Alerts:
	//     |   - DiskFull: /data of db1:9200 has no room
	//     |
	//     | Recommended Actions:
	//     | 1. remove old files
	// +1h10m0s   == files were removed
	// +1h10m52s  → chat -100: message 2, silent, reply to 1
	//     | ✅ WARNING resolved: Disk full
	//     |
	//     | Time: 2026-03-02 11:10:42 UTC
	//     |
	//     | Resolved:
	//     |   - DiskFull: /data of db1:9200 has no room, resolved after 58m
	// +1h10m53s  → chat -100: edit of message 1
	//     | - ⚠️ WARNING: Disk full
	//     | -   - DiskFull: /data of db1:9200 has no room
	//     | - Recommended Actions:
	//     | - 1. remove old files
	//     | + ✅ WARNING: Disk full (resolved after 58m)
	//     | +   - ✅ DiskFull: /data of db1:9200 has no room, resolved after 58m
}

// run runs a test function, as "go test" does.
func run(test func(t *testing.T)) {
	for name, value := range map[string]string{"test.v": "false", "test.count": "1", "test.skip": ""} { // flags of the inner test
		f := flag.Lookup(name)
		defer func(before string) { _ = f.Value.Set(before) }(f.Value.String())
		_ = f.Value.Set(value)
	}
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.RunTests(all, []testing.InternalTest{{Name: "example", F: test}})
}
