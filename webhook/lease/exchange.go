package lease

import (
	"context"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
)

// unpushed returns the event with a number, if it was not deleted after a push.
func (s *Sharer) unpushed(seq int64) (e Event, ok bool, err error) {
	err = s.Spool.Do(func(tx *spool.Tx) error {
		own, found, err := tx.Event(seq)
		e, ok = Event{Replica: s.identity.Name, Seq: own.Seq, At: own.At, Kind: own.Kind, Body: own.Body}, found
		return err
	})
	return e, ok, err
}

// events returns the oldest events that the journal does not have, and the
// number of all such events.
func (s *Sharer) events(limit, bytes int) (events []Event, waiting int, err error) {
	var own []spool.Event
	err = s.Spool.Do(func(tx *spool.Tx) (err error) {
		own, waiting, err = tx.Events(limit, bytes)
		return err
	})
	for _, e := range own {
		events = append(events, Event{Replica: s.identity.Name, Seq: e.Seq, At: e.At, Kind: e.Kind, Body: e.Body})
	}
	return events, waiting, err
}

// push adds the events of this replica to the journal.
func (s *Sharer) push(ctx context.Context) error {
	for {
		events, waiting, err := s.events(pushAtOnce, pushBytes)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := s.Shared.Push(ctx, events); err != nil {
			return err
		}
		last := events[len(events)-1].Seq
		s.Holder.notePushed(last)
		if err := s.Spool.Do(func(tx *spool.Tx) error { return tx.DeleteEvents(last) }); err != nil || waiting == len(events) {
			return err
		}
	}
}

// pull applies the events of the other replicas.
func (s *Sharer) pull(ctx context.Context) error {
	for {
		events, upTo, err := s.Shared.Pull(ctx, s.identity.Name, s.place)
		if err != nil || upTo == s.place {
			return err
		}
		if err := s.follow(events, upTo); err != nil {
			return err
		}
		s.place = upTo
		if s.held && time.Since(s.beat) > beatEvery { // the lease must not expire meanwhile
			s.Holder.Wake()
			return nil
		}
	}
}
