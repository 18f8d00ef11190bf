package spool

import (
	"database/sql"
	"slices"

	"github.com/alertnative/preflight/webhook/state"
)

// track is a part of the chats that a notification is for. Its instances have the
// same [state.Instance.Chat].
type track struct {
	chat  string
	chats []string        // that must show the alerts
	only  map[string]bool // fingerprints of the alerts that concern it; nil for all
	// sound replaces that of the notification, if the replica that received it does
	// not have the chat; nil if it has it.
	sound *state.Loudness
}

const (
	anySeparate = `SELECT EXISTS (SELECT 1 FROM instances WHERE resolved_at IS NULL AND chat <> '')`
	viewers     = `SELECT chat FROM views WHERE instance = ?`

	copyInstance = `INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification, received_at, first_at, seen_at, said_by,
			resolved_at, suppressed, closed, refire_at, own, held, again_at, cluster, old_group, silence, receiver, chat, origin)
		SELECT group_key, fingerprint, starts_at, alert, rank, notify, notification, received_at, first_at, seen_at, said_by,
			resolved_at, suppressed, closed, refire_at, own, held, again_at, cluster, old_group, silence, receiver, ?2, ?3 FROM instances WHERE id = ?1`
	// With its own id as origin, the history continues its record.
	setChatOf      = `UPDATE instances SET chat = ?2, origin = ?1 WHERE id = ?1`
	separateViews  = `UPDATE views SET instance = ?3 WHERE chat = ?2 AND instance = ?1`
	separateListed = `UPDATE summarized SET instance = ?3 WHERE instance = ?1 AND message IN (SELECT id FROM messages WHERE chat = ?2)`
	separateFlaps  = `UPDATE flaps SET instance = CASE instance WHEN ?1 THEN ?3 ELSE instance END, first = CASE first WHEN ?1 THEN ?3 ELSE first END
		WHERE chat = ?2 AND ?1 IN (instance, first)`
	separateMessages = `UPDATE messages SET instances = (SELECT json_group_array(json(CASE WHEN json_extract(l.value, '$.id') = ?1
			THEN json_set(l.value, '$.id', ?3) ELSE l.value END)) FROM json_each(messages.instances) l)
		WHERE chat = ?2 AND instr(instances, '"id":' || ?1) AND json_valid(instances)`
	separated = `SELECT v.instance FROM instances i JOIN views v ON v.instance = i.id AND v.chat = ?1 WHERE i.origin = ?2 AND i.origin <> 0 AND i.id <> ?2`
	viewed    = `SELECT EXISTS (SELECT 1 FROM views WHERE chat = ? AND instance = ?)`
)

// tracks returns the tracks of a notification: one for each chat of its receiver, or
// one that the default chats share if its URL names no receiver.
func (a Applier) tracks(n state.Arrival) ([]track, error) {
	chats, added := a.chatsFor(n), a.Added(n)
	if n.Receiver == "" && n.Chats == nil {
		if separate, err := a.anyInChats(n, chats); err != nil || !separate {
			chats, err = a.Tx.distinct(chats)
			return []track{{chats: chats}}, err
		}
	}
	chats, err := a.Tx.present(chats)
	if err != nil {
		return nil, err
	}
	if added, err = a.Tx.present(added); err != nil {
		return nil, err
	}
	var list []track
	for _, chat := range chats {
		t := track{chat: chat, chats: []string{chat}}
		if a.stray(n, chat) { // due there only if the other replica has shown it
			t.chats = nil
		}
		list = append(list, t)
	}
	for _, chat := range added {
		if sound := a.soundOf(n); !slices.Contains(chats, chat) {
			list = append(list, track{chat: chat, chats: []string{chat}, sound: &sound})
		}
	}
	if n.Chats == nil && added != nil { // the other replica lacks the receiver
		list = append(list, a.recorded(chats, added)...)
	}
	if list == nil {
		list = []track{{chat: state.NoChat}}
	}
	if n.Receiver == "" || n.Chats != nil && !n.Elsewhere {
		return list, nil
	}
	not := slices.Concat(chats, added)
	for _, t := range list {
		not = append(not, t.chat)
	}
	if n.Only {
		not = append(not, a.Chats.Of(n.Receiver)...)
	}
	former, err := a.former(n, not)
	return append(list, former...), err
}

// chatsFor returns the chats that a notification is for, without those that
// [Applier.Added] returns. Another replica may have chats that this one lacks, because
// it read its configuration earlier or later: what it shows there is recorded. If this
// one has none of them, its own are added.
func (a Applier) chatsFor(n state.Arrival) []string {
	switch {
	case n.Chats == nil && n.Receiver == "":
		return a.Chats.Default
	case n.Chats == nil && a.Added(n) != nil:
		return nil
	case n.Chats == nil && n.Elsewhere && !isRecent(n): // as the other replica showed it
		return a.Chats.Default
	case n.Chats == nil:
		return a.Chats.Of(n.Receiver)
	}
	list := slices.Clone(n.Chats)
	if a.Added(n) == nil && !a.knowsAny(list) {
		list = append(list, a.Chats.Of(n.Receiver)...)
	}
	return slices.DeleteFunc(list, func(chat string) bool { return chat == state.NoChat })
}

// trackOf returns the track of an instance.
func (a Applier) trackOf(i *state.Instance) (t track, err error) {
	switch t.chat = i.Chat; i.Chat {
	case "":
		t.chats, err = a.Tx.distinct(a.Chats.Default)
	case state.NoChat:
	default:
		t.chats = []string{i.Chat}
	}
	return t, err
}

