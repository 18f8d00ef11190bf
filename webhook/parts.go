package webhook

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// wholeAlerts is the largest number of alerts of a notification that is not
	// divided, so that the chats get them all at once. partAlerts is the number of
	// alerts of a part. One transaction applies a whole notification or a part, and
	// acceptance waits for the transaction.
	wholeAlerts = 2000
	partAlerts  = 250
	// maxParts is the number of parts that may wait. Their alerts are known in
	// memory.
	maxParts = 8000
	// maxRead is the number of notifications that are looked at for one that need
	// not wait.
	maxRead = 20 * applyAtOnce
)

// errBusy means that too many parts of large notifications wait.
var errBusy = errors.New("large notifications wait to be applied")

// parts knows the parts of large notifications that wait in the inbox. Other
// notifications overtake them, if they are of other groups and alerts.
type parts struct {
	mu      sync.Mutex
	waiting []*divided // in the order of their acceptance
	seed    maphash.Seed
}

// divided is a large notification. Its parts have successive ids.
type divided struct {
	first, last int64
	keys        map[uint64]struct{} // of its group and its alerts
}

// keys returns what identifies the group and the alerts of a notification.
func (p *parts) keys(cluster string, n state.Payload) []uint64 {
	list := make([]uint64, 0, len(n.Alerts)+1)
	list = append(list, maphash.Comparable(p.seed, [2]string{"group", n.GroupKey}))
	for _, a := range n.Alerts {
		list = append(list, maphash.Comparable(p.seed, [2]string{cluster, a.Fingerprint}))
	}
	return list
}

// room returns an error if more parts may not wait.
func (p *parts) room(more int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := int64(more)
	for _, d := range p.waiting {
		n += d.last - d.first + 1
	}
	if len(p.waiting) > 0 && n > maxParts {
		return errBusy
	}
	return nil
}

// add adds a notification whose parts wait.
func (p *parts) add(first, last int64, keys []uint64) {
	d := &divided{first: first, last: last, keys: make(map[uint64]struct{}, len(keys))}
	for _, k := range keys {
		d.keys[k] = struct{}{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, d)
	slices.SortFunc(p.waiting, func(a, b *divided) int { return int(a.first - b.first) })
}

// list returns the notifications whose parts wait.
func (p *parts) list() []*divided {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.waiting)
}

// remove removes a notification whose parts are applied.
func (p *parts) remove(d *divided) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(other *divided) bool { return other == d })
}

// ready returns the oldest notifications of the inbox that need not wait, without
// the parts of large ones. A notification waits for one that was accepted before
// and is of the same group, or about the same alert.
func (p *parts) ready(tx *spool.Tx, large []*divided) ([]state.Arrival, error) {
	c := chooser{parts: p, waiting: map[uint64]struct{}{}}
	after := int64(spool.BeforeAll)
	for i := range len(large) + 1 {
		r := spool.InboxRange{After: after}
		if i < len(large) {
			r.Before, after = large[i].first, large[i].last
		}
		if err := c.choose(tx, r, large[:i]); err != nil {
			return nil, err
		}
	}
	return c.ready, nil
}

// chooser chooses the notifications that need not wait.
type chooser struct {
	*parts
	ready   []state.Arrival
	waiting map[uint64]struct{} // keys for which later notifications wait
	read    int
}

// choose reads a range of the inbox, after large notifications.
func (c *chooser) choose(tx *spool.Tx, r spool.InboxRange, large []*divided) error {
	for len(c.ready) < applyAtOnce && c.read < maxRead {
		list, err := tx.Inbox(r, applyAtOnce, applyBytes)
		if err != nil || len(list) == 0 {
			return err
		}
		c.read += len(list)
		if len(large) == 0 {
			c.ready = append(c.ready, list...)
			return nil // one transaction applies no more
		}
		r.After = list[len(list)-1].ID
		for _, a := range list {
			keys := c.keys(a.Cluster, a.Payload)
			if !slices.ContainsFunc(keys, func(k uint64) bool { return has(c.waiting, large, k) }) {
				c.ready = append(c.ready, a)
				continue
			}
			for _, k := range keys {
				c.waiting[k] = struct{}{}
			}
		}
	}
	return nil
}

// has reports whether a key is waited for.
func has(waiting map[uint64]struct{}, large []*divided, key uint64) bool {
	if _, ok := waiting[key]; ok {
		return true
	}
	return slices.ContainsFunc(large, func(d *divided) bool { _, ok := d.keys[key]; return ok })
}

// find finds the parts that an earlier process left.
func (p *parts) find(ctx context.Context, s *spool.Spool) error {
	var d struct {
		divided
		keys []uint64
	}
	for after := int64(spool.BeforeAll); ctx.Err() == nil; {
		var list []state.Arrival
		if err := s.Do(func(tx *spool.Tx) (err error) {
			list, err = tx.Inbox(spool.InboxRange{After: after}, applyAtOnce, applyBytes)
			return err
		}); err != nil {
			return err
		}
		for _, a := range list {
			after = a.ID
			if a.Parts == 0 {
				continue
			}
			if d.keys == nil {
				d.first = a.ID
			}
			d.last, d.keys = a.ID, append(d.keys, p.keys(a.Cluster, a.Payload)...)
			if a.Part == a.Parts {
				p.add(d.first, d.last, d.keys)
				d.keys = nil
			}
		}
		if len(list) == 0 {
			break
		}
	}
	if d.keys != nil {
		p.add(d.first, d.last, d.keys)
	}
	return nil
}
