// Package replica is what several webhooks of one bot share in PostgreSQL, so
// that together they tell everything once: a journal of what each of them
// received and showed, and a turn that one of them has at a time.
//
// Whoever has the turn tells; the others follow the journal, and are ready to
// go on where it stopped. The turn is lent for [TurnFor] and renewed with each
// beat, so one that hangs loses it as one that died does.
package replica

import "time"

// TurnFor is how long a turn lasts when its replica is not heard of.
const TurnFor = 5 * time.Second

// Event is an entry of the journal.
type Event struct {
	ID      int64 // its place in the journal; set by [Store.Pull]
	Replica string
	Seq     int64     // counts the events of its replica; adding one again changes nothing
	At      time.Time // by the clock of its replica
	Kind    string
	Body    []byte // JSON
}

// Beat is what a replica says of itself.
type Beat struct {
	Replica string
	Chats   string // those it is configured with
	// Wants asks for the turn, or to keep it; without it the turn is given back.
	Wants bool
	// Behind says that much of what it did is not in the journal yet.
	Behind bool
	// Failing says that it can't reach Telegram.
	Failing bool
	// Watchdog is the age of the newest evaluation that a watchdog told it of; 0
	// for none.
	Watchdog time.Duration
}

// Standing is the answer to a beat.
type Standing struct {
	Turn  bool // the replica has the turn, for [TurnFor] from before the beat
	Peers []Peer
	// Watchdog is the age of the newest evaluation that a watchdog told any
	// replica of; 0 for none.
	Watchdog time.Duration
	// Journal identifies the journal, and Last is its last entry's place.
	Journal, Last int64
}

// Peer is another replica that lives.
type Peer struct {
	Replica string
	Chats   string
	Behind  bool
	Failing bool
}
