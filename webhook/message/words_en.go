package message

import (
	"fmt"
	"time"
)

func english() Words {
	return Words{
		Source: "Source", Time: "Time", Environment: "Environment",
		Actions: "Recommended Actions",
		Alerts:  "Alerts", Alert: "Alert", Labels: "Labels",
		Resolved: "Resolved", StillFiring: "Still firing",
		Runbook: "Runbook", Dashboard: "Dashboard", Graph: "Graph", Silence: "Silence", Image: "Image",

		ResolvedTitle: func(priority, title string) string {
			if priority == "" {
				return "Resolved: " + title
			}
			return priority + " resolved: " + title
		},
		ResolvedAfter: func(title, d string) string { return title + " (resolved after " + d + ")" },
		FiringFor:     func(title, d string) string { return title + " (still firing after " + d + ")" },
		DigestTitle: func(n int) string {
			if n == 1 {
				return "1 alert fired and was resolved in the meantime"
			}
			return fmt.Sprintf("%d alerts fired and were resolved in the meantime", n)
		},
		After: func(d string) string { return "resolved after " + d },
		Closed: map[Closed]string{
			Silenced:     "ended while silenced",
			Inhibited:    "ended while inhibited",
			Gone:         "ended, Alertmanager no longer knows it",
			Superseded:   "ended, fires anew",
			NoHeartbeat:  "ended while alerting was blind",
			NotEvaluated: "ended, not evaluated for 24h",
			RuleRemoved:  "ended, its rule was removed",
		},
		Unverified: "(not verified)", Stale: "no longer evaluated",
		Again:    func(time string) string { return "again since " + time },
		Silenced: "silenced",
		SilencedUntil: func(time, by string, n int) string {
			text := "silenced until " + time
			if by != "" {
				text += " by " + by
			}
			if n > 0 {
				text = fmt.Sprintf("%d alerts %s", n, text)
			}
			return text
		},
		NoData: "No data", QueryFailed: "Query failed",
		More: func(n int) string { return fmt.Sprintf("… and %d more still firing", n) },
		LeftOut: func(n int) string {
			return fmt.Sprintf("An alert has too many labels and annotations: %d are left out", n)
		},
		PostedTo: func(path string) string { return "Received at the path " + path + ", which this webhook does not know" },
		Truncated: func(n uint64) string {
			return fmt.Sprintf("… and %d more that Alertmanager left out (max_alerts)", n)
		},
		Test: "✅ Test of preflight-webhook: this chat gets the alerts",
		Minimum: func(alerts string, resolved bool) string {
			if resolved {
				alerts += " resolved"
			}
			return alerts + ", text refused"
		},
		AndTitles: func(title string, n int) string { return fmt.Sprintf("%s (+%d)", title, n) },
		Duration:  func(d time.Duration) string { return units(d, "d", "h", "m", "s") },
	}
}
