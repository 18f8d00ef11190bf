// Package web holds what the fakes of web services share: the log of their calls,
// and faults of the next ones.
package web

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Call is a call of the API. C is the type of the ids of chats.
type Call[C comparable] struct {
	Method   string
	Chat     C
	At       time.Time
	Status   int    // status of the answer; 0 if the connection was dropped
	Error    string // the reason of a refusal, as the service words it
	Detail   string // the reason of a refusal that the service does not explain
	Applied  bool   // the call changed the chat
	Injected bool   // a fault or a refusal of the test decided the answer
}

// Edit is an earlier text of a message, with the time of its replacement.
type Edit struct {
	Text string
	At   time.Time
}

// Log holds the calls of an API so far, and the faults of the next ones.
type Log[C comparable] struct {
	reads func(method string) bool

	mu      sync.Mutex
	calls   []Call[C]
	faults  []*Fault[C]
	changed chan struct{} // closed and replaced at every call
}

// NewLog returns an empty log. reads reports whether a method changes nothing.
func NewLog[C comparable](reads func(method string) bool) *Log[C] {
	return &Log[C]{reads: reads, changed: make(chan struct{})}
}

// Calls returns the calls so far, without those that only read.
func (l *Log[C]) Calls() []Call[C] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.calls), func(call Call[C]) bool { return l.reads(call.Method) })
}

// Wait returns when the condition holds. It calls holds after every call of the
// API.
func (l *Log[C]) Wait(ctx context.Context, holds func() bool) error {
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("fake: the condition never held: %w", context.Cause(ctx))
		case <-changed:
		}
	}
}

// record stores a call and wakes the callers of Wait.
func (l *Log[C]) record(call Call[C]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
	close(l.changed)
	l.changed = make(chan struct{})
}
