package deliver

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/telegram"
)

// worker delivers to one chat, one call after the other.
type worker struct {
	*Options
	key     string        // the chat as configured
	chat    telegram.Chat // as Telegram calls it now
	lease   *lease.Lease  // under which it acts
	global  *rate.Limiter
	log     *slog.Logger
	metrics *instruments

	wake      chan struct{}
	pace      pace
	notBefore time.Time
	limited   time.Time // the end of the wait that Telegram asked for
	dead      string    // the reason why the bot cannot write there
	failures  int
	topicGone bool
	failing   atomic.Bool // Telegram cannot be reached from here
}

// run delivers while this process holds the lease, until the context is done.
// It finishes a call in progress, unless hard is done.
func (w *worker) run(ctx, hard context.Context) {
	for {
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
		w.deliverAll(w.lease.Context(), hard)
		w.failing.Store(false)
		if ctx.Err() == nil { // the next holder of the lease changes the state
			w.metrics.chatState(w.key, w.known())
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
		w.pace.begin(time.Now())
	}
	w.failures, w.topicGone = 0, false
	w.metrics.chatState(w.key, w.known())
	return nil
}

// deliverAll delivers until the lease ends.
func (w *worker) deliverAll(ctx, hard context.Context) {
	for ctx.Err() == nil {
		if !sleepUntil(ctx, w.notBefore) || !sleepUntil(ctx, w.pace.next()) {
			return
		}
		if !w.lease.Valid() {
			if !sleepUntil(ctx, time.Now().Add(firstRetry/10)) {
				return
			}
			continue
		}
		c, err := w.next()
		switch {
		case errors.Is(err, spool.ErrClosed):
			return
		case err != nil:
			w.log.Error("planning the next message failed: trying again", "err", err)
			w.backOff(time.Now())
		case c != nil:
			w.deliver(ctx, hard, c)
		default:
			select {
			case <-w.wake:
			case <-ctx.Done():
			}
		}
	}
}

// next stores the next call, and its time for the rate of the chat.
func (w *worker) next() (c *call, err error) {
	now := time.Now()
	err = w.Spool.Do(func(tx *spool.Tx) (err error) {
		c, err = planner{tx: tx, chat: w.key, now: now, formatter: w.Formatter(), ownOnly: w.lease.OwnOnly}.next()
		if c == nil || err != nil {
			return err
		}
		after := w.pace
		after.calls = slices.Clone(w.pace.calls)
		after.begin(now)
		return tx.SetCalls(w.key, after.calls)
	})
	return c, err
}

// deliver makes the call and records its outcome.
func (w *worker) deliver(ctx, hard context.Context, c *call) {
	id, err := w.try(ctx, hard, c)
	now := time.Now()
	var failure *telegram.Error
	if err != nil && !errors.As(err, &failure) {
		failure = &telegram.Error{Kind: telegram.Unreachable, Description: err.Error()}
	}
	w.learn(failure, now)
	var seq int64
	for {
		err := w.Spool.Do(func(tx *spool.Tx) (err error) {
			if seq, err = w.record(tx, c, id, failure, now); err != nil {
				return err
			}
			_, err = tx.SetChat(w.key, w.stored())
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
	w.report(c, failure, now)
	if w.Shares {
		w.Holder.Wake()
		w.Holder.AwaitPushed(w.lease, seq)
	}
}

// record stores whether the chat shows the message or never will. It appends
// the outcome to the journal for other replicas.
func (w *worker) record(tx *spool.Tx, c *call, id int, failure *telegram.Error, now time.Time) (seq int64, err error) {
	done := failure == nil || failure.Kind == telegram.Refused || failure.Kind == telegram.MessageGone
	if done {
		err = tx.Sent(&c.Message, id, now)
	} else {
		err = tx.Unsent(&c.Message)
	}
	if err != nil || !w.Shares {
		return 0, err
	}
	chat := w.stored()
	e := state.CallEvent{Chat: w.key, MigratedTo: chat.MigratedTo, Dead: chat.Dead}
	if !chat.NotBefore.IsZero() {
		e.NotBefore = chat.NotBefore.UnixMicro()
	}
	switch {
	case !done:
	case c.Edits != 0:
		e.Edited = c.Edits
	default:
		if e.Sent, err = tx.SentEvent(&c.Message, id); err != nil {
			return 0, err
		}
	}
	return tx.AppendEvent(now, state.EventCall, e)
}

// try makes the call. If Telegram refuses the content, it sends it once more
// without formatting. If the topic is gone, it sends the content to the chat
// itself.
func (w *worker) try(ctx, hard context.Context, c *call) (id int, err error) {
	for {
		if err := w.global.Wait(hard); err != nil {
			return 0, err
		}
		chat := w.chat
		if w.topicGone {
			chat.Topic = 0
		}
		w.pace.begin(time.Now())
		if c.Edits != 0 {
			err = w.Sender().Edit(hard, chat, c.Edits, c.content)
		} else {
			id, err = w.Sender().Send(hard, chat, c.content)
		}
		w.pace.end(time.Now())
		var failure *telegram.Error
		switch {
		case !errors.As(err, &failure):
			return id, err
		case failure.Kind == telegram.Refused && c.content.HTML != "":
			w.metrics.retried.WithLabelValues(w.key, api.Refused).Inc()
			w.log.Error("Telegram refused a message: sending it as plain text", "message", c.ID, "err", failure)
			c.content.HTML = ""
		case failure.Kind == telegram.TopicGone && chat.Topic != 0:
			w.log.Error("the topic is gone or closed: sending to the chat itself", "topic", chat.Topic, "err", failure)
			w.topicGone = true
		default:
			return id, err
		}
		if !sleepUntil(ctx, w.pace.next()) {
			return 0, &telegram.Error{Kind: telegram.Unreachable, Description: "shutting down"}
		}
	}
}
