package deliver

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// worker delivers to one chat, one call after the other.
type worker struct {
	*Options
	key              string         // the chat as configured
	configured, chat transport.Chat // as configured, and as the service names it now
	lease            *lease.Lease   // under which it acts
	log              *slog.Logger
	metrics          *instruments

	service *service
	topics  func() []string // the keys of other topics of the chat
	stop    func()
	seed    string // distinguishes the retries of replicas

	wake      chan struct{}
	rang      time.Time // the last call about an urgent alert
	edited    time.Time // the last edit of a summary
	flapped   flapEdits
	divided   divisions   // the summaries that were refused
	calls     []time.Time // the start of the latest, without those of other topics
	notBefore time.Time
	limited   time.Time // the end of the wait that the service asked for
	dead      string    // the reason why the bot cannot write there
	failures  int
	topicAway time.Time   // until which messages go to the chat instead of its topic
	unfit     atomic.Bool // [worker.check] found that messages will be refused
	proved    atomic.Bool // the chat took a message, which proves more than the check
	postponed postponed   // the messages whose text was refused
	settled   bool        // no old group can have become this chat
	failing   atomic.Bool // the service cannot be reached from here
}

// transport returns the transport of the chat.
func (w *worker) transport() transport.Transport { return w.Transport(w.configured.Service()) }

// formatter returns the formatter of the messages, whose length fits the chat.
func (w *worker) formatter() *message.Formatter {
	return w.Formatter(w.key).Within(w.transport().Capabilities(w.chat).Text)
}

// run delivers while this process holds the lease, until the context is done.
// It finishes a call in progress, unless hard is done.
func (w *worker) run(ctx, hard context.Context) {
	for ctx.Err() == nil { // the chat can be removed while the lease lasts
		var ok bool
		if w.lease, ok = w.Holder.Next(ctx); !ok {
			return
		}
		if err := w.begin(); err != nil {
			w.log.Error("reading the state of the chat failed: trying again", "err", err)
			if errors.Is(err, spool.ErrClosed) || !sleepUntil(ctx, time.Now().Add(firstRetry)) {
				return
			}
			continue
		}
		w.deliverAll(ctx, hard)
		w.failing.Store(false)
		if ctx.Err() == nil { // the next holder of the lease shows the state
			w.metrics.chatState(w.key, w.checked())
			w.metrics.storm.WithLabelValues(w.key).Set(0)
		}
	}
}

// begin reads the state in which another replica left the chat.
func (w *worker) begin() error {
	if !w.Shares {
		return nil
	}
	if err := w.Spool.Do(w.load); err != nil {
		return err
	}
	if w.lease.Fresh { // the other replica may have died before it pushed its last call
		w.pace().begin(time.Now())
	}
	w.failures, w.topicAway, w.postponed, w.divided = 0, time.Time{}, postponed{}, nil
	w.metrics.chatState(w.key, w.known())
	return nil
}

// deliverAll delivers until the lease ends, or the context is done.
func (w *worker) deliverAll(ctx, hard context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.lease.Context(), cancel)()
	for ctx.Err() == nil {
		p := w.pace()
		if !sleepUntil(ctx, w.notBefore) || !p.take(ctx, w.lease.Share) {
			return
		}
		if !w.lease.Valid() {
			p.give()
			if !sleepUntil(ctx, time.Now().Add(firstRetry/10)) {
				return
			}
			continue
		}
		c, at, err := w.next()
		if err == nil && c != nil && w.succeeds(ctx, c) {
			c = nil // the plan has changed
		}
		if c == nil || err != nil {
			p.give()
		}
		switch {
		case errors.Is(err, spool.ErrClosed):
			return
		case err != nil:
			w.log.Error("planning the next message failed: trying again", "err", err)
			w.backOff(time.Now())
		case c != nil:
			o := w.try(ctx, hard, c)
			p.give()
			w.conclude(hard, c, o)
		default:
			w.rest(ctx, at)
		}
	}
}

// rest waits for changes, and for a time unless it is zero.
func (w *worker) rest(ctx context.Context, until time.Time) {
	var over <-chan time.Time
	if !until.IsZero() {
		timer := time.NewTimer(time.Until(until))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-w.wake:
	case <-over:
	case <-ctx.Done():
	}
}

