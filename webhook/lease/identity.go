package lease

import (
	"context"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

// identify reads the identity of this replica from the spool, once for each
// spool.
func (s *Sharer) identify() error {
	generation := s.Spool.Generation()
	if s.identity.Name != "" && s.spool == generation {
		return nil
	}
	return s.take(generation, (*spool.Tx).Identity)
}

// take sets the identity, and begins with the journal anew.
func (s *Sharer) take(generation int64, identity func(*spool.Tx) (spool.Identity, error)) error {
	err := s.Spool.Do(func(tx *spool.Tx) (err error) {
		s.identity, err = identity(tx)
		return err
	})
	if err == nil {
		s.spool, s.claimed, s.waiting, s.journal = generation, false, time.Time{}, 0
	}
	return err
}

// owns reports whether the name belongs to this process. If it belongs to
// another one, the spool was copied or restored to an earlier time, and this
// replica takes another name.
func (s *Sharer) owns(standing Standing) (bool, error) {
	now := time.Now()
	if !standing.Taken && !standing.Waits {
		s.waiting = time.Time{}
		if s.claimed {
			return true, nil
		}
		err := s.Spool.Do(func(tx *spool.Tx) error { return tx.Claimed(s.identity) })
		s.claimed = err == nil
		return err == nil, err
	}
	s.held = false
	s.Holder.revoke()
	s.State(api.ReplicaStandsBy)
	if standing.Waits && s.waiting.IsZero() {
		s.waiting = now
	}
	if standing.Waits && now.Sub(s.waiting) < TTL {
		return false, nil
	}
	s.Log.Error("another process has the name of this replica, because its spool was copied or restored: this replica takes another name, and delivers what no replica delivered",
		"replica", s.identity.Name)
	s.Holder.Wake()
	return false, s.take(s.spool, (*spool.Tx).NewIdentity)
}

// announce pushes the alerts that the others may not know, after this
// replica took another name.
func (s *Sharer) announce(ctx context.Context) error {
	if !s.identity.Announce {
		return nil
	}
	var n int
	if err := s.Spool.Do(func(tx *spool.Tx) (err error) {
		n, err = tx.Announce()
		return err
	}); err != nil {
		return err
	}
	s.identity.Announce = false
	s.Log.Info("announced the alerts that no chat shows", "alerts", n)
	return s.push(ctx)
}
