package history_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

func open(t *testing.T, dsn string) *history.Store {
	t.Helper()
	s, err := history.Open(dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func at(minute int) time.Time { return time.Date(2026, 3, 1, 10, minute, 0, 0, time.UTC) }

func pointer(t time.Time) *time.Time { return &t }

// utc compares times as instants.
var utc = cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })

func TestHistory(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	store := open(t, postgres.DSN())

	// Replicas that start at once.
	var wg sync.WaitGroup
	for range 4 {
		replica := open(t, postgres.DSN())
		wg.Go(func() {
			if err := replica.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()

	fired := history.Record{
		Group: "{}:{env=\"paper\"}", Fingerprint: "f1", StartsAt: at(0), Priority: "P0", Notify: "loud",
		Labels: map[string]string{"alertname": "A", "env": "paper"}, Annotations: map[string]string{"summary": "NUL \x00 <&>"},
		ReceivedAt: at(1),
	}
	delivered := fired
	delivered.Deliveries = []history.Delivery{{Chat: "7", DeliveredAt: pointer(at(1))}}
	resolved := delivered
	resolved.EndsAt, resolved.ResolutionAt = pointer(at(5)), pointer(at(6))
	resolved.Deliveries = []history.Delivery{{Chat: "7", DeliveredAt: pointer(at(1)), ResolvedAt: pointer(at(6))}}
	again := fired
	again.Episode, again.ReceivedAt = 1, at(20)
	live := fired
	live.Fingerprint, live.StartsAt = "f2", at(30)
	live.Labels = map[string]string{"alertname": "A", "env": "live"}

	// In order, twice, from two replicas, and once more out of order.
	for _, batch := range [][]history.Record{{fired}, {fired, delivered}, {resolved, again, live}, {resolved}, {fired}} {
		for range 2 {
			if err := store.Put(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
	}
	stored := func(r history.Record) history.Record { // PostgreSQL cannot hold NUL
		r.Annotations = map[string]string{"summary": "NUL \uFFFD <&>"}
		return r
	}
	for _, tt := range []struct {
		filter history.Filter
		want   []string
	}{
		{history.Filter{}, []string{"f1/0", "f1/1", "f2/0"}},
		{history.Filter{Env: "live"}, []string{"f2/0"}},
		{history.Filter{Since: at(7)}, []string{"f1/1", "f2/0"}}, // what still fires, or ended after
	} {
		got, err := store.List(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range got {
			names = append(names, r.Fingerprint+"/"+strconv.Itoa(r.Episode))
			if r.Fingerprint == "f1" && r.Episode == 0 {
				if d := cmp.Diff(stored(resolved), r, utc); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			}
		}
		if d := cmp.Diff(tt.want, slices.Sorted(slices.Values(names))); d != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.filter, d)
		}
	}

	if err := store.Maintain(t.Context(), time.Since(at(10))); err != nil {
		t.Fatal(err)
	}
	if got, err := store.List(t.Context(), history.Filter{}); err != nil || len(got) != 2 {
		t.Errorf("after pruning: %v, %v", got, err)
	}

	putOddDates(t, store)
	endOthers(t, store)

	postgres.Stop()
	err := store.Put(t.Context(), []history.Record{live})
	if err == nil || history.IsUnstorable(err) || strings.Contains(err.Error(), postgres.Password()) {
		t.Errorf("while it is away: %v", err)
	}
	postgres.Start()
	if err := store.Put(t.Context(), []history.Record{live}); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

// endOthers: when the alert ends in its last chat, the record that an earlier version
// wrote ends too. Records of other episodes and clusters stay open.
func endOthers(t *testing.T, store *history.Store) {
	t.Helper()
	before := history.Record{Cluster: "main", Fingerprint: "f3", StartsAt: at(40), Notify: "loud", Labels: map[string]string{"alertname": "A"}, ReceivedAt: at(41)}
	chat := before
	chat.Chat = "7"
	later, other := before, before
	later.StartsAt, other.Cluster = at(42), "tokyo"
	over := chat
	over.EndsAt, over.ResolutionAt, over.Closed, over.OverEverywhere = pointer(at(45)), pointer(at(46)), "gone", true
	for _, batch := range [][]history.Record{{before, chat, later, other}, {over}} {
		if err := store.Put(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	list, err := store.List(t.Context(), history.Filter{Since: at(39)})
	if err != nil {
		t.Fatal(err)
	}
	var open, ended int
	for _, r := range list {
		switch {
		case r.Fingerprint != "f3":
		case r.EndsAt == nil:
			open++
		case r.EndsAt.Equal(at(45)) && r.Closed == "gone":
			ended++
		}
	}
	if open != 2 || ended != 2 {
		t.Errorf("%d records are open, and %d over: %+v", open, ended, list)
	}
}

// putOddDates copies alerts with the first and last dates that a payload can hold,
// from a spool.
func putOddDates(t *testing.T, store *history.Store) {
	t.Helper()
	s, _, err := spool.Open(t.Context(), spool.InMemory)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var bodies []string
	for _, starts := range []string{"9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999999-23:59", "0000-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "2026-03-01T10:00:00Z"} {
		for _, ends := range []string{"9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"} {
			for _, status := range []string{"firing", "resolved"} {
				bodies = append(bodies, fmt.Sprintf(`{"version": "4", "groupKey": "odd", "status": %[1]q, "alerts": [{"status": %[1]q, "startsAt": %[2]q, "endsAt": %[3]q,
					"labels": {"alertname": "Odd", "env": "odd", "dates": "%[2]s %[3]s"}, "annotations": {"evaluated_at": %[2]q}}]}`, status, starts, ends))
			}
		}
	}
	if err := s.Do(func(tx *spool.Tx) error {
		for i, body := range bodies {
			p, err := state.ParsePayload([]byte(body))
			if err != nil {
				return err
			}
			n := state.Arrival{ID: int64(i + 1), At: at(i), Notify: state.Loud, Payload: p}
			if _, err := (spool.Applier{Tx: tx, Rank: func(template.KV) int { return 0 }}).Apply(n); err != nil {
				return fmt.Errorf("%s: %w", body, err)
			}
		}
		changes, _, err := tx.Changes(100, "priority", at(0))
		if err != nil {
			return err
		}
		var records []history.Record
		for _, c := range changes {
			records = append(records, c.Record)
		}
		return store.Put(t.Context(), records)
	}); err != nil {
		t.Fatal(err)
	}
	list, err := store.List(t.Context(), history.Filter{Env: "odd"})
	if err != nil || len(list) != len(bodies)/2 {
		t.Errorf("%d alerts: %v", len(list), err)
	}
	for _, r := range list {
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenShowsNoPassword(t *testing.T) {
	t.Parallel()
	_, err := history.Open("postgres://u:hunter2@h:notaport/x")
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "write it as postgres://") {
		t.Errorf("error %v", err)
	}
}
