package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	// instanceColumns are the columns of an instance i that [scanInstance] reads.
	instanceColumns = `i.id, i.group_key, i.alert, i.rank, i.notify, i.notification, i.received_at, i.first_at,
	i.seen_at, i.said_by, i.resolved_at, i.suppressed, i.closed, i.refire_at, i.own, i.held, i.again_at, i.cluster, i.old_group, i.silence,
	i.chat, i.receiver`

	selectInstances = `SELECT ` + instanceColumns + ` FROM instances i `

	firingInstance = selectInstances + `WHERE i.id = ? AND i.resolved_at IS NULL`
	firingOfGroup  = selectInstances + `WHERE i.scope = ? AND i.resolved_at IS NULL`
	firingQuiet    = selectInstances + `WHERE i.resolved_at IS NULL AND i.group_key <> ? AND i.seen_at NOT BETWEEN ? AND ?`
	// A damaged row can have an empty blob.
	heldInstances = selectInstances + `WHERE i.held <> '' AND length(i.held) > 0 AND i.resolved_at IS NULL ORDER BY i.id`
	doubtful      = selectInstances + `WHERE i.refire_at IS NOT NULL ORDER BY i.id`
	resolved      = selectInstances + `WHERE i.id = ? AND i.resolved_at IS NOT NULL`
	refiring      = selectInstances + `WHERE i.refire_at <= ? ORDER BY i.refire_at`
	lateRefires   = `UPDATE instances SET refire_at = ?1 WHERE refire_at > ?1 AND typeof(refire_at) = 'integer'`
	nextRefire    = `SELECT MIN(refire_at) FROM instances WHERE refire_at IS NOT NULL AND typeof(refire_at) = 'integer'`

	instanceAlert  = `SELECT CAST(alert AS BLOB) FROM instances WHERE id = ?`
	deleteInstance = `DELETE FROM instances WHERE id = ?`

	insertInstance = `INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification,
		received_at, first_at, seen_at, said_by, resolved_at, closed, own, cluster, old_group, chat, receiver)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateInstance = `UPDATE instances SET group_key = ?, cluster = ?, chat = ?, receiver = ?, starts_at = ?, alert = ?, notify = ?, notification = ?, received_at = ?, seen_at = ?,
		said_by = ?, resolved_at = ?, suppressed = ?, closed = ?, refire_at = ?, own = ?, held = ?, again_at = ?, silence = ? WHERE id = ?`

	// episode is the number of an instance i among those with its identity and
	// start.
	episode = `(SELECT count(*) FROM instances e WHERE e.fingerprint = i.fingerprint AND e.starts_at = i.starts_at AND e.id < i.id
		AND e.chat = i.chat AND e.old_group = i.old_group AND (i.old_group <> '' OR e.cluster = i.cluster))`
	instanceKey   = `SELECT cluster, chat, group_key, fingerprint, starts_at, ` + episode + ` FROM instances i WHERE id = ?`
	instanceByKey = `SELECT id FROM instances i WHERE fingerprint = ?1 AND starts_at = ?2
		AND CASE WHEN ?3 IS NULL THEN ?4 IN (old_group, group_key) ELSE ?3 IN (cluster, '') OR cluster = '' END
		AND chat IN (?6, ?7, '') ORDER BY cluster = ?3 DESC, chat = ?6 DESC, chat = ?7 DESC, id LIMIT 1 OFFSET ?5`

	dueInChat     = `INSERT INTO views (chat, instance, pending) VALUES (?, ?, 1) ON CONFLICT DO NOTHING`
	dueWhereShown = `UPDATE views SET pending = 1 WHERE instance = ? AND shown <> 2`
)

// FiringInstance returns an instance, or nil if it is unknown or resolved.
func (t *Tx) FiringInstance(id int64) (*state.Instance, error) {
	return first(t.instances(firingInstance, id))
}

// OwnAlerts returns the firing alerts that the webhook itself makes, one for each
// cluster without heartbeats.
func (t *Tx) OwnAlerts() ([]*state.Instance, error) {
	return t.instances(firingOfGroup, state.OwnGroup)
}

// FiringQuiet returns the firing instances of Alertmanager that no notification
// mentioned since a time. A notification that is stored as later than now was
// before the clock was set back.
func (t *Tx) FiringQuiet(since time.Time) ([]*state.Instance, error) {
	return t.instances(firingQuiet, state.OwnGroup, since.UnixMicro(), time.Now().Add(state.Settle).UnixMicro())
}

// ResolvedInstance returns an instance, or nil if it is unknown or fires.
func (t *Tx) ResolvedInstance(id int64) (*state.Instance, error) {
	return first(t.instances(resolved, id))
}

// DoubtfulInstances returns the resolved instances that are reported to fire
// again, see [state.Refires].
func (t *Tx) DoubtfulInstances() ([]*state.Instance, error) { return t.instances(doubtful) }

// HeldInstances returns the instances with a held resolution.
func (t *Tx) HeldInstances() ([]*state.Instance, error) { return t.instances(heldInstances) }

func first(list []*state.Instance, err error) (*state.Instance, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func (t *Tx) instances(query string, args ...any) ([]*state.Instance, error) {
	rows, err := t.query(query, args...)
	list, bad, err := collectGood(rows, err, func(rows *sql.Rows) (*state.Instance, error) { return scanInstance(rows) })
	if err != nil {
		return nil, err
	}
	return list, t.setAsideInstances(bad)
}

// setAsideInstances removes instances that cannot be read. If Alertmanager sends
// such an alert again, it is a new instance.
func (t *Tx) setAsideInstances(bad []badRow) error {
	for _, row := range bad {
		var alert []byte
		if err := t.queryRow(instanceAlert, row.id).Scan(&alert); err != nil {
			return err
		}
		a := Aside{Kind: api.AsideInstance, Reason: fmt.Sprintf("instance %d: %v", row.id, row.reason), Body: alert}
		_, a.Alerts = state.Glean(alert)
		if err := t.SetAside(a, time.Now()); err != nil {
			return err
		}
		if _, err := t.exec(deleteInstance, row.id); err != nil {
			return err
		}
	}
	return nil
}

// scanInstance reads [instanceColumns], and the columns after them into more.
func scanInstance(rows *sql.Rows, more ...any) (*state.Instance, error) {
	var i state.Instance
	var alert, held, silence string
	var changed, first, last int64
	var resolved, refire, resumed sql.NullInt64
	err := rows.Scan(append([]any{
		&i.ID, &i.Group, &alert, &i.Rank, &i.Notify, &i.Notification, &changed, &first,
		&last, &i.ExternalURL, &resolved, &i.Suppressed, &i.Closed, &refire, &i.Own, &held, &resumed, &i.Cluster, &i.OldGroup, &silence,
		&i.Chat, &i.Receiver,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(alert), &i.Alert); err != nil {
		return nil, fmt.Errorf("instance %d: %w", i.ID, err)
	}
	if held != "" {
		i.Held = new(state.Held)
		if err := json.Unmarshal([]byte(held), i.Held); err != nil {
			return nil, fmt.Errorf("instance %d: %w", i.ID, err)
		}
	}
	if silence != "" && json.Unmarshal([]byte(silence), &i.Silence) != nil {
		i.Silence = message.Silence{} // Alertmanager is asked again
	}
	i.Notify = i.Notify.Known()
	i.ChangedAt, i.FirstAt, i.LastAt = time.UnixMicro(changed), time.UnixMicro(first), time.UnixMicro(last)
	i.ResolvedAt, i.RefireAt, i.ResumedAt = fromMicro(resolved), fromMicro(refire), fromMicro(resumed)
	return &i, nil
}

// createInstance stores a new instance, due in every chat unless it is only to be
// recorded.
func (t *Tx) createInstance(i *state.Instance, chats []string) error {
	alert, err := json.Marshal(i.Alert)
	if err != nil {
		return err
	}
	t.names(i)
	i.ID, err = t.insert(insertInstance,
		i.Group, i.Alert.Fingerprint, i.Alert.StartsAt.UnixMicro(), string(alert), i.Rank, i.Notify, i.Notification,
		i.ChangedAt.UnixMicro(), i.FirstAt.UnixMicro(), i.LastAt.UnixMicro(), i.ExternalURL, micro(i.ResolvedAt), i.Closed, i.Own, i.Cluster, i.OldGroup, i.Chat, i.Receiver)
	if err != nil || i.Notify == state.None {
		return err
	}
	return t.due(i.ID, chats)
}

// UpdateInstance stores the state of an instance.
func (t *Tx) UpdateInstance(i *state.Instance) error {
	alert, err := json.Marshal(i.Alert)
	if err != nil {
		return err
	}
	var held, silence []byte
	if i.Held != nil {
		if held, err = json.Marshal(i.Held); err != nil {
			return err
		}
	}
	if i.Silence != (message.Silence{}) {
		if silence, err = json.Marshal(i.Silence); err != nil {
			return err
		}
	}
	t.names(i)
	_, err = t.exec(updateInstance,
		i.Group, i.Cluster, i.Chat, i.Receiver, i.Alert.StartsAt.UnixMicro(), string(alert), i.Notify, i.Notification, i.ChangedAt.UnixMicro(), i.LastAt.UnixMicro(),
		i.ExternalURL, micro(i.ResolvedAt), i.Suppressed, i.Closed, micro(i.RefireAt), i.Own, string(held), micro(i.ResumedAt), string(silence), i.ID)
	return err
}

// names notes that an instance has the name of a cluster, or a chat.
func (t *Tx) names(i *state.Instance) {
	if i.Cluster != "" {
		t.named = new(true)
	}
	if i.Chat != "" {
		t.separate = new(true)
	}
}

// due makes an instance due in chats.
func (t *Tx) due(id int64, chats []string) error {
	for _, chat := range chats {
		if _, err := t.exec(dueInChat, chat, id); err != nil {
			return err
		}
		if err := t.noteCluster(chat, id); err != nil {
			return err
		}
	}
	return nil
}

// Key returns the key of an instance in every replica.
func (t *Tx) Key(id int64) (k state.InstanceKey, err error) {
	k.Cluster = new(string)
	err = t.queryRow(instanceKey, id).Scan(k.Cluster, &k.Chat, &k.Group, &k.Fingerprint, &k.StartsAt, &k.Episode)
	return k, err
}

// Find returns the id of the instance with a key, in a chat or "". If this replica
// does not know the alert, it returns 0. If the two replicas know different starts,
// it returns the newest instance of the alert. One of them may have separated an
// instance that the other one's chats still share.
func (t *Tx) Find(k state.InstanceKey, chat string) (id int64, err error) {
	err = t.queryRow(instanceByKey, k.Fingerprint, k.StartsAt, k.Cluster, k.Group, k.Episode, k.Chat, chat).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	for _, in := range slices.Compact([]string{k.Chat, chat, ""}) {
		i, err := t.NewestInstance(k.Cluster, in, k.Fingerprint)
		if i != nil || err != nil {
			return idOf(i), err
		}
	}
	return 0, nil
}

func idOf(i *state.Instance) int64 {
	if i == nil {
		return 0
	}
	return i.ID
}
