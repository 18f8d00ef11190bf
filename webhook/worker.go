package webhook

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/alertnative/preflight/metrics"
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
	spool     *spool
	sender    func() Sender
	formatter func() *message.Formatter
	rates     Rates
	global    *rate.Limiter
	log       *slog.Logger
	metrics   *instruments

	wake      chan struct{}
	pace      pace
	notBefore time.Time
	limited   time.Time // until when Telegram asked to wait
	dead      string    // why the bot can't write there
	failures  int
	topicGone bool
}

// load reads what is known of the chat from before.
func (w *worker) load(tx *sql.Tx) error {
	var migrated, calls string
	var limited sql.NullInt64
	err := tx.QueryRow(`SELECT migrated_to, dead, not_before, calls FROM chats WHERE key = ?`, w.key).Scan(&migrated, &w.dead, &limited, &calls)
	if err != nil {
		return err
	}
	if migrated != "" {
		w.chat.ID = migrated
	}
	w.pace = w.rates.pace(w.chat.IsGroup())
	if err := json.Unmarshal([]byte(calls), &w.pace); err != nil {
		return err
	}
	w.limited = fromMicro(limited)
	if w.pace.setBack(time.Now()) { // what was stored is about another clock
		w.limited, w.pace.calls = time.Time{}, nil
	}
	w.notBefore = w.limited
	return nil
}

// run delivers until the context is done. A call that has begun is finished;
// hard ends it too.
func (w *worker) run(ctx, hard context.Context) {
	for ctx.Err() == nil {
		if !sleepUntil(ctx, w.notBefore) || !sleepUntil(ctx, w.pace.next()) {
			return
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
	err = w.spool.do(func(tx *sql.Tx) (err error) {
		c, err = planner{tx: tx, chat: w.key, now: now, formatter: w.formatter()}.next()
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
	for {
		err := w.spool.do(func(tx *sql.Tx) error { return errors.Join(w.record(tx, c, id, failure, now), w.save(tx)) })
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
}

// record writes down whether the chat shows what the call was to show.
func (w *worker) record(tx *sql.Tx, c *call, id int, failure *telegram.Error, now time.Time) error {
	switch {
	case failure == nil:
		return c.sent(tx, w.key, id, now)
	case failure.Kind == telegram.Refused, failure.Kind == telegram.MessageGone:
		return c.sent(tx, w.key, 0, now) // never to be shown
	default:
		return c.unsent(tx)
	}
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
			w.metrics.retried.WithLabelValues(w.key, metrics.Refused).Inc()
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

// learn draws the conclusions for the chat from the outcome of a call.
func (w *worker) learn(failure *telegram.Error, now time.Time) {
	w.notBefore, w.limited = time.Time{}, time.Time{}
	if failure == nil {
		w.failures, w.dead = 0, ""
		return
	}
	switch failure.Kind {
	case telegram.Refused, telegram.MessageGone:
	case telegram.RateLimited:
		w.limited = now.Add(min(failure.RetryAfter, slowestRetryAfter))
		w.notBefore = w.limited
	case telegram.Migrated:
		w.chat.ID = failure.MigrateTo
	case telegram.ChatGone, telegram.TopicGone:
		w.dead, w.notBefore = failure.Description, now.Add(deadRetry)
	default:
		w.backOff(now)
	}
}

// save keeps what is known of the chat over a restart. The times of plain
// retries are not: a restart is a reason to try at once.
func (w *worker) save(tx *sql.Tx) error {
	migrated := ""
	if configured, _, _ := strings.Cut(w.key, ":"); w.chat.ID != configured {
		migrated = w.chat.ID
	}
	_, err := tx.Exec(`UPDATE chats SET migrated_to = ?, dead = ?, not_before = ? WHERE key = ?`, migrated, w.dead, micro(w.limited), w.key)
	return err
}

// backOff waits longer after each failure, and never more than a minute. The
// times are spread, so that many chats do not come at once.
func (w *worker) backOff(now time.Time) {
	wait := min(firstRetry<<min(w.failures, 10), lastRetry)
	w.notBefore = now.Add(wait + rand.N(wait/5))
	w.failures++
}

// chatState is what the outcome of a call says of the chat.
func chatState(failure *telegram.Error) string {
	switch {
	case failure == nil, failure.Kind == telegram.Refused, failure.Kind == telegram.MessageGone, failure.Kind == telegram.Migrated:
		return metrics.ChatOK
	case failure.Kind == telegram.ChatGone, failure.Kind == telegram.TopicGone:
		return metrics.ChatDead
	case failure.Kind == telegram.RateLimited:
		return metrics.ChatWaiting
	default:
		return metrics.ChatUnreachable
	}
}

// report logs and counts the outcome.
func (w *worker) report(c *call, failure *telegram.Error, now time.Time) {
	w.metrics.chatState(w.key, chatState(failure))
	log := w.log.With("message", c.message, "kind", c.kind, "part", c.part, "notifications", c.notifications)
	switch {
	case failure == nil && c.edits != 0:
		w.metrics.delivered.WithLabelValues(w.key, "edit").Inc()
		log.Info("edited")
	case failure == nil:
		w.metrics.delivered.WithLabelValues(w.key, string(c.kind)).Inc()
		if c.waiting.IsZero() {
			log.Info("delivered")
			return
		}
		delay := max(0, now.Sub(c.waiting)) // the clock may have been set back
		w.metrics.delay.WithLabelValues(c.priority).Observe(delay.Seconds())
		log.Info("delivered", "delay", delay)
	case failure.Kind == telegram.Refused:
		w.metrics.failed.WithLabelValues(w.key).Inc()
		log.Error("Telegram refused the message for good", "err", failure)
	case failure.Kind == telegram.MessageGone:
		log.Warn("a message can't be edited, it is left as it is", "err", failure)
	case failure.Kind == telegram.Migrated:
		log.Warn("the group became a supergroup with another id: put it into TELEGRAM_CHAT_ID", "chat_id", failure.MigrateTo)
	default:
		w.reportRetry(log, failure, c.edits != 0)
	}
}

func (w *worker) reportRetry(log *slog.Logger, failure *telegram.Error, edit bool) {
	reason := metrics.Unreachable
	switch failure.Kind {
	case telegram.RateLimited:
		reason = metrics.RateLimited
	case telegram.Ambiguous:
		reason = metrics.Ambiguous
		if !edit { // an edit can be repeated without a trace
			w.metrics.ambiguous.WithLabelValues(w.key).Inc()
		}
	case telegram.Unauthorized, telegram.ChatGone, telegram.TopicGone:
		reason = metrics.Refused
	}
	w.metrics.retried.WithLabelValues(w.key, reason).Inc()
	log.Warn("not delivered, trying again", "reason", reason, "at", w.notBefore, "err", failure)
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
