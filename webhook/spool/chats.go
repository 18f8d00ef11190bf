package spool

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/alertnative/preflight/webhook/api"
)

// KeptCalls is the number of call times that are kept for a chat: as many as
// Telegram allows in a minute.
const KeptCalls = 60

// longestWait is longer than any wait that a service asks for.
const longestWait = 48 * time.Hour

const (
	chatKeys = `SELECT key FROM chats WHERE key IS NOT NULL`

	deleteViews     = `DELETE FROM views WHERE chat = ?`
	deleteReminders = `DELETE FROM reminders WHERE chat = ?`
	deleteMessages  = `DELETE FROM messages WHERE chat = ?`
	deleteChat      = `DELETE FROM chats WHERE key = ?`

	selectChat = `SELECT migrated_to, dead, not_before, calls FROM chats WHERE key = ?`
	resetChat  = `INSERT OR REPLACE INTO chats (key) VALUES (?)`
	updateChat = `UPDATE chats SET migrated_to = ?, dead = ?, not_before = ? WHERE key = ?`

	renamedChat = `SELECT key FROM chats WHERE key <> ?1 AND migrated_to <> '' AND
		migrated_to || CASE instr(key, ':') WHEN 0 THEN '' ELSE substr(key, instr(key, ':')) END = ?1
		AND NOT EXISTS (SELECT 1 FROM chats WHERE key = ?1)`
	respelledChat = `SELECT key FROM chats WHERE key <> ?1 AND key LIKE '@%' AND lower(key) = lower(?1) AND NOT EXISTS (SELECT 1 FROM chats WHERE key = ?1)
		ORDER BY removed_at IS NOT NULL LIMIT 1`
	renameChat      = `UPDATE chats SET key = ?1, migrated_to = '' WHERE key = ?2`
	renameViews     = `UPDATE views SET chat = ?1 WHERE chat = ?2`
	renameReminders = `UPDATE reminders SET chat = ?1 WHERE chat = ?2`
	renameMessages  = `UPDATE messages SET chat = ?1 WHERE chat = ?2`

	forgetMessages = `UPDATE messages SET telegram_id = NULL, message_id = NULL, edit = 0, refused = 0 WHERE chat = ?`
	forgetPlaces   = `UPDATE views SET first_message = NULL, last_message = NULL WHERE chat = ?`
	anyUnplaced    = `SELECT EXISTS (SELECT 1 FROM views v JOIN instances i ON i.id = v.instance
		WHERE v.chat = ? AND v.shown = 1 AND i.resolved_at IS NULL)`
	setCalls = `UPDATE chats SET calls = ? WHERE key = ?`
)

// MovedGroup stands for all groups in the reminder of what is open in a chat that
// got a new id.
const MovedGroup = ""

// Chat is the stored state of a chat.
type Chat struct {
	MigratedTo string    // the new id that Telegram gave the chat, or ""
	Dead       string    // the reason why the bot cannot write there, or ""
	NotBefore  time.Time // the end of the wait that the service asked for
	Calls      []time.Time
}

// mergeMigrated gives the state of each chat that became another configured one
// to that.
func (t *Tx) mergeMigrated(keys []string) error {
	distinct, err := t.distinct(keys)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if slices.Contains(distinct, key) {
			continue
		}
		c, err := t.Chat(key)
		if err != nil {
			return err
		}
		if err := t.inherit(movedKey(key, c.MigratedTo), key, time.Now(), false); err != nil {
			return err
		}
	}
	return nil
}

// Chat returns the stored state of a chat.
func (t *Tx) Chat(key string) (c Chat, err error) {
	var calls string
	var notBefore sql.NullInt64
	err = t.queryRow(selectChat, key).Scan(&c.MigratedTo, &c.Dead, &notBefore, &calls)
	if errors.Is(err, sql.ErrNoRows) {
		return c, err
	}
	if c.NotBefore = fromMicro(notBefore); c.NotBefore.After(time.Now().Add(longestWait)) {
		c.NotBefore = time.Time{}
	}
	if err == nil {
		c.Calls, err = decodeCalls(calls)
	}
	if err == nil && c.MigratedTo != "" {
		err = checkSupergroup(c.MigratedTo)
	}
	if err != nil && IsItem(err) {
		return Chat{}, t.resetChat(key, err)
	}
	return c, err
}

