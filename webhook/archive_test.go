package webhook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/history"
)

// archive is a history in memory, in fake time, that can be unavailable. The
// tests of package history and the end-to-end tests use the real one.
type archive struct {
	mu       sync.Mutex
	away     bool
	refuses  string // the fingerprint of a record that it cannot store
	migrated int
	records  map[string]history.Record
	order    []string // fingerprints, as they first came
}

func (a *archive) set(away bool) { a.mu.Lock(); defer a.mu.Unlock(); a.away = away }

func (a *archive) Migrate(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return errors.New("away")
	}
	a.migrated++
	return nil
}

func (a *archive) Put(_ context.Context, records []history.Record) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return errors.New("away")
	}
	if slices.ContainsFunc(records, func(r history.Record) bool { return r.Fingerprint == a.refuses }) {
		return &pgconn.PgError{Code: "22021"}
	}
	for _, r := range records {
		if _, known := a.records[r.Fingerprint]; !known {
			a.order = append(a.order, r.Fingerprint)
		}
		a.records[r.Fingerprint] = r
	}
	return nil
}

func (a *archive) Maintain(context.Context, time.Duration) error { return nil }

func (a *archive) has() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.order)
}

// archived is a world with a history.
func archived(t *testing.T, f func(*world, *archive)) {
	inWorld(t, "7", func(w *world) {
		a := &archive{records: map[string]history.Record{}}
		w.config.Archive = a
		w.restart()
		f(w, a)
	})
}

func TestTheHistoryHasTheDeliveries(t *testing.T) {
	archived(t, func(w *world, a *archive) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		w.post(am.payload(am.firing("redis", start)), api.Loud)
		w.after(10 * time.Second)
		w.post(am.payload(am.resolved("redis", start, time.Now())), api.Loud)
		w.after(time.Minute)
		if len(a.records) != 1 {
			t.Fatalf("records %v", a.records)
		}
		for _, r := range a.records {
			if r.Priority != "P0" || r.Notify != "loud" || !r.StartsAt.Equal(start) || r.EndsAt == nil || r.ResolutionAt == nil ||
				len(r.Deliveries) != 1 || r.Deliveries[0].Chat != "7" || r.Deliveries[0].DeliveredAt == nil || r.Deliveries[0].ResolvedAt == nil {
				t.Errorf("%+v", r)
			}
		}
		if n := w.metric("preflight_webhook_history_backlog"); n != 0 {
			t.Errorf("backlog %v", n)
		}
	})
}

// The archive is unavailable for longer than alerts are kept, and over a
// restart. Meanwhile the chat shows the alerts.
func TestTheHistoryIsCaughtUpWithAfterAnyOutage(t *testing.T) {
	archived(t, func(w *world, a *archive) {
		am := alertmanager{url: "http://a", priority: "P0"}
		w.config.Retention = time.Hour
		a.set(true)
		w.restart()
		var want []string
		for _, target := range []string{"one", "two", "three"} {
			start := time.Now()
			w.post(am.payload(am.firing(target, start)), api.Loud)
			w.after(time.Minute)
			w.post(am.payload(am.resolved(target, start, time.Now())), api.Loud)
			w.after(time.Minute)
			want = append(want, am.firing(target, start).Fingerprint)
		}
		if m := w.bot.Messages(person); len(m) != 6 {
			t.Fatalf("the chat shows %v", m)
		}
		w.after(4 * time.Hour)
		w.restart()
		if n := w.metric("preflight_webhook_history_backlog"); len(a.has()) != 0 || n != 3 {
			t.Fatalf("while it is away: %v, backlog %v", a.has(), n)
		}
		// The oldest change is four hours old, up to the minute between two tries.
		if lag := w.metric("preflight_webhook_history_lag_seconds"); lag < 4*3600 || lag > 4*3600+600 {
			t.Errorf("while it is away, it lags %v s", lag)
		}
		a.set(false)
		w.after(2 * time.Minute)
		if lag := w.metric("preflight_webhook_history_lag_seconds"); lag != 0 {
			t.Errorf("when all is there, it lags %v s", lag)
		}
		if d := cmp.Diff(want, a.has()); d != "" {
			t.Errorf("in order (-want +got):\n%s", d)
		}
		if n := strings.Count(w.logs.String(), "the history database is away"); n != 2 {
			t.Errorf("%d lines about the outage, want one for each start in it:\n%s", n, w.logs)
		}
	})
}

func TestARecordThatCannotBeStoredHoldsNoOther(t *testing.T) {
	archived(t, func(w *world, a *archive) {
		am := alertmanager{url: "http://a", priority: "P0"}
		start := time.Now()
		a.refuses = am.firing("bad", start).Fingerprint
		w.post(am.payload(am.firing("good", start), am.firing("bad", start), am.firing("fine", start)), api.Loud)
		w.after(time.Minute)
		want := []string{am.firing("good", start).Fingerprint, am.firing("fine", start).Fingerprint}
		got := a.has()
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		if !strings.Contains(w.logs.String(), "the history database refuses an alert") {
			t.Errorf("not said:\n%s", w.logs)
		}
		if n := w.metric("preflight_webhook_history_backlog"); n != 0 {
			t.Errorf("backlog %v", n)
		}
	})
}
