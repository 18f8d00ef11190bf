package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/history"
)

// filled returns a history of several pages, in a table of its month and outside,
// with equal starts.
func filled(t *testing.T, postgres *testservers.Postgres) (store *history.Store, now time.Time) {
	t.Helper()
	store = open(t, postgres.DSN())
	must(t, store.Migrate(t.Context()), store.Maintain(t.Context(), keep))
	now = time.Now().UTC().Truncate(time.Second)
	connect(t, postgres.DSN()).exec(`INSERT INTO preflight.alerts
		SELECT md5(i::text), '', 'f' || i, $1::timestamptz - interval '1 minute' * (i / 7), 0,
			CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN $1::timestamptz - interval '1 minute' * (i / 7) + interval '1 hour' ELSE $1::timestamptz END,
			'', 'A', 'P' || i % 2, CASE i % 5 WHEN 0 THEN 'live' ELSE 'paper' END, 'loud',
			json_build_object('alertname', 'A', 'env', CASE i % 5 WHEN 0 THEN 'live' ELSE 'paper' END)::jsonb, '{}', $1, NULL, ''
		FROM generate_series(1, 9000) i`, now)
	return store, now
}

// The pages of the database are those that [history.Filter.Match] selects, in
// order.
func TestPagesAreComplete(t *testing.T) {
	t.Parallel()
	store, now := filled(t, testservers.StartPostgres(t))
	all, err := store.List(t.Context(), history.Filter{})
	if err != nil || len(all) != 9000 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	for i := range all[1:] {
		if all[i+1].StartsAt.Before(all[i].StartsAt) {
			t.Fatalf("record %d starts before the one before it", i+1)
		}
	}
	for _, since := range []time.Time{now.Add(time.Hour), now, now.Add(-time.Hour), now.Add(-10 * time.Hour), now.Add(-100 * time.Hour)} {
		for _, f := range []history.Filter{{}, {Env: "live"}, {Priority: "P1"}, {Env: "paper", Priority: "P0"}, {Env: "none"}} {
			f.Since = since
			got, err := store.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			var want []history.Record
			for _, r := range all {
				if f.Match(r) {
					want = append(want, r)
				}
			}
			if d := cmp.Diff(want, got, utc); d != "" {
				t.Errorf("%+v: %d records, want %d (-want +got):\n%.1000s", f, len(got), len(want), d)
			}
		}
	}
}

// A connection that breaks ends the sequence with an error.
func TestRecordsUntilTheConnectionBreaks(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	store, _ := filled(t, postgres)
	listed := 0
	var last error
	for _, err := range store.Records(t.Context(), history.Filter{}) {
		if last != nil {
			t.Fatal("a record after an error")
		}
		if last = err; err == nil {
			listed++
		}
		if listed == 1 {
			postgres.Stop()
		}
	}
	if last == nil || listed == 0 || listed == 9000 {
		t.Errorf("%d records, then %v", listed, last)
	}
}
