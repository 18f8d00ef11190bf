package lease_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// notificationEvent returns an event of a replica about an alert with its number.
func notificationEvent(t *testing.T, replica string, seq int64) lease.Event {
	t.Helper()
	p := state.Payload{Version: "4", GroupKey: fmt.Sprint("group", seq)}
	p.Status = "firing"
	p.Alerts = template.Alerts{{Status: "firing", StartsAt: time.Now(), Labels: template.KV{"alertname": fmt.Sprint("alert", seq)}}}
	body, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if body, err = json.Marshal(state.NotificationEvent{Notify: state.Loud, Body: body, Cluster: new(string)}); err != nil {
		t.Fatal(err)
	}
	return lease.Event{Replica: replica, Seq: seq, At: time.Now(), Kind: state.EventNotification, Body: body}
}

// The database is restored to an earlier time, and a replica writes past the place
// up to which another one has read. That one misses no event.
func TestARestoredDatabase(t *testing.T) {
	t.Parallel()
	dsn := testservers.StartPostgres(t).NewDatabase("restored")
	store, err := lease.Open(dsn, "123")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	push := func(from, to int64) {
		t.Helper()
		for seq := from; seq <= to; seq++ {
			if err := store.Push(t.Context(), []lease.Event{notificationEvent(t, "b", seq)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, _, err := spool.Open(t.Context(), spool.InMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	alerts := func() string {
		var names []string
		if err := s.Do(func(tx *spool.Tx) error {
			open, err := tx.FiringQuiet(time.Now().Add(time.Hour))
			for _, i := range open {
				names = append(names, strings.TrimPrefix(i.Alert.Labels["alertname"], "alert"))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	// follow runs the replica until it knows the alerts.
	follow := func(want string) {
		t.Helper()
		followed := make(chan struct{}, 100)
		sharer := lease.NewSharer(lease.Options{
			Spool: s, Shared: store, Holder: lease.NewHolder(), Rank: func(template.KV) int { return 0 }, Retention: time.Hour, Log: slog.New(slog.DiscardHandler),
			Heartbeats: func() map[string]lease.Heartbeat { return nil }, HeartbeatsElsewhere: func(lease.Standing, time.Time) error { return nil },
			Connected: func(time.Time) {}, Failing: func() bool { return false }, Followed: func(bool) { followed <- struct{}{} }, Granted: func() {},
			State: func(string) {}, Duplicates: func(string, int) {},
		})
		stop := sharer.Start(t.Context(), t.Context())
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for alerts() != want {
			select {
			case <-followed:
			case <-ctx.Done():
				t.Fatalf("the replica knows the alerts %s, not %s", alerts(), want)
			}
		}
	}
	push(1, 5)
	follow("1 2 3 4 5")
	db, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(t.Context()))
	for _, statement := range []string{`DELETE FROM preflight.journal WHERE id > 2`, `ALTER TABLE preflight.journal ALTER COLUMN id RESTART WITH 3`} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	push(6, 9)
	follow("1 2 3 4 5 6 7 8 9")
}
