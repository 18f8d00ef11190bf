package lease_test

import (
	"context"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/state"
)

func TestStore(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	for name, test := range map[string]func(*testing.T, *testservers.Postgres){
		"lease": oneReplicaHoldsTheLease, "clock": theClockOfTheDatabaseIsSetBack, "heartbeats": eachReplicaGetsTheNewestHeartbeats, "before": aReplicaOfTheVersionBefore, "order": theJournalHasOneOrder,
		"pages": largeEventsComeInPages, "listen": additionsAreAnnounced, "claims": aNameHasOneOwner, "away": whatIsAwaySaysSo,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, postgres) })
	}
}

// open returns access to an empty database, for so many replicas.
func open(t *testing.T, postgres *testservers.Postgres, n int) []*lease.Store {
	t.Helper()
	dsn := postgres.NewDatabase(strings.ToLower(path.Base(t.Name())))
	var stores []*lease.Store
	for range n {
		s, err := lease.Open(dsn, "123")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		stores = append(stores, s)
	}
	// Replicas that start at once wait for each other.
	var group sync.WaitGroup
	for _, s := range stores {
		group.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return stores
}

func oneReplicaHoldsTheLease(t *testing.T, postgres *testservers.Postgres) {
	s := open(t, postgres, 1)[0]
	beat := func(name string, wants bool) lease.Standing {
		t.Helper()
		standing, err := s.Beat(t.Context(), lease.Beat{Replica: name, Chats: "7", Wants: wants, Failing: name == "b"})
		if err != nil {
			t.Fatal(err)
		}
		return standing
	}
	if !beat("a", true).Held || beat("b", true).Held || !beat("a", true).Held {
		t.Error("the first replica does not hold the lease")
	}
	if got, want := beat("a", true).Peers, []lease.Peer{{Replica: "b", Chats: "7", Failing: true}}; !cmp.Equal(got, want) {
		t.Errorf("the peers are %v", got)
	}
	if beat("a", false).Held || !beat("b", true).Held || beat("a", true).Held {
		t.Error("the next replica does not get a lease that was given up")
	}
	// A silent holder loses it.
	deadline := time.Now().Add(10 * lease.TTL)
	for !beat("a", true).Held {
		if time.Now().After(deadline) {
			t.Fatal("the lease never expired")
		}
	}
	if standing := beat("b", true); standing.Held || len(standing.Peers) != 1 {
		t.Errorf("the one that was away has %+v", standing)
	}
}

// A lease that seems to be of a later time ends after its usual duration, and its
// replica counts as away.
func theClockOfTheDatabaseIsSetBack(t *testing.T, postgres *testservers.Postgres) {
	dsn := postgres.NewDatabase("clock")
	s, err := lease.Open(dsn, "123")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	beat := func(name string) lease.Standing {
		t.Helper()
		standing, err := s.Beat(t.Context(), lease.Beat{Replica: name, Chats: "7", Wants: true})
		if err != nil {
			t.Fatal(err)
		}
		return standing
	}
	if !beat("a").Held {
		t.Fatal("the first replica does not hold the lease")
	}
	db, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	for _, statement := range []string{`UPDATE preflight.turns SET until = until + interval '1 hour'`, `UPDATE preflight.replicas SET seen_at = seen_at + interval '1 hour'`} {
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if standing := beat("b"); standing.Held || len(standing.Peers) != 0 {
		t.Errorf("the other replica has %+v", standing)
	}
	deadline := time.Now().Add(10 * lease.TTL)
	for !beat("b").Held {
		if time.Now().After(deadline) {
			t.Fatal("the lease never expired")
		}
	}
}

// The name of a replica belongs to the process whose spool claimed it last.
func aNameHasOneOwner(t *testing.T, postgres *testservers.Postgres) {
	s := open(t, postgres, 1)[0]
	beat := func(b lease.Beat) lease.Standing {
		t.Helper()
		b.Wants = true
		standing, err := s.Beat(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		return standing
	}
	first := lease.Beat{Replica: "a", Claim: "1"}
	if got := beat(first); got.Taken || got.Waits || !got.Held {
		t.Errorf("the first process: %+v", got)
	}
	if got := beat(first); got.Taken || got.Waits || !got.Held {
		t.Errorf("the first process again: %+v", got)
	}
	// A copy, beside the original.
	if got := beat(lease.Beat{Replica: "a", Claim: "2", Previous: []string{"0", "1"}}); !got.Waits || got.Taken || got.Held {
		t.Errorf("a copy: %+v", got)
	}
	// The same file after a kill.
	second := lease.Beat{Replica: "a", Claim: "3", Previous: []string{"1"}, Alone: true}
	if got := beat(second); got.Taken || got.Waits || !got.Held {
		t.Errorf("the next process: %+v", got)
	}
	if got := beat(first); !got.Taken || got.Held {
		t.Errorf("the first process after the next: %+v", got)
	}
	// A stop gives the name up.
	second.Leaves = true
	beat(second)
	if got := beat(lease.Beat{Replica: "a", Claim: "4", Previous: []string{"3"}}); got.Taken || got.Waits || !got.Held {
		t.Errorf("after a stop: %+v", got)
	}
	// A restored spool, also one that made no claim.
	if got := beat(lease.Beat{Replica: "a", Claim: "5", Previous: []string{"1"}, Alone: true}); !got.Taken {
		t.Errorf("a restored spool: %+v", got)
	}
	if err := s.Push(t.Context(), []lease.Event{{Replica: "b", Seq: 7, At: time.Now(), Kind: "k", Body: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if got := beat(lease.Beat{Replica: "b", Claim: "1", Seq: 6}); !got.Taken {
		t.Errorf("a restored spool without a claim: %+v", got)
	}
	if got := beat(lease.Beat{Replica: "b", Claim: "1", Seq: 7}); got.Taken || got.Waits {
		t.Errorf("a spool of an earlier version: %+v", got)
	}
	// A process that was killed between a push and its note, and a copy that went
	// on beside the original.
	for claim, c := range map[string]struct {
		body  string
		taken bool
	}{"2": {"{}", false}, "3": {`{"other":1}`, true}} {
		unpushed := func(seq int64) (lease.Event, bool, error) {
			return lease.Event{Replica: "b", Seq: seq, Kind: "k", Body: []byte(c.body)}, seq >= 6, nil
		}
		if got := beat(lease.Beat{Replica: "b", Claim: claim, Previous: []string{"1", "2", "3"}, Alone: true, Seq: 9, Unpushed: unpushed}); got.Taken != c.taken {
			t.Errorf("an event %s in the spool: %+v", c.body, got)
		}
	}
}

func eachReplicaGetsTheNewestHeartbeats(t *testing.T, postgres *testservers.Postgres) {
	s := open(t, postgres, 1)[0]
	source := state.NewSource("http://a", time.Now())
	beats := func(ages ...time.Duration) map[string]lease.Heartbeat {
		out := map[string]lease.Heartbeat{}
		for i, age := range ages {
			if age > 0 {
				out[[]string{"tokyo", "", hostile}[i]] = lease.Heartbeat{Age: age, Source: source}
			}
		}
		return out
	}
	const most = 30 * time.Second // that the test may take
	for i, c := range []struct {
		lease.Beat
		want map[string]lease.Heartbeat
	}{
		{lease.Beat{Replica: "a"}, nil},
		{lease.Beat{Replica: "b", Heartbeats: beats(90 * time.Second)}, beats(90 * time.Second)},
		{lease.Beat{Replica: "a"}, beats(90 * time.Second)},
		{lease.Beat{Replica: "a", Heartbeats: beats(5*time.Second, 200*time.Second, 60*time.Second)}, beats(5*time.Second, 200*time.Second, 60*time.Second)},
		{lease.Beat{Replica: "b", Heartbeats: beats(91*time.Second, 100*time.Second)}, beats(5*time.Second, 100*time.Second, 60*time.Second)},
	} {
		standing, err := s.Beat(t.Context(), c.Beat)
		if err != nil {
			t.Fatal(err)
		}
		if len(standing.Heartbeats) != len(c.want) || standing.Unnamed != 0 {
			t.Errorf("beat %d: the heartbeats are %v, those of an earlier version %s", i, standing.Heartbeats, standing.Unnamed)
		}
		for cluster, want := range c.want {
			got := standing.Heartbeats[cluster]
			if got.Age < want.Age || got.Age > want.Age+most || got.Source != want.Source {
				t.Errorf("beat %d: the heartbeat of %q is %+v, not %+v", i, cluster, got, want)
			}
		}
	}
}

// hostile is a name of a cluster that is hard to store.
const hostile = "a\"b'\\\n\u2028<b>서\x7f"

// A replica of the version before writes one time for all clusters and leaves the
// others as they are. It reads the newest time of all.
func aReplicaOfTheVersionBefore(t *testing.T, postgres *testservers.Postgres) {
	dsn := postgres.NewDatabase("before")
	s, err := lease.Open(dsn, "123")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(t.Context()))
	before := func(replica string, age float64) (newest float64) {
		t.Helper()
		if _, err := db.Exec(t.Context(), `
			INSERT INTO preflight.replicas (bot, id, chats, behind, failing, watchdog_at, seen_at)
			VALUES ('123', $1, '', false, false, clock_timestamp() - make_interval(secs => $2), clock_timestamp())
			ON CONFLICT (bot, id) DO UPDATE SET watchdog_at = EXCLUDED.watchdog_at, seen_at = EXCLUDED.seen_at`, replica, age); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow(t.Context(), `SELECT extract(epoch FROM clock_timestamp() - max(watchdog_at))::float8
			FROM preflight.replicas WHERE bot = '123'`).Scan(&newest); err != nil {
			t.Fatal(err)
		}
		return newest
	}
	beat := func(list map[string]lease.Heartbeat) lease.Standing {
		t.Helper()
		standing, err := s.Beat(t.Context(), lease.Beat{Replica: "a", Heartbeats: list})
		if err != nil {
			t.Fatal(err)
		}
		return standing
	}
	between := func(what string, got, least float64) {
		t.Helper()
		if got < least || got > least+30 {
			t.Errorf("%s is %v s old, not %v", what, got, least)
		}
	}
	beat(map[string]lease.Heartbeat{"tokyo": {Age: 100 * time.Second}, "seoul": {Age: 200 * time.Second}})
	between("the newest for the version before", before("b", 500), 100)
	got := beat(map[string]lease.Heartbeat{"tokyo": {Age: 101 * time.Second}})
	between("the heartbeat at the version before", got.Unnamed.Seconds(), 500)
	between("the heartbeat of tokyo", got.Heartbeats["tokyo"].Age.Seconds(), 101)
	// The replica a returns to the version before.
	between("the newest for the version before", before("a", 50), 50)
	got, err = s.Beat(t.Context(), lease.Beat{Replica: "c"})
	if err != nil {
		t.Fatal(err)
	}
	between("the heartbeat at the version before", got.Unnamed.Seconds(), 50)
}

// Errors name the cause and never the connection string.
func whatIsAwaySaysSo(t *testing.T, _ *testservers.Postgres) {
	s, err := lease.Open("postgres://user:hunter2@127.0.0.1:1/db", "123")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, beat := s.Beat(t.Context(), lease.Beat{Replica: "a"})
	_, _, pull := s.Pull(t.Context(), "a", 0)
	for _, err := range []error{
		beat, pull, s.Migrate(t.Context()), s.Push(t.Context(), []lease.Event{{Replica: "a"}}), s.Listen(t.Context(), func() {}),
	} {
		if err == nil || err.Error() != "PostgreSQL cannot be reached" {
			t.Errorf("the error is %v", err)
		}
	}
	if _, err := lease.Open("postgres://user:hunter2@[", "123"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is %v", err)
	}
}
