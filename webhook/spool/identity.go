package spool

import (
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/alertnative/preflight/webhook/state"
)

const (
	// keptClaims is the number of kept tokens of starts without the shared
	// database.
	keptClaims = 1000

	selectIdentity = `SELECT id, claims, file, announce FROM replica`
	lastSeq        = `SELECT seq FROM sqlite_sequence WHERE name = 'journal'`
	setClaims      = `UPDATE replica SET claims = ?`
	setClaimed     = `UPDATE replica SET claims = ?, file = ?`
	setAnnounced   = `UPDATE replica SET announce = 0`
	deleteIdentity = `DELETE FROM replica`
	insertIdentity = `INSERT INTO replica (id, claims, announce) VALUES (?, ?, ?)`
	deleteJournal  = `DELETE FROM journal`

	ownPending = selectInstances + `WHERE i.own = 1 AND i.group_key <> ?
		AND (i.held <> '' OR i.id IN (SELECT instance FROM views WHERE pending = 1)) ORDER BY i.id`
)

// Identity is the name of this replica, and the claim of this process to it.
type Identity struct {
	Name  string
	Claim string // a random text of this process
	// Previous holds the claims that earlier processes with this spool made.
	Previous []string
	// Alone means that those processes have ended: the spool is the same file,
	// and this process holds its lock.
	Alone bool
	// Seq is the number of the last event of the replica.
	Seq int64
	// Announce means that the other replicas may not know all alerts.
	Announce bool
}

// Identity returns the identity of this replica with a new claim, which the
// spool has before the shared database does.
func (t *Tx) Identity() (i Identity, err error) {
	var claims, file string
	err = t.queryRow(selectIdentity).Scan(&i.Name, &claims, &file, &i.Announce)
	if err == nil {
		err = json.Unmarshal([]byte(claims), &i.Previous)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return t.newIdentity(false)
	}
	if err != nil && IsItem(err) { // it is damaged
		return t.NewIdentity()
	}
	if err != nil {
		return i, err
	}
	i.Claim, i.Alone = rand.Text(), file != "" && file == t.file
	if err := t.queryRow(lastSeq).Scan(&i.Seq); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return i, err
	}
	all := append(i.Previous, i.Claim)
	list, err := json.Marshal(all[max(0, len(all)-keptClaims):])
	if err != nil {
		return i, err
	}
	_, err = t.exec(setClaims, string(list))
	return i, err
}

// NewIdentity gives the replica a new name, because another process uses the old
// one. It deletes the journal: the other process has those events too.
func (t *Tx) NewIdentity() (Identity, error) {
	if _, err := t.exec(deleteJournal); err != nil {
		return Identity{}, err
	}
	return t.newIdentity(true)
}

func (t *Tx) newIdentity(announce bool) (Identity, error) {
	i := Identity{Name: rand.Text(), Claim: rand.Text(), Announce: announce}
	list, err := json.Marshal([]string{i.Claim})
	if err != nil {
		return i, err
	}
	if _, err := t.exec(deleteIdentity); err != nil {
		return i, err
	}
	_, err = t.exec(insertIdentity, i.Name, string(list), announce)
	return i, err
}

// Claimed records that the shared database has the claim.
func (t *Tx) Claimed(i Identity) error {
	list, err := json.Marshal([]string{i.Claim})
	if err == nil {
		_, err = t.exec(setClaimed, string(list), t.file)
	}
	return err
}

// Announce appends to the journal every alert of this replica whose state a chat
// does not show, and the resolutions that are held. It must be called after the
// journal of the others was read.
func (t *Tx) Announce() (n int, err error) {
	list, err := t.instances(ownPending, state.OwnGroup)
	if err != nil {
		return 0, err
	}
	for _, i := range list {
		if err := t.announce(i); err != nil {
			return 0, err
		}
	}
	_, err = t.exec(setAnnounced)
	return len(list), err
}

// announce appends to the journal the present state of an instance.
func (t *Tx) announce(i *state.Instance) error {
	a, err := i.Arrival()
	if err != nil {
		return err
	}
	e := state.NotificationEvent{Notify: a.Notify, Body: a.Body, Cluster: &a.Cluster, Receiver: a.Receiver, Chats: a.Chats, Only: a.Only}
	if _, err := t.AppendEvent(a.At, state.EventNotification, e); err != nil || i.Held == nil {
		return err
	}
	if a, err = i.HeldArrival(); err != nil {
		return err
	}
	e.Body, e.Held = a.Body, []string{i.Alert.Fingerprint}
	_, err = t.AppendEvent(a.At, state.EventNotification, e)
	return err
}

// fileIdentity returns the host, the device and the number of a file.
func fileIdentity(info os.FileInfo) string {
	host, err := os.Hostname()
	stat, ok := info.Sys().(*syscall.Stat_t)
	if err != nil || !ok {
		return ""
	}
	return fmt.Sprintf("%s %d %d", host, stat.Dev, stat.Ino)
}
