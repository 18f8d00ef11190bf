package webhook

import (
	"database/sql"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/message"
)

// sent records that the chat shows the message, under Telegram's id. An id of
// 0 says that Telegram will never show it.
func (c *call) sent(tx *txn, chat string, telegramID int, now time.Time) error {
	if c.edits != 0 {
		return c.edited(tx)
	}
	if _, err := tx.Exec(`UPDATE messages SET state = 'sent', telegram_id = NULLIF(?, 0), sent_at = ?, content = '' WHERE id = ?`,
		telegramID, now.UnixMicro(), c.message); err != nil {
		return err
	}
	for _, l := range c.listed {
		if err := c.shown(tx, chat, l, now); err != nil {
			return err
		}
	}
	return nil
}

// shown brings the chat's view of an instance up to what the message says. It
// never takes back what another message showed: of two replicas that did not
// know of each other the second can tell of the end before the first one's
// start is known here.
func (c *call) shown(tx *txn, chat string, l listed, now time.Time) error {
	over := c.kind == message.Resolution || c.kind == message.Digest
	shown, listing := 1, c.message
	if over || l.Resolved {
		shown = 2
	}
	if over { // it tells of the end, and lists nothing that is to be edited
		listing = 0
	}
	// It can have been resolved while the message was on its way.
	if err := tx.QueryRow(`UPDATE views SET shown = MAX(shown, ?1), first_message = COALESCE(first_message, NULLIF(?2, 0)),
		last_message = COALESCE(NULLIF(?2, 0), last_message),
		told_at = COALESCE(told_at, ?5), over_at = COALESCE(over_at, CASE WHEN ?1 = 2 THEN ?5 END),
		pending = MAX(shown, ?1) < (SELECT CASE WHEN resolved_at IS NULL THEN 1 ELSE 2 END FROM instances WHERE id = ?4)
		WHERE chat = ?3 AND instance = ?4 RETURNING shown`, shown, listing, chat, l.ID, now.UnixMicro()).Scan(&shown); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil // it was forgotten
		}
		return err
	}
	if shown < 2 {
		return nil
	}
	// Whatever shows it as firing is to show the end.
	current := c.message
	if !over && !l.Resolved {
		current = 0
	}
	_, err := tx.Exec(`UPDATE messages SET edit = 1 WHERE telegram_id IS NOT NULL AND id <> ?3 AND id IN (
		SELECT first_message FROM views WHERE chat = ?1 AND instance = ?2 UNION
		SELECT last_message FROM views WHERE chat = ?1 AND instance = ?2)`, chat, l.ID, current)
	return err
}

// edited ends an edit, unless another one has become due.
func (c *call) edited(tx *txn) error {
	_, err := tx.Exec(`UPDATE messages SET edit = 0 WHERE id = ? AND edit = 2`, c.message)
	return err
}

// unsent takes back what was written down before a call that did not
// succeed. The first part of a message is forgotten with all others, and what
// is true then is planned anew; a later one waits to be sent again.
func (c *call) unsent(tx *txn) error {
	switch {
	case c.edits != 0:
		_, err := tx.Exec(`UPDATE messages SET edit = 1 WHERE id = ? AND edit = 2`, c.message)
		return err
	case c.part == 1:
		_, err := tx.Exec(`DELETE FROM messages WHERE batch = ?`, c.message)
		return err
	default:
		_, err := tx.Exec(`UPDATE messages SET state = 'queued' WHERE id = ?`, c.message)
		return err
	}
}

// recoverCalls takes back, at start, what a process that died was doing. It
// returns for each chat how many messages may have been shown all the same.
func recoverCalls(tx *txn) (map[string]int, error) {
	rows, err := tx.Query(`SELECT id, chat, batch, part FROM messages WHERE state = 'sending'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ambiguous := map[string]int{}
	var calls []*call
	for rows.Next() {
		var c call
		var chat string
		if err := rows.Scan(&c.message, &chat, &c.batch, &c.part); err != nil {
			return nil, err
		}
		ambiguous[chat]++
		calls = append(calls, &c)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, c := range calls {
		if err := c.unsent(tx); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(`UPDATE messages SET edit = 1 WHERE edit = 2`)
	return ambiguous, err
}