// next stores the next call, and its time for the rate of the chat. If there is
// none, it returns the time at which one may be due, or zero.
func (w *worker) next() (c *call, wake time.Time, err error) {
	now, topics, formatter := time.Now(), w.topics(), w.formatter()
	var before, after *spool.Storm
	err = w.Spool.Do(func(tx *spool.Tx) (err error) {
		if before, err = tx.Storm(w.key); err != nil {
			return err
		}
		if several, err := tx.SeveralClusters(w.key); err != nil {
			return err
		} else if several {
			formatter = formatter.NamingClusters()
		}
		c, wake, err = w.choose(planner{
			tx: tx, chat: w.key, topics: topics, now: now, formatter: formatter, ownOnly: w.lease.OwnOnly,
			budget: w.pace().budget(w.lease.Share, 1+len(topics)), rang: w.rang, edited: w.edited, flapped: w.flapped, divided: w.divided,
			editsFrom: w.service.edits.next(now),
		})
		if err != nil {
			return err
		}
		if after, err = tx.Storm(w.key); c == nil || err != nil {
			return err
		}
		return tx.SetCalls(w.key, latest(append(slices.Clone(w.calls), now)))
	})
	if err == nil {
		if after == nil {
			w.divided = nil
		}
		w.reportStorm(before, after)
	}
	return c, wake, err
}

// conclude learns and records the outcome of a call.
func (w *worker) conclude(hard context.Context, c *call, o outcome) {
	now := time.Now()
	if !o.postponed {
		w.learn(c, o.failure, now)
	}
	var seq int64
	for {
		err := w.Spool.Do(func(tx *spool.Tx) (err error) {
			if err := tx.Follow(&c.Message); err != nil {
				return err
			}
			if seq, err = w.record(tx, c, o, now); err != nil {
				return err
			}
			_, err = tx.SetChat(w.key, w.stored(), now, false)
			return err
		})
		if err == nil {
			break
		}
		// A lost outcome would repeat the message.
		w.log.Error("recording the outcome of a delivery failed: trying again", "message", c.ID, "err", err)
		if errors.Is(err, spool.ErrClosed) || !sleepUntil(hard, time.Now().Add(firstRetry)) {
			return
		}
	}
	if !o.postponed {
		w.report(c, o, now)
		if c.rings && o.failure == nil {
			w.rang = now
		}
		switch {
		case c.edits && c.flap != 0:
			w.flapped.note(c.flap, now)
		case c.edits:
			w.edited = now
		}
	}
	if w.Shares {
		w.Holder.Wake()
		w.Holder.AwaitPushed(w.lease, seq)
	}
}

// record stores whether the chat shows the message. It appends the outcome to
// the journal for other replicas.
func (w *worker) record(tx *spool.Tx, c *call, o outcome, now time.Time) (seq int64, err error) {
	chat := w.stored()
	e := state.CallEvent{Chat: w.key, MigratedTo: chat.MigratedTo, Dead: chat.Dead}
	if !chat.NotBefore.IsZero() {
		e.NotBefore = chat.NotBefore.UnixMicro()
	}
	ambiguous := o.failure != nil && o.failure.Kind == transport.Ambiguous
	switch {
	case c.Kind.Summarizes():
		e.Sent, e.Ambiguous, err = w.recordSummary(tx, c, o, now)
	case c.flap != 0 || c.Kind == message.Flapping:
		e.Sent, e.Ambiguous, err = w.recordFlap(tx, c, o, now)
	case c.Edits != "" && (o.failure == nil || o.failure.Kind == transport.MessageGone):
		e.SetEdit(c.Edits)
		err = tx.Edited(&c.Message)
	case c.Edits != "" && refusedEdit(c, o.failure):
		err = tx.EditRefused(&c.Message)
	case o.failure == nil:
		if err = tx.Sent(&c.Message, o.id, now); err == nil && w.Shares {
			e.Sent, err = tx.SentEvent(&c.Message, o.id)
		}
	case ambiguous && c.Edits == "": // an edit can be repeated without a trace
		if err = tx.Ambiguous(&c.Message); err == nil && w.Shares {
			e.Ambiguous, err = tx.SentEvent(&c.Message, "")
		}
		err = errors.Join(err, tx.Unsent(&c.Message))
	default:
		err = tx.Unsent(&c.Message)
	}
	if err != nil || !w.Shares {
		return 0, err
	}
	return tx.AppendEvent(now, state.EventCall, e)
}