// checkSupergroup returns an error if a text is not the id of a supergroup, which
// is negative.
func checkSupergroup(text string) error {
	id, err := strconv.ParseInt(text, 10, 64)
	if err == nil && id >= 0 {
		err = fmt.Errorf("%d is no supergroup", id)
	}
	return err
}

// resetChat replaces the state of a chat that cannot be read.
func (t *Tx) resetChat(key string, reason error) error {
	if err := t.SetAside(Aside{Kind: api.AsideChat, Reason: fmt.Sprintf("chat %s: %v", key, reason)}, time.Now()); err != nil {
		return err
	}
	_, err := t.exec(resetChat, key)
	return err
}

// renameMigrated gives what is stored of a chat to its new id, once the
// configuration names that. So it does if the case of a @name was changed.
func (t *Tx) renameMigrated(key string, configured []string) error {
	var old string
	err := t.queryRow(renamedChat, key).Scan(&old)
	if errors.Is(err, sql.ErrNoRows) {
		err = t.queryRow(respelledChat, key).Scan(&old)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || slices.Contains(configured, old) {
		return err
	}
	for _, rename := range []string{renameChat, renameViews, renameReminders, renameMessages, renameInstances, renameStorm, renameFlaps, renameClusters} {
		if _, err := t.exec(rename, key, old); err != nil {
			return err
		}
	}
	return nil
}

// SetChat stores the state of a chat without its calls, at a time, and returns
// the present one. It returns nil if this replica does not serve the chat. Once
// migrated, a chat stays so: another replica may not know it yet. Elsewhere means
// that another replica made the call that showed the state.
func (t *Tx) SetChat(key string, c Chat, at time.Time, elsewhere bool) (*Chat, error) {
	before, err := t.Chat(key)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.MigratedTo = cmp.Or(c.MigratedTo, before.MigratedTo)
	if c.MigratedTo != before.MigratedTo {
		if err := t.moved(key, c.MigratedTo, at, elsewhere); err != nil {
			return nil, err
		}
	}
	_, err = t.exec(updateChat, c.MigratedTo, c.Dead, micro(c.NotBefore), key)
	return &c, err
}

// moved records that a chat has a new id and numbers its messages anew. The old
// messages can be neither edited nor replied to. What is open is due to be shown
// once more, as a reminder of [MovedGroup]. If the new id is configured too, that
// chat takes over what the old one shows.
func (t *Tx) moved(key, to string, at time.Time, elsewhere bool) error {
	successor, err := t.successor(key, to)
	if err != nil {
		return err
	}
	if successor != "" {
		return t.inherit(successor, key, at, elsewhere)
	}
	for _, forget := range []string{deleteQueued, forgetSummaries, deleteStorm, deleteFlaps, forgetFlaps, forgetMessages, forgetPlaces} {
		if _, err := t.exec(forget, key); err != nil {
			return err
		}
	}
	return t.showMoved(key, at, elsewhere)
}

// SetCalls stores the times of the latest calls to a chat.
func (t *Tx) SetCalls(key string, calls []time.Time) error {
	times := make([]int64, len(calls))
	for i, c := range calls {
		times[i] = c.UnixMicro()
	}
	data, err := json.Marshal(times)
	if err != nil {
		return err
	}
	_, err = t.exec(setCalls, string(data), key)
	return err
}

func decodeCalls(data string) ([]time.Time, error) {
	var times []int64
	if err := json.Unmarshal([]byte(data), &times); err != nil {
		return nil, err
	}
	var calls []time.Time
	for _, at := range times {
		calls = append(calls, time.UnixMicro(at))
	}
	return calls, nil
}

// AddCall stores the time of another call to a chat.
func (t *Tx) AddCall(key string, at time.Time) error {
	c, err := t.Chat(key)
	if err != nil {
		return err
	}
	calls := append(c.Calls, at)
	return t.SetCalls(key, calls[max(0, len(calls)-KeptCalls):])
}
