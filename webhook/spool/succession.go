package spool

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// A group that becomes a supergroup gets another id. The webhook may be
// configured with the new id before it learns that, or with both ids. Then two
// keys are one chat.

// formerPrefix marks the row of a chat that is no longer configured, and whose
// state a new chat may take over.
const formerPrefix = "former "

const (
	showsAnything = `SELECT EXISTS (SELECT 1 FROM views WHERE chat = ? AND shown > 0)`
	markFormer    = `UPDATE chats SET key = ? WHERE key = ?`
	// The instances of the old group are those of the new one.
	renameInstances = `UPDATE instances SET chat = ?1 WHERE chat = ?2`
	migratedChats   = `SELECT key, migrated_to FROM chats WHERE migrated_to <> '' AND key IS NOT NULL`
	chatExists      = `SELECT EXISTS (SELECT 1 FROM chats WHERE key = ?)`
	setMigrated     = `UPDATE chats SET migrated_to = ? WHERE key = ?`

	// The messages of the old group can be neither edited nor replied to.
	inheritViews = `INSERT INTO views (chat, instance, pending, shown, told_at, over_at)
		SELECT ?1, instance, pending, shown, told_at, over_at FROM views WHERE chat = ?2
		ON CONFLICT (chat, instance) DO UPDATE SET pending = excluded.pending, shown = excluded.shown, told_at = excluded.told_at,
			over_at = excluded.over_at, ambiguous = 0, first_message = NULL, last_message = NULL WHERE excluded.shown > shown`
)

// Predecessors returns the ids of the chats that may have become this one: other
// groups, also former ones, that show alerts, while this chat shows none.
func (t *Tx) Predecessors(key string) (ids []string, err error) {
	id, topic := cutTopic(key)
	if !isGroup(id) {
		return nil, nil
	}
	var shows bool
	if err := t.queryRow(showsAnything, key).Scan(&shows); err != nil || shows {
		return nil, err
	}
	rows, err := t.query(chatKeys)
	known, err := collect(rows, err, scanKey)
	if err != nil {
		return nil, err
	}
	for _, other := range known {
		other = strings.TrimPrefix(other, formerPrefix)
		otherID, otherTopic := cutTopic(other)
		if other == key || otherTopic != topic || !isGroup(otherID) {
			continue
		}
		if err := t.queryRow(showsAnything, other).Scan(&shows); err != nil {
			return nil, err
		}
		if shows {
			ids = append(ids, otherID)
		}
	}
	return ids, nil
}

// Succeed gives the state of an old group to the chat that the group became. What
// is open is due to be shown once more, as a reminder of [MovedGroup].
func (t *Tx) Succeed(key, oldID string, at time.Time) error {
	id, topic := cutTopic(key)
	old := oldID + topic
	if _, err := t.exec(setMigrated, id, old); err != nil {
		return err
	}
	if _, err := t.exec(deleteChat, formerPrefix+old); err != nil {
		return err
	}
	return t.inherit(key, old, at, false)
}

// inherit moves what an old chat shows to the chat that it became.
func (t *Tx) inherit(key, old string, at time.Time, elsewhere bool) error {
	if _, err := t.exec(inheritViews, key, old); err != nil {
		return err
	}
	if _, err := t.exec(renameInstances, key, old); err != nil {
		return err
	}
	if err := errors.Join(t.forget(old), t.noteClusters(key)); err != nil {
		return err
	}
	return t.showMoved(key, at, elsewhere)
}

// forget removes what is stored of a chat, except its row.
func (t *Tx) forget(key string) error {
	for _, remove := range []string{deleteViews, deleteReminders, deleteMessages, deleteStorm, deleteFlaps, deleteClusters} {
		if _, err := t.exec(remove, key); err != nil {
			return err
		}
	}
	return nil
}

// showMoved makes a reminder of what is open due in a chat that shows it in no
// message.
func (t *Tx) showMoved(key string, at time.Time, elsewhere bool) error {
	var open bool
	if err := t.queryRow(anyUnplaced, key).Scan(&open); err != nil || !open {
		return err
	}
	_, err := t.exec(insertReminder, key, MovedGroup, 0, at.UnixMicro(), state.Silent, !elsewhere)
	return err
}

// distinct leaves out the chats that became another one of the list: that one
// shows the alerts.
func (t *Tx) distinct(keys []string) ([]string, error) {
	if len(keys) < 2 {
		return keys, nil
	}
	rows, err := t.query(migratedChats)
	moved, err := collect(rows, err, func(rows *sql.Rows) (m [2]string, err error) { return m, rows.Scan(&m[0], &m[1]) })
	if err != nil || len(moved) == 0 {
		return keys, err
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return slices.ContainsFunc(moved, func(m [2]string) bool { return m[0] == key && slices.Contains(keys, movedKey(m[0], m[1])) })
	}), nil
}

// successor returns the key of the chat that a chat became, if that is stored
// too, or "".
func (t *Tx) successor(key, migratedTo string) (string, error) {
	to := movedKey(key, migratedTo)
	var stored bool
	if err := t.queryRow(chatExists, to).Scan(&stored); err != nil || !stored {
		return "", err
	}
	return to, nil
}

// movedKey returns the key of a chat with its new id.
func movedKey(key, migratedTo string) string {
	_, topic := cutTopic(key)
	return migratedTo + topic
}

// cutTopic returns the id of a chat, and its topic with the colon or "".
func cutTopic(key string) (id, topic string) {
	id, topic, ok := strings.Cut(key, ":")
	if ok {
		topic = ":" + topic
	}
	return id, topic
}

func isGroup(id string) bool { return strings.HasPrefix(id, "-") }
