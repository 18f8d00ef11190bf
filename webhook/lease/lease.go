package webhook

import (
	"context"
	"sync"
	"time"
)

// turn is the right to make calls, which among replicas one has at a time.
type turn struct {
	ctx context.Context // done when the turn is over
	end context.CancelFunc
	// ownOnly leaves what other replicas were notified of to them.
	ownOnly bool
	// fresh says that another replica may have made a call just before.
	fresh bool

	mu    sync.Mutex
	until time.Time // when the turn ends if it is not renewed; the zero time for never
}

// valid reports whether the turn lasts: the context of a process that was
// stopped for a while is not done yet when it wakes.
func (t *turn) valid() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until.IsZero() || time.Now().Before(t.until)
}

func (t *turn) renew(until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = until
}

// turns hands the turn to all who act in it. Without replicas it is this
// process's turn for as long as it runs.
type turns struct {
	parent context.Context // of each turn

	mu      sync.Mutex
	present *turn         // nil while it is another's turn
	changed chan struct{} // closed and replaced when it changes
	news    chan struct{} // there is something to push
	pushed  int64         // up to where the shared journal has this replica's events
}

func newTurns() *turns {
	return &turns{parent: context.Background(), changed: make(chan struct{}), news: make(chan struct{}, 1)}
}

// wake says that there is something to push or to pull.
func (t *turns) wake() {
	select {
	case t.news <- struct{}{}:
	default:
	}
}

// next returns the turn as soon as there is one, and false when ctx is done
// first.
func (t *turns) next(ctx context.Context) (*turn, bool) {
	for {
		t.mu.Lock()
		present, changed := t.present, t.changed
		t.mu.Unlock()
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

// give begins a turn, or renews the present one. A zero until is for ever.
func (t *turns) give(until time.Time, ownOnly bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.present; p != nil && p.ownOnly == ownOnly {
		p.renew(until)
		return
	}
	next := &turn{ownOnly: ownOnly, fresh: t.present == nil, until: until}
	next.ctx, next.end = context.WithCancel(t.parent)
	t.replace(next)
}

// take ends the turn.
func (t *turns) take() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.present != nil {
		t.replace(nil)
	}
}

func (t *turns) replace(next *turn) {
	if t.present != nil {
		t.present.end()
	}
	t.present = next
	close(t.changed)
	t.changed = make(chan struct{})
}

// has reports whether there is a turn.
func (t *turns) has() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.present != nil
}

// alone reports whether what other replicas were notified of is left to them.
func (t *turns) alone() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.present != nil && t.present.ownOnly
}

// notePushed says that the shared journal has the events up to one.
func (t *turns) notePushed(seq int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if seq > t.pushed {
		t.pushed = seq
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// awaitPushed returns when the shared journal has an event, so that whoever
// goes on after a crash knows of it; when the turn is over; or after a while:
// nothing waits for the database.
func (t *turns) awaitPushed(present *turn, seq int64) {
	patience := time.NewTimer(pushPatience)
	defer patience.Stop()
	for {
		t.mu.Lock()
		pushed, changed := t.pushed, t.changed
		t.mu.Unlock()
		if pushed >= seq || present.ownOnly || present.ctx.Err() != nil {
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

// pushPatience bounds how long a worker waits until the journal has its last
// call.
const pushPatience = 2 * time.Second
