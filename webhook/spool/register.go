package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

// The configuration of chats can change at a start and at a reload. A chat that it
// removes keeps what is stored of it for the retention, so that it continues when it
// comes back.

const (
	insertChat   = `INSERT INTO chats (key, receivers) VALUES (?, '[]') ON CONFLICT DO NOTHING`
	usersOfChat  = `SELECT receivers FROM chats WHERE key = ?`
	setUsers     = `UPDATE chats SET receivers = ?, removed_at = NULL WHERE key = ?`
	removeChat   = `UPDATE chats SET removed_at = COALESCE(removed_at, ?), receivers = '[]' WHERE key = ?`
	removedChats = `SELECT key FROM chats WHERE removed_at < ?`
	closeOfChat  = `UPDATE instances SET resolved_at = ?, closed = 'gone' WHERE chat = ? AND resolved_at IS NULL`

	// A chat is to show what fires in the default chats, once it is one of them.
	dueInDefault = `INSERT INTO views (chat, instance, pending) SELECT ?, id, 1 FROM instances
		WHERE resolved_at IS NULL AND notify > 0 AND chat = '' ON CONFLICT DO NOTHING`
	// Its own open alerts are due again after a version before has forgotten the chat
	// and its views.
	dueAgain = `INSERT INTO views (chat, instance, pending) SELECT ?1, id, 1 FROM instances
		WHERE resolved_at IS NULL AND notify > 0 AND chat = ?1 AND receiver = ?2 ON CONFLICT DO NOTHING`
	// It is to show what fires for a receiver, once that names it.
	openOfReceiver = `SELECT MAX(i.id) FROM instances i WHERE i.resolved_at IS NULL AND i.notify > 0 AND i.receiver = ?1 AND i.chat NOT IN ('', ?2)
		AND NOT EXISTS (SELECT 1 FROM instances f INDEXED BY instances_firing WHERE f.fingerprint = i.fingerprint AND f.cluster = i.cluster
			AND f.resolved_at IS NULL AND (f.chat = ?2 OR f.chat = '' AND EXISTS (SELECT 1 FROM views v WHERE v.chat = ?2 AND v.instance = f.id)))
		GROUP BY i.fingerprint, i.cluster ORDER BY 1`
	// It is due in a chat of the receiver.
	dropStray = `DELETE FROM views WHERE chat = ?2 AND pending = 1 AND shown = 0 AND instance IN (SELECT i.id FROM instances i
		WHERE i.receiver = ?1 AND i.chat = ?2 AND i.resolved_at IS NULL AND EXISTS (SELECT 1 FROM instances f INDEXED BY instances_firing
			JOIN views v ON v.instance = f.id AND v.chat = ?3
			WHERE f.fingerprint = i.fingerprint AND f.cluster = i.cluster AND f.resolved_at IS NULL))`
	// What fires and was not delivered there, and is due in no present chat.
	unshownInChat = `SELECT i.id FROM views w JOIN instances i ON i.id = w.instance WHERE w.chat = ? AND w.pending = 1 AND w.shown = 0 AND i.resolved_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM instances f INDEXED BY instances_firing JOIN views v ON v.instance = f.id JOIN chats c ON c.key = v.chat AND c.removed_at IS NULL
			WHERE f.fingerprint = i.fingerprint AND f.cluster = i.cluster AND f.resolved_at IS NULL) ORDER BY i.id`
)

func scanKey(rows *sql.Rows) (key string, err error) { return key, rows.Scan(&key) }

func scanID(rows *sql.Rows) (id int64, err error) { return id, rows.Scan(&id) }

// RegisterChats stores which chats are configured. A chat is due to show every alert
// that fires for a receiver that newly names it. Alerts that a removed chat was still
// to show are due in the default chats.
//
// Shares appends what becomes due to the journal, for other replicas.
func (t *Tx) RegisterChats(chats state.Chats, shares bool) error {
	keys := chats.All()
	for _, key := range keys {
		if err := t.renameMigrated(key, keys); err != nil {
			return err
		}
		if err := t.register(key, chats.Users(key), shares); err != nil {
			return err
		}
	}
	for _, r := range chats.Receivers {
		if err := t.dropStray(r, chats); err != nil {
			return err
		}
	}
	rows, err := t.query(chatKeys)
	known, err := collect(rows, err, scanKey)
	if err != nil {
		return err
	}
	removed := slices.DeleteFunc(known, func(key string) bool { return slices.Contains(keys, key) })
	for _, key := range removed {
		if err := t.unregister(key, keys); err != nil {
			return err
		}
	}
	for _, key := range removed {
		if err := t.rescue(key, chats.Default, shares); err != nil {
			return err
		}
	}
	return t.mergeMigrated(keys)
}