// anyInChats reports whether an alert of a notification is open in one of the chats
// by itself. The URL of its receiver lost the name meanwhile.
func (a Applier) anyInChats(n state.Arrival, chats []string) (bool, error) {
	if any, err := a.Tx.anySeparate(); err != nil || !any {
		return false, err
	}
	for _, alert := range n.Alerts {
		open, err := a.Tx.instances(firingAlert, alert.Fingerprint)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(open, func(i *state.Instance) bool { return slices.Contains(chats, i.Chat) }) {
			return true, nil
		}
	}
	return false, nil
}

// anySeparate reports whether an open instance may have a chat of its own. Only the
// first call asks the database.
func (t *Tx) anySeparate() (bool, error) {
	if t.separate == nil {
		var any bool
		if err := t.queryRow(anySeparate).Scan(&any); err != nil {
			return false, err
		}
		t.separate = &any
	}
	return *t.separate, nil
}

// former returns the tracks of chats that the receiver of a notification had before,
// for the alerts that are open there. No other notification brings their end.
func (a Applier) former(n state.Arrival, chats []string) (list []track, err error) {
	only := map[string]map[string]bool{}
	for _, alert := range n.Alerts {
		open, err := a.Tx.instances(firingAlert, alert.Fingerprint)
		if err != nil {
			return nil, err
		}
		for _, i := range open {
			silent := i.Chat == state.NoChat
			if i.Receiver != n.Receiver || i.Chat == "" || silent && len(chats) == 0 || slices.Contains(chats, i.Chat) {
				continue
			}
			if only[i.Chat] == nil {
				only[i.Chat] = map[string]bool{}
				t := track{chat: i.Chat, only: only[i.Chat]}
				var shows bool
				if err := a.Tx.queryRow(viewed, i.Chat, i.ID).Scan(&shows); err != nil {
					return nil, err
				}
				if shows {
					t.chats = []string{i.Chat}
				}
				list = append(list, t)
			}
			only[i.Chat][alert.Fingerprint] = true
		}
	}
	return list, nil
}

// present replaces the chats that became another configured one.
func (t *Tx) present(keys []string) (list []string, err error) {
	rows, err := t.query(migratedChats)
	moved, err := collect(rows, err, func(rows *sql.Rows) (m [2]string, err error) { return m, rows.Scan(&m[0], &m[1]) })
	if err != nil || len(moved) == 0 {
		return keys, err
	}
	for _, key := range keys {
		for _, m := range moved {
			if m[0] != key {
				continue
			}
			if successor, err := t.successor(key, m[1]); err != nil {
				return nil, err
			} else if successor != "" {
				key = successor
			}
			break
		}
		if !slices.Contains(list, key) {
			list = append(list, key)
		}
	}
	return list, nil
}

// inTrack returns the open instances of an alert in a track, or else the newest one.
// If none is open there, it takes the one that the default chats share.
func (a Applier) inTrack(fingerprint string, t track) ([]*state.Instance, error) {
	list, err := a.Tx.instances(openOrNewest, fingerprint, t.chat)
	if err != nil || t.chat == "" || len(list) > 0 && list[0].Firing() {
		return list, err
	}
	shared, err := a.Tx.instances(openOrNewest, fingerprint, "")
	if err != nil {
		return nil, err
	}
	var taken []*state.Instance
	for _, i := range shared {
		if len(list) > 0 && i.ID < list[0].ID { // the chat had a later one
			continue
		}
		if ok, err := a.Tx.take(i, t.chat); err != nil {
			return nil, err
		} else if ok {
			taken = append(taken, i)
		}
	}
	if len(taken) > 0 {
		return taken, nil
	}
	return list, nil
}

// take gives a chat an instance of its own, if it shares one. The instance becomes
// that of the chat.
func (t *Tx) take(i *state.Instance, chat string) (taken bool, err error) {
	rows, err := t.query(viewers, i.ID)
	chats, err := collect(rows, err, scanKey)
	if err != nil {
		return false, err
	}
	switch {
	case len(chats) == 0, len(chats) == 1 && chats[0] == chat: // the history keeps the former
	case !slices.Contains(chats, chat):
		return false, nil
	default:
		i.ID, err = t.detach(i.ID, chat)
		i.Chat = chat
		t.names(i)
		return err == nil, err
	}
	i.Chat = chat
	t.names(i)
	_, err = t.exec(setChatOf, i.ID, chat)
	return err == nil, err
}

// detach copies an instance for a chat, whose messages then show the copy. It returns
// the id of the copy.
func (t *Tx) detach(shared int64, chat string) (id int64, err error) {
	if id, err = t.insert(copyInstance, shared, chat, shared); err != nil {
		return 0, err
	}
	for _, statement := range []string{separateViews, separateListed, separateFlaps, separateMessages} {
		if _, err := t.exec(statement, shared, chat, id); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// Follow changes a message whose call was in progress while its instances were
// separated from those of other chats.
func (t *Tx) Follow(m *Message) error {
	if any, err := t.anySeparate(); err != nil || !any {
		return err
	}
	for k, l := range m.Listed {
		var shows bool
		if err := t.queryRow(viewed, m.Chat, l.ID).Scan(&shows); err != nil {
			return err
		}
		if shows {
			continue
		}
		if err := t.queryRow(separated, m.Chat, l.ID).Scan(&m.Listed[k].ID); err != nil && !IsItem(err) {
			return err
		}
	}
	return nil
}
