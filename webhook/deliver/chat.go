package deliver

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

const (
	// firstRetry and lastRetry bound the time between two attempts to reach a
	// service; it doubles in between.
	firstRetry = time.Second
	lastRetry  = 50 * time.Second
	// ambiguousRetry is the time before a message is repeated that the chat may
	// already show twice; it doubles with each repetition.
	ambiguousRetry = 10 * time.Second
	// slowestRetryAfter is the longest wait that a service can ask for. A call after
	// it costs nothing: the service asks again.
	slowestRetryAfter = time.Hour
	// failuresToYield is the number of failures in a row after which another
	// replica should try.
	failuresToYield = 3
)

// load reads the stored state of the chat.
func (w *worker) load(tx *spool.Tx) error {
	c, err := tx.Chat(w.key)
	if err != nil {
		return err
	}
	w.chat.ID = w.configured.ID
	if c.MigratedTo != "" {
		w.chat.ID = c.MigratedTo
	}
	w.dead, w.limited, w.calls = c.Dead, c.NotBefore, c.Calls
	calls, limited := slices.Clone(c.Calls), c.NotBefore
	for _, key := range w.topics() {
		c, err := tx.Chat(key)
		if err != nil {
			return err
		}
		calls, limited = append(calls, c.Calls...), later(limited, c.NotBefore)
	}
	now := time.Now()
	if slices.ContainsFunc(calls, now.Before) { // the stored times are of another clock
		w.limited, w.calls, calls, limited = time.Time{}, nil, nil, time.Time{}
	}
	longest := now.Add(slowestRetryAfter) // else the clock was set back
	w.limited, limited = earliest(w.limited, longest), earliest(limited, longest)
	w.pace().takeOver(calls, limited)
	w.notBefore = w.limited
	return nil
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// pace returns the pace of the chat, which its topics share.
func (w *worker) pace() *pace { return w.service.paces.of(w.chat.ID, w.rates()) }

// rates returns the rates of the chat.
func (w *worker) rates() Rates {
	own := w.transport().Capabilities(w.chat).Rates
	if w.Rates == (Rates{}) {
		return own
	}
	r := w.Rates
	if own.Group == 0 {
		r.Group = 0
	}
	return r
}

// learn updates the state of the chat with the outcome of a call.
func (w *worker) learn(c *call, failure *transport.Error, now time.Time) {
	w.notBefore, w.limited = time.Time{}, time.Time{}
	if failure == nil {
		w.failures, w.dead = 0, ""
		w.failing.Store(false)
		w.proved.Store(true)
		w.unfit.Store(false)
		return
	}
	switch {
	case refusedEdit(c, failure):
		return
	case failure.Kind == transport.RateLimited && failure.EditsOnly:
		w.service.edits.limit(now.Add(min(failure.RetryAfter, slowestRetryAfter)))
	case failure.Kind == transport.RateLimited:
		w.limited = now.Add(min(failure.RetryAfter, slowestRetryAfter))
		w.notBefore = w.limited
		w.pace().limit(w.limited) // for its other topics
	case failure.Kind == transport.Migrated:
		w.chat.ID = failure.MigrateTo
	case refusedChat(failure):
		w.dead = failure.Description
		w.backOff(now)
		w.failing.Store(false) // another replica is refused too
	default:
		w.backOff(now)
		if n := c.ambiguous + 1; failure.Kind == transport.Ambiguous && c.Edits == "" && n >= silentRepeats {
			w.retryAt(now, ambiguousRetry<<min(n-silentRepeats, 10))
		}
	}
}

// refusedEdit reports whether the chat refused to edit this message. That proves
// nothing about the chat.
func refusedEdit(c *call, failure *transport.Error) bool {
	if c.Edits == "" || failure == nil {
		return false
	}
	switch failure.Kind {
	case transport.Refused, transport.TopicGone, transport.MessageGone:
		return true
	}
	return false
}

// refusedChat reports whether the chat takes no message. A refusal for an
// unknown reason means that, because [worker.try] tried every form.
func refusedChat(failure *transport.Error) bool {
	switch failure.Kind {
	case transport.Refused, transport.ChatGone, transport.TopicGone, transport.MessageGone:
		return true
	}
	return false
}

// stored returns the state of the chat that is kept over a restart. It omits
// the times of retries, because a restart is a reason to try at once.
func (w *worker) stored() spool.Chat {
	c := spool.Chat{Dead: w.dead, NotBefore: w.limited}
	if w.chat.ID != w.configured.ID {
		c.MigratedTo = w.chat.ID
	}
	return c
}

// known returns the state of the chat before a call of this process.
func (w *worker) known() string {
	switch {
	case w.dead != "":
		return api.ChatDead
	case time.Now().Before(w.limited):
		return api.ChatWaiting
	default:
		return w.checked()
	}
}

// checked returns the state that [worker.check] found, for a replica that does
// not deliver: the rest of what it knows is old.
func (w *worker) checked() string {
	if w.unfit.Load() {
		return api.ChatDead
	}
	return api.ChatOK
}

// backOff waits longer after each failure, and never more than a minute. The
// wait depends on the chat and the attempt, so that many chats do not retry at
// once, and on the replica, so that replicas do not. Without replicas it is not
// random, so that tests can expect it.
func (w *worker) backOff(now time.Time) {
	w.retryAt(now, firstRetry<<min(w.failures, 10))
	w.failures++
	w.failing.Store(w.failures >= failuresToYield)
}

// retryAt sets the time of the next attempt, unless it is later already.
func (w *worker) retryAt(now time.Time, wait time.Duration) {
	wait = min(wait, lastRetry)
	if at := now.Add(wait + spread(wait/5, w.key+w.seed, w.failures)); at.After(w.notBefore) {
		w.notBefore = at
	}
}

// spread returns a time below a limit. It is always the same for an attempt in
// a chat.
func spread(limit time.Duration, chat string, attempt int) time.Duration {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", chat, attempt)
	return time.Duration(h.Sum64() % uint64(limit))
}
