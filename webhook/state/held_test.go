package state_test

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// A held resolution of a later time than now, which was before the clock was set
// back, does not wait for that time.
func TestAHeldResolutionAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	expired := template.Alert{Status: "resolved", StartsAt: now.Add(-time.Hour), EndsAt: now, Annotations: template.KV{
		"evaluated_at": now.Add(-5 * time.Minute).Format(time.RFC3339), "resolve_within": "20s",
	}}
	for ahead, ends := range map[time.Duration]bool{0: false, time.Hour: false, 90 * 24 * time.Hour: true} {
		r := state.Sources{}.Review(&state.Held{Alert: expired, At: now.Add(ahead)}, state.Reports{}, now)
		if r.Ends != ends || ends && r.Reason != message.NotEvaluated {
			t.Errorf("ahead by %s: %+v", ahead, r)
		}
	}
	for ahead, settles := range map[time.Duration]bool{-time.Hour: false, 0: true, 10 * time.Second: true, time.Hour: false} {
		s := state.Sources{Timeout: 150 * time.Second, Outage: state.Outage{SeenAt: now.Add(ahead)}}
		if s.Settles(now) != settles {
			t.Errorf("an outage ahead by %s settles %t", ahead, !settles)
		}
	}
}
