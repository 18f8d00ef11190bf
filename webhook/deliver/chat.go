package webhook

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/telegram"
)

// load reads what is known of the chat from before.
func (w *worker) load(tx *txn) error {
	var migrated, calls string
	var limited sql.NullInt64
	err := tx.QueryRow(`SELECT migrated_to, dead, not_before, calls FROM chats WHERE key = ?`, w.key).Scan(&migrated, &w.dead, &limited, &calls)
	if err != nil {
		return err
	}
	w.chat.ID, _, _ = strings.Cut(w.key, ":")
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

// learn draws the conclusions for the chat from the outcome of a call.
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

// save keeps what is known of the chat over a restart. The times of plain
// retries are not: a restart is a reason to try at once.
func (w *worker) save(tx *txn) error {
	_, err := tx.Exec(`UPDATE chats SET migrated_to = ?, dead = ?, not_before = ? WHERE key = ?`, w.migrated(), w.dead, micro(w.limited), w.key)
	return err
}

// migrated returns the id that Telegram gave the chat since; empty for none.
func (w *worker) migrated() string {
	if configured, _, _ := strings.Cut(w.key, ":"); w.chat.ID != configured {
		return w.chat.ID
	}
	return ""
}

// known is the state of the chat as far as it was told by another replica.
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
// times are spread, so that many chats do not come at once: by the chat and the
// attempt and not by chance, so that what is told when can be tested.
func (w *worker) backOff(now time.Time) {
	wait := min(firstRetry<<min(w.failures, 10), lastRetry)
	w.notBefore = now.Add(wait + spread(wait/5, w.key, w.failures))
	w.failures++
	w.failing.Store(w.failures >= failuresToYield)
}

// spread returns a time below a limit that looks random but is always the same
// for a chat's attempt.
func spread(limit time.Duration, chat string, attempt int) time.Duration {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", chat, attempt)
	return time.Duration(h.Sum64() % uint64(limit))
}
