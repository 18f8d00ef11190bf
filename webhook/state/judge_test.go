package state_test

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/state"
)

// The journal of another replica brings a notification that fires after the held
// resolution of the same Alertmanager, but it is older.
func TestAnOlderEventDropsNoHeldResolution(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		received  time.Duration // after the resolution
		elsewhere bool
		want      state.Verdict
	}{
		{-500 * time.Millisecond, true, state.Late},
		{500 * time.Millisecond, true, state.Resumes},
		{500 * time.Millisecond, false, state.Resumes},
	} {
		a := template.Alert{Status: "firing", StartsAt: now.Add(-time.Minute)}
		newest := &state.Instance{Alert: a, Held: &state.Held{Alert: a, At: now, By: "http://a"}}
		n := state.Arrival{At: now.Add(c.received), Elsewhere: c.elsewhere}
		n.ExternalURL = "http://a"
		if got := state.Judge(newest, a, n, state.Sources{Alertmanager: true}); got != c.want {
			t.Errorf("%+v: judged %d", c, got)
		}
	}
}
