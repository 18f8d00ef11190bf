// Package lease lets the replicas of one bot deliver everything once. They
// share two things in PostgreSQL: a journal of the notifications and messages
// of each replica, and a lease that one replica holds at a time.
//
// The replica that holds the lease delivers. The others follow the journal and
// are ready to continue. The lease lasts for [TTL] and is renewed with each
// beat, so a replica that hangs loses it like one that died. While PostgreSQL
// is unavailable, each replica delivers the notifications that it received
// itself, and chats can show a message twice.
//
// Each process claims the name of its replica, in the spool and in PostgreSQL. A
// replica whose spool was copied or restored finds another claim, and takes
// another name.
package lease

import (
	"context"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// TTL is the duration of a lease that its replica does not renew.
const TTL = 5 * time.Second

// Shared is the store that the replicas of one bot share; [Store] implements it.
type Shared interface {
	Migrate(ctx context.Context) error
	// Beat reports that this replica runs, and asks for the lease.
	Beat(ctx context.Context, b Beat) (Standing, error)
	// Push adds events to the journal, all or none. Adding one again changes
	// nothing.
	Push(ctx context.Context, events []Event) error
	// Pull returns the entries of other replicas after a place in the journal,
	// and the place up to which it has read.
	Pull(ctx context.Context, self string, after int64) (events []Event, upTo int64, err error)
	// Prune removes entries older than a time.
	Prune(ctx context.Context, before time.Time) error
	// Listen calls a function for every addition to the journal.
	Listen(ctx context.Context, added func()) error
}

// Event is an entry of the journal.
type Event struct {
	ID      int64 // its place in the journal; set by [Store.Pull]
	Replica string
	Seq     int64     // counts the events of its replica
	At      time.Time // by the clock of its replica
	Kind    string
	Body    []byte // JSON
}

// Beat is the report of a replica about itself.
type Beat struct {
	Replica string
	// Claim is the claim of this process to the name. Previous holds those of
	// earlier processes with the same spool; with Alone, all of them have ended.
	// Seq is the number of the last event of the replica.
	Claim    string
	Previous []string
	Alone    bool
	Seq      int64
	// Unpushed returns the event with a number, if the replica has not deleted
	// it after a push. It can be nil.
	Unpushed func(seq int64) (Event, bool, error)
	// Leaves means that the process ends.
	Leaves bool
	// Place asks for the entry in a place of the journal.
	Place int64
	Chats string // those it is configured with
	// Wants asks for the lease, or renews it. Without it the replica gives the
	// lease up.
	Wants bool
	// Behind means that the journal lacks many events of the replica.
	Behind bool
	// Failing means that the replica cannot reach a service.
	Failing bool
	// Heartbeats are the newest ones at the replica, by the cluster.
	Heartbeats map[string]Heartbeat
}

// Heartbeat is the newest heartbeat of a cluster that reported a new evaluation.
type Heartbeat struct {
	Age    time.Duration // since its receipt; above 0
	Source state.Source
}

// Standing is the answer to a beat.
type Standing struct {
	// Taken means that the name belongs to another process. Waits means that the
	// process with the previous claim was seen a moment ago. Then nothing else
	// is set.
	Taken, Waits bool

	Held  bool // the replica holds the lease, for [TTL] from before the beat
	Peers []Peer
	// Heartbeats are the newest ones at any replica, by the cluster.
	Heartbeats map[string]Heartbeat
	// Unnamed is the age of the newest heartbeat at a replica of an earlier
	// version, which knows no clusters. It is 0 if there is none.
	Unnamed time.Duration
	// Journal identifies the journal, and Last is the place of its last entry.
	Journal, Last int64
	// Replica and Seq are those of the entry in [Beat.Place]; empty if there is none.
	Replica string
	Seq     int64
}

// Peer is another replica that runs.
type Peer struct {
	Replica string
	Chats   string
	Behind  bool
	Failing bool
}