// dropStray makes alerts of a receiver no longer due in the default chats, if they were
// due there only because the receiver was not configured.
func (t *Tx) dropStray(r state.ReceiverChats, chats state.Chats) error {
	if len(r.Chats) == 0 {
		return nil
	}
	for _, chat := range chats.Default {
		if len(chats.Users(chat)) > 1 { // another receiver can have notified it there
			continue
		}
		if _, err := t.exec(dropStray, r.Name, chat, r.Chats[0]); err != nil {
			return err
		}
	}
	return nil
}

// register stores a chat that is configured, and the receivers that name it.
func (t *Tx) register(key string, users []string, shares bool) error {
	if _, err := t.exec(insertChat, key); err != nil {
		return err
	}
	var text string
	if err := t.queryRow(usersOfChat, key).Scan(&text); err != nil {
		return err
	}
	before := users // of a row of an earlier version
	if json.Valid([]byte(text)) {
		before = nil
		_ = json.Unmarshal([]byte(text), &before) // a damaged list is empty
	}
	for _, user := range users {
		if slices.Contains(before, user) {
			continue
		}
		if err := errors.Join(t.dueOf(user, key, shares), t.noteClusters(key)); err != nil {
			return err
		}
	}
	list, err := json.Marshal(users)
	if err != nil {
		return err
	}
	_, err = t.exec(setUsers, string(list), key)
	return err
}

// dueOf makes the alerts that fire for a receiver due in a chat. The empty name
// stands for the default chats.
func (t *Tx) dueOf(receiver, chat string, shares bool) error {
	if receiver == "" {
		_, err := t.exec(dueInDefault, chat)
		return err
	}
	if _, err := t.exec(dueAgain, chat, receiver); err != nil {
		return err
	}
	rows, err := t.query(openOfReceiver, receiver, chat)
	list, err := collect(rows, err, scanID)
	if err != nil {
		return err
	}
	return t.copyTo(chat, list, shares)
}

// copyTo makes instances due in a chat, as its own.
func (t *Tx) copyTo(chat string, list []int64, shares bool) error {
	for _, id := range list {
		own, err := t.insert(copyInstance, id, chat, 0)
		if err != nil {
			return err
		}
		if err := t.due(own, []string{chat}); err != nil {
			return err
		}
		t.separate = new(true)
		if !shares {
			continue
		}
		i, err := t.FiringInstance(own)
		if err != nil || i == nil {
			return err
		}
		if err := t.announce(i); err != nil {
			return err
		}
	}
	return nil
}

// Foreign records a chat that another replica has, and this one does not.
func (t *Tx) Foreign(key string) error {
	if _, err := t.exec(insertChat, key); err != nil {
		return err
	}
	_, err := t.exec(removeChat, time.Now().UnixMicro(), key)
	return err
}

// unregister records that a chat is not configured. It marks a group that a
// configured one may have become, until that is known.
func (t *Tx) unregister(key string, configured []string) error {
	old := strings.TrimPrefix(key, formerPrefix)
	if slices.Contains(configured, old) {
		_, err := t.exec(deleteChat, key)
		return err
	}
	for _, other := range configured {
		if before, err := t.Predecessors(other); err != nil {
			return err
		} else if id, topic := cutTopic(old); slices.Contains(before, id) && strings.HasSuffix(other, topic) {
			_, err := t.exec(markFormer, formerPrefix+old, key)
			return err
		}
	}
	_, err := t.exec(removeChat, time.Now().UnixMicro(), key)
	return err
}

// rescue makes the alerts that a removed chat was still to show due in the default
// chats.
func (t *Tx) rescue(key string, to []string, shares bool) error {
	rows, err := t.query(unshownInChat, strings.TrimPrefix(key, formerPrefix))
	list, err := collect(rows, err, scanID)
	if err != nil {
		return err
	}
	for _, chat := range to {
		if err := t.copyTo(chat, list, shares); err != nil {
			return err
		}
	}
	return nil
}

// forgetRemoved removes what is stored of chats that were removed before a time.
func (t *Tx) forgetRemoved(before time.Time) error {
	rows, err := t.query(removedChats, before.UnixMicro())
	list, err := collect(rows, err, scanKey)
	if err != nil {
		return err
	}
	for _, key := range list {
		chat := strings.TrimPrefix(key, formerPrefix)
		if _, err := t.exec(closeOfChat, time.Now().UnixMicro(), chat); err != nil {
			return err
		}
		if err := t.forget(chat); err != nil {
			return err
		}
		if _, err := t.exec(deleteChat, key); err != nil {
			return err
		}
	}
	return nil
}
