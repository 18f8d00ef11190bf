package deliver

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/telegram"
)

const (
	// firstRetry and lastRetry bound the time between two attempts to reach
	// Telegram; it doubles in between.
	firstRetry = time.Second
	lastRetry  = 50 * time.Second
	// deadRetry is the time between two attempts in a chat that refuses the bot.
	deadRetry = 10 * time.Minute
	// slowestRetryAfter is the longest wait that Telegram can ask for.
	slowestRetryAfter = 24 * time.Hour
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
	w.chat.ID, _, _ = strings.Cut(w.key, ":")
	if c.MigratedTo != "" {
		w.chat.ID = c.MigratedTo
	}
	w.dead, w.limited = c.Dead, c.NotBefore
	w.pace = w.Rates.pace(w.chat.IsGroup())
	w.pace.takeOver(c.Calls)
	if w.pace.setBack(time.Now()) { // the stored times are of another clock
		w.limited, w.pace.calls = time.Time{}, nil
	}
	w.notBefore = w.limited
	return nil
}

// learn updates the state of the chat with the outcome of a call.
func (w *worker) learn(failure *telegram.Error, now time.Time) {
	w.notBefore, w.limited = time.Time{}, time.Time{}
	if failure == nil {
		w.failures, w.dead = 0, ""
		w.failing.Store(false)
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

// stored returns the state of the chat that is kept over a restart. It omits
// the times of retries, because a restart is a reason to try at once.
func (w *worker) stored() spool.Chat {
	c := spool.Chat{Dead: w.dead, NotBefore: w.limited}
	if configured, _, _ := strings.Cut(w.key, ":"); w.chat.ID != configured {
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
		return api.ChatOK
	}
}

// backOff waits longer after each failure, and never more than a minute. The
// wait depends on the chat and the attempt, so that many chats do not retry at
// once. It is not random, so that tests can expect it.
func (w *worker) backOff(now time.Time) {
	wait := min(firstRetry<<min(w.failures, 10), lastRetry)
	w.notBefore = now.Add(wait + spread(wait/5, w.key, w.failures))
	w.failures++
	w.failing.Store(w.failures >= failuresToYield)
}

// spread returns a time below a limit. It is always the same for an attempt in
// a chat.
func spread(limit time.Duration, chat string, attempt int) time.Duration {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", chat, attempt)
	return time.Duration(h.Sum64() % uint64(limit))
}
