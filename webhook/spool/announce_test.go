package spool_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// A replica that takes another name announces the resolution that it holds, after
// the alert: the replica that delivers may not know either.
func TestAHeldResolutionIsAnnounced(t *testing.T) {
	t.Parallel()
	s, _, err := spool.Open(t.Context(), spool.InMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	var events []state.NotificationEvent
	if err := s.Do(func(tx *spool.Tx) error {
		a := spool.Applier{Tx: tx, Rank: func(template.KV) int { return 0 }, Shares: true, Sources: func(string) state.Sources { return state.Sources{Alertmanager: true} }}
		for i, status := range []string{"firing", "resolved"} {
			n := state.Arrival{ID: int64(i + 1), At: start.Add(time.Duration(i) * time.Minute), Notify: state.Loud, Payload: state.Payload{GroupKey: "g"}}
			n.ExternalURL = "http://a"
			alert := template.Alert{Status: status, Fingerprint: "f", StartsAt: start}
			if status == "resolved" {
				alert.EndsAt = start.Add(30 * time.Second)
			}
			n.Alerts = template.Alerts{alert}
			if _, err := a.Apply(n); err != nil {
				return err
			}
		}
		if _, err := tx.NewIdentity(); err != nil {
			return err
		}
		if _, err := tx.Announce(); err != nil {
			return err
		}
		list, _, err := tx.Events(10, 1<<20)
		for _, e := range list {
			var event state.NotificationEvent
			if err := json.Unmarshal(e.Body, &event); err != nil {
				return err
			}
			events = append(events, event)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || events[0].Held != nil || len(events[1].Held) != 1 || events[1].Held[0] != "f" {
		t.Fatalf("announced are %+v", events)
	}
	for i, status := range []string{"firing", "resolved"} {
		p, err := state.ParsePayload(events[i].Body)
		if err != nil || len(p.Alerts) != 1 || p.Alerts[0].Status != status || p.ExternalURL != "http://a" {
			t.Errorf("event %d is %+v, %v", i, p, err)
		}
	}
}
