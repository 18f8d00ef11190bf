package deliver

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
)

// paces has the pace of each chat, which all topics of the chat share.
type paces struct {
	mu    sync.Mutex
	chats map[string]*pace // by the id of the chat
}

func newPaces() *paces { return &paces{chats: map[string]*pace{}} }

// of returns the pace of a chat.
func (ps *paces) of(id string, r Rates) *pace {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.chats[id]
	if p == nil {
		p = &pace{chat: r.Chat, group: min(r.Group, spool.KeptCalls), turn: make(chan struct{}, 1)}
		ps.chats[id] = p
	}
	return p
}

// pace keeps the rates of one chat. It counts from the end of each call, which is
// no earlier than the service's own time of the call. One call is made at a time.
type pace struct {
	chat  time.Duration // between two calls
	group int           // calls a minute; 0 for any number
	turn  chan struct{} // full while a worker makes a call

	mu      sync.Mutex
	calls   []time.Time // the latest, oldest first
	showed  []time.Time // those that changed the chat
	limited time.Time   // the end of the wait that the service asked for
}

// take waits until the caller may make a call with its share of the rates. It
// returns false if the context is done first.
func (p *pace) take(ctx context.Context, share lease.Share) bool {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if !p.wait(ctx, share) {
		p.give()
		return false
	}
	return true
}

// wait waits for the time of the next call of the worker whose turn it is.
func (p *pace) wait(ctx context.Context, share lease.Share) bool {
	return sleepUntil(ctx, p.next(time.Now(), share))
}

// give ends the turn of the caller.
func (p *pace) give() { <-p.turn }

// next returns the time at which the next call may begin.
func (p *pace) next(now time.Time, share lease.Share) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	among := max(share.Among, 1)
	at, n := later(now, p.limited), len(p.calls)
	if n > 0 {
		at = later(at, p.calls[n-1].Add(p.chat))
	}
	if most := max(p.group/among, 1); p.group > 0 && n >= most {
		at = later(at, p.calls[n-most].Add(time.Minute))
	}
	if among == 1 {
		return at
	}
	// The replicas call in turn, by the clock.
	round := p.chat * time.Duration(among)
	turn := at.Truncate(round).Add(p.chat * time.Duration(share.Index))
	if turn.Before(at) {
		turn = turn.Add(round)
	}
	return turn
}

// spare returns the time at which a call may begin that leaves a number of the
// calls of a minute to others. The share of a replica is not considered.
func (p *pace) spare(now time.Time, reserve int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if most, n := max(p.group-reserve, 1), len(p.calls); p.group > 0 && n >= most {
		return later(now, p.calls[n-most].Add(time.Minute))
	}
	return now
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// begin notes a call that is about to be made.
func (p *pace) begin(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = latest(append(p.calls, now))
}

// end moves the last call to the time of its end.
func (p *pace) end(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.calls); n > 0 { // the clock may have been set back meanwhile
		p.calls[n-1] = now
	}
}

// shows notes that a call changed the chat.
func (p *pace) shows(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.showed = latest(append(p.showed, now))
}

// limit stores until when the service asked to wait.
func (p *pace) limit(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limited = until
}

// takeOver takes the stored calls of all topics, in any order. Only the start of
// a call is stored, so each call counts as made a second later.
func (p *pace) takeOver(calls []time.Time, limited time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.limited = nil, limited
	slices.SortFunc(calls, time.Time.Compare)
	for _, at := range latest(calls) {
		p.calls = append(p.calls, at.Add(time.Second))
	}
	p.showed = slices.Clone(p.calls)
}

// latest returns the calls that are kept.
func latest(calls []time.Time) []time.Time { return calls[max(0, len(calls)-spool.KeptCalls):] }
