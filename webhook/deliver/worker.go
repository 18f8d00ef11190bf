package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

const (
	// firstRetry and lastRetry bound the time between two attempts to reach
	// Telegram; it doubles in between.
	firstRetry = time.Second
	lastRetry  = 50 * time.Second
	// deadRetry is how often a chat that refuses the bot is tried again.
	deadRetry = 10 * time.Minute
	// slowestRetryAfter bounds what an answer can make a chat wait.
	slowestRetryAfter = 24 * time.Hour
	// failuresToYield is how many calls in a row fail before another replica is
	// to try.
	failuresToYield = 3
)

// Sender shows messages in chats; [telegram.Client] is the real one. Errors
// are of type [*telegram.Error].
type Sender interface {
	Send(context.Context, telegram.Chat, telegram.Message) (id int, err error)
	Edit(ctx context.Context, chat telegram.Chat, id int, m telegram.Message) error
}

// worker brings one chat to the present state, one call after the other.
type worker struct {
	key       string        // the chat as configured
	chat      telegram.Chat // as Telegram calls it now
	turn      *turn         // in which it acts
	spool     *spool
	sender    func() Sender
	formatter func() *message.Formatter
	rates     Rates
	global    *rate.Limiter
	log       *slog.Logger
	metrics   *instruments

	turns  *turns
	shares bool // other replicas are to know what was shown

	wake      chan struct{}
	pace      pace
	notBefore time.Time
	limited   time.Time // until when Telegram asked to wait
	dead      string    // why the bot can't write there
	failures  int
	topicGone bool
	failing   atomic.Bool // Telegram can't be reached from here
}

// run delivers whenever it is this process's turn, until the context is done.
// A call that has begun is finished; hard ends it too.
func (w *worker) run(ctx, hard context.Context) {
	for {
		var ok bool
		if w.turn, ok = w.turns.next(ctx); !ok {
			return
		}
		if err := w.begin(); err != nil {
			w.log.Error("the state of the chat could not be read, trying again", "err", err)
			if errors.Is(err, errClosed) || !sleepUntil(ctx, time.Now().Add(firstRetry)) {
				return
			}
			continue
		}
		w.deliverAll(w.turn.ctx, hard)
		w.failing.Store(false)
		if ctx.Err() == nil { // what this one knows of the chat is no longer how it stands
			w.metrics.chatState(w.key, w.known())
		}
	}
}

// begin takes the chat up as another replica left it.
func (w *worker) begin() error {
	if !w.shares {
		return nil
	}
	if err := w.spool.do(w.load); err != nil {
		return err
	}
	if w.turn.fresh { // the other may have died before it told of its last call
		w.pace.begin(time.Now())
	}
	w.failures, w.topicGone = 0, false
	w.metrics.chatState(w.key, w.known())
	return nil
}

// deliverAll delivers until the turn is over.
func (w *worker) deliverAll(ctx, hard context.Context) {
	for ctx.Err() == nil {
		if !sleepUntil(ctx, w.notBefore) || !sleepUntil(ctx, w.pace.next()) {
			return
		}
		if !w.turn.valid() {
			if !sleepUntil(ctx, time.Now().Add(firstRetry/10)) {
				return
			}
			continue
		}
		c, err := w.next()
		switch {
		case errors.Is(err, errClosed):
			return
		case err != nil:
			w.log.Error("the next message could not be planned", "err", err)
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

// poke makes the worker look for something to do.
func (w *worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// next writes down the next call, and that the chat's rate is used by it.
func (w *worker) next() (c *call, err error) {
	now := time.Now()
	err = w.spool.do(func(tx *txn) (err error) {
		c, err = planner{tx: tx, chat: w.key, now: now, formatter: w.formatter(), ownOnly: w.turn.ownOnly}.next()
		if c == nil || err != nil {
			return err
		}
		after := w.pace
		after.calls = slices.Clone(w.pace.calls)
		after.begin(now)
		calls, err := json.Marshal(&after)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE chats SET calls = ? WHERE key = ?`, string(calls), w.key)
		return err
	})
	return c, err
}

// deliver makes the call and records what came of it.
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
		err := w.spool.do(func(tx *txn) (err error) {
			seq, err = w.record(tx, c, id, failure, now)
			return errors.Join(err, w.save(tx))
		})
		if err == nil {
			break
		}
		// Forgetting the outcome would repeat the message.
		w.log.Error("the outcome of a delivery could not be recorded, trying again", "message", c.message, "err", err)
		if errors.Is(err, errClosed) || !sleepUntil(hard, time.Now().Add(firstRetry)) {
			return
		}
	}
	w.report(c, failure, now)
	if w.shares {
		w.turns.wake()
		w.turns.awaitPushed(w.turn, seq)
	}
}

// record writes down whether the chat shows what the call was to show,
// or is never to, and notes it for other replicas.
func (w *worker) record(tx *txn, c *call, id int, failure *telegram.Error, now time.Time) (seq int64, err error) {
	done := failure == nil || failure.Kind == telegram.Refused || failure.Kind == telegram.MessageGone
	if done {
		err = c.sent(tx, w.key, id, now)
	} else {
		err = c.unsent(tx)
	}
	if err == nil && w.shares {
		seq, err = c.note(tx, w, done, id, now)
	}
	return seq, err
}

// try makes the call; content that Telegram refuses goes once more without
// formatting, and to the chat itself when the topic is gone.
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
		if c.edits != 0 {
			err = w.sender().Edit(hard, chat, c.edits, c.content)
		} else {
			id, err = w.sender().Send(hard, chat, c.content)
		}
		w.pace.end(time.Now())
		var failure *telegram.Error
		switch {
		case !errors.As(err, &failure):
			return id, err
		case failure.Kind == telegram.Refused && c.content.HTML != "":
			w.metrics.retried.WithLabelValues(w.key, api.Refused).Inc()
			w.log.Error("Telegram refused a message, it goes as plain text now", "message", c.message, "err", failure)
			c.content.HTML = ""
		case failure.Kind == telegram.TopicGone && chat.Topic != 0:
			w.log.Error("the topic is gone or closed, messages go to the chat itself", "topic", chat.Topic, "err", failure)
			w.topicGone = true
		default:
			return id, err
		}
		if !sleepUntil(ctx, w.pace.next()) {
			return 0, &telegram.Error{Kind: telegram.Unreachable, Description: "shutting down"}
		}
	}
}

// sleepUntil waits for a time, and reports false when the context ended first.
func sleepUntil(ctx context.Context, t time.Time) bool {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
