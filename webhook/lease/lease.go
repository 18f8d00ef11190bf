package lease

import (
	"context"
	"sync"
	"time"
)

// Lease is the right to deliver to the chats.
type Lease struct {
	ctx context.Context // done when the lease ends
	end context.CancelFunc
	// OwnOnly means that this replica does not deliver alerts that only other
	// replicas received.
	OwnOnly bool
	// Fresh means that another replica may have made a call just before.
	Fresh bool
	// Share is the part of the services' rates that this replica may use.
	Share Share

	mu      sync.Mutex
	expires time.Time // unless it is renewed; zero means no expiry
}

// Share is one of the equal parts into which replicas divide the rates when
// several may call the services at the same time. The zero value is the whole.
type Share struct {
	Among int // the number of replicas, with this one; 0 and 1 mean this one only
	Index int // of this replica, from 0
}

// Context returns a context that is done when the lease ends.
func (l *Lease) Context() context.Context { return l.ctx }

// Valid reports whether the lease has not expired. The context of a process that
// was suspended is not done yet when the process resumes.
func (l *Lease) Valid() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.expires.IsZero() || time.Now().Before(l.expires)
}

func (l *Lease) renew(expires time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expires = expires
}

// Holder gives the lease of this process to the code that acts under it.
// Without replicas this process holds the lease as long as it runs.
type Holder struct {
	parent context.Context // of each lease

	mu      sync.Mutex
	present *Lease        // nil while another replica holds it
	changed chan struct{} // closed and replaced when it changes
	news    chan struct{} // there are events to push or to pull
	pushed  int64         // the last event of this replica that the shared journal has
}

// NewHolder returns a holder without a lease.
func NewHolder() *Holder {
	return &Holder{parent: context.Background(), changed: make(chan struct{}), news: make(chan struct{}, 1)}
}

// HoldAlone gives the holder a lease that lasts until ctx is done.
func (h *Holder) HoldAlone(ctx context.Context) {
	h.parent = ctx
	h.grant(time.Time{}, false, Share{})
}

// Wake announces events to push or to pull.
func (h *Holder) Wake() {
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// Next returns the lease as soon as this process holds it, and false if ctx is
// done first.
func (h *Holder) Next(ctx context.Context) (*Lease, bool) {
	for {
		h.mu.Lock()
		present, changed := h.present, h.changed
		h.mu.Unlock()
		if present != nil && present.ctx.Err() == nil {
			return present, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// grant begins a lease, or renews the present one. A zero time means no expiry.
func (h *Holder) grant(expires time.Time, ownOnly bool, share Share) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.present; p != nil && p.OwnOnly == ownOnly && p.Share == share {
		p.renew(expires)
		return
	}
	next := &Lease{OwnOnly: ownOnly, Fresh: h.present == nil, Share: share, expires: expires}
	next.ctx, next.end = context.WithCancel(h.parent)
	h.replace(next)
}

// revoke ends the lease.
func (h *Holder) revoke() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.present != nil {
		h.replace(nil)
	}
}

func (h *Holder) replace(next *Lease) {
	if h.present != nil {
		h.present.end()
	}
	h.present = next
	h.announce()
}

func (h *Holder) announce() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// Held reports whether this process holds the lease.
func (h *Holder) Held() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.present != nil
}

// Alone reports whether the lease covers only alerts that this replica
// received.
func (h *Holder) Alone() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.present != nil && h.present.OwnOnly
}

// notePushed records that the shared journal has the events up to one.
func (h *Holder) notePushed(seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if seq > h.pushed {
		h.pushed = seq
		h.announce()
	}
}

// pushPatience is the longest wait of [Holder.AwaitPushed].
const pushPatience = 2 * time.Second

// AwaitPushed returns when the shared journal has an event. The replica that
// takes over after a crash then finds the event. AwaitPushed also returns when
// the lease ends, and after two seconds: no delivery depends on the database.
func (h *Holder) AwaitPushed(present *Lease, seq int64) {
	patience := time.NewTimer(pushPatience)
	defer patience.Stop()
	for {
		h.mu.Lock()
		pushed, changed := h.pushed, h.changed
		h.mu.Unlock()
		if pushed >= seq || present.OwnOnly || present.ctx.Err() != nil {
			return
		}
		select {
		case <-changed:
		case <-present.ctx.Done():
		case <-patience.C:
			return
		}
	}
}
