package lease

import (
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
)

// The replicas read a changed webhook.yml one after the other. Meanwhile only some of
// them can deliver to a chat that the change adds or removes.

const (
	// turn is the time for which a replica keeps the lease, and then leaves it to the
	// others, if each has a chat that another one lacks.
	turn = 5 * time.Second
	// missingEvery is the time between two calls of [spool.Tx.ShowMissing] while the
	// replicas have other chats.
	missingEvery = 10 * time.Second
)

// wants reports whether this replica asks for the lease. One that cannot reach a
// service leaves it to another, which may reach it. One that lacks chats of another
// leaves it to that, or they take turns.
func (s *Sharer) wants(failing bool, now time.Time) bool {
	peers := slices.DeleteFunc(slices.Clone(s.peers), func(p Peer) bool { return p.Failing })
	if failing || len(peers) == 0 {
		return len(peers) == 0
	}
	own, mixed := s.chats(), false
	for _, p := range peers {
		switch {
		case contains(own, p.Chats):
		case contains(p.Chats, own):
			return false
		default:
			mixed = true
		}
	}
	if mixed && s.held && now.Sub(s.since) >= turn {
		s.resting = now.Add(turn)
	}
	return !mixed || !now.Before(s.resting)
}

// contains reports whether the chats of one replica include those of another.
func contains(chats, of string) bool {
	list := strings.Split(chats, ",")
	return !slices.ContainsFunc(strings.Split(of, ","), func(chat string) bool { return !slices.Contains(list, chat) })
}

// compare logs when replicas have different chats.
func (s *Sharer) compare() {
	chats := s.chats()
	differs := slices.ContainsFunc(s.peers, func(p Peer) bool { return p.Chats != chats })
	if differs && !s.differs {
		s.Log.Error("another replica has other chats: messages of a chat that one replica lacks come later, or not while the others are down: give all replicas the same webhook.yml and variables, and reload")
	}
	s.differs = differs
}

// showMissing makes the alerts due that fire in the chats of other replicas and that a
// chat of this one lacks, after the journal was read, and while the chats differ.
func (s *Sharer) showMissing(began bool) error {
	if !began && (!s.differs || time.Since(s.missing) < missingEvery) {
		return nil
	}
	s.missing = time.Now()
	return s.Spool.Do(func(tx *spool.Tx) error { return tx.ShowMissing(s.Chats()) })
}
