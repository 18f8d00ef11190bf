package spool

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/state"
)

const (
	selectHeartbeats = `SELECT cluster, own_at, elsewhere_at, evaluated_at, source FROM heartbeats
		WHERE own_at IS NOT NULL OR elsewhere_at IS NOT NULL ORDER BY cluster`
	setHeartbeat = `INSERT INTO heartbeats (cluster, own_at, elsewhere_at, evaluated_at, source) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (cluster) DO UPDATE SET own_at = excluded.own_at, elsewhere_at = excluded.elsewhere_at,
			evaluated_at = excluded.evaluated_at, source = excluded.source`
	deleteHeartbeat = `DELETE FROM heartbeats WHERE cluster = ?`

	selectOutages = `SELECT cluster, outage_from, outage_to, outage_seen FROM heartbeats WHERE outage_seen IS NOT NULL`
	replaceOutage = ` ON CONFLICT (cluster) DO UPDATE SET
		outage_from = excluded.outage_from, outage_to = excluded.outage_to, outage_seen = excluded.outage_seen`
	setOutage  = `INSERT INTO heartbeats (cluster, outage_from, outage_to, outage_seen) VALUES (?, ?, ?, ?)` + replaceOutage
	setOutages = `UPDATE heartbeats SET outage_from = ?, outage_to = ?, outage_seen = ?`
	moveOutage = `INSERT INTO heartbeats (cluster, outage_from, outage_to, outage_seen)
		SELECT ?2, outage_from, outage_to, outage_seen FROM heartbeats WHERE cluster = ?1 AND outage_seen IS NOT NULL` +
		replaceOutage + ` WHERE outage_seen IS NULL OR outage_seen < excluded.outage_seen`

	seenOfCluster = `SELECT EXISTS (SELECT 1 FROM instances WHERE cluster = ? AND seen_at >= ?)`
)

// Heartbeat is the stored state of the heartbeats of a cluster.
type Heartbeat struct {
	Cluster string
	// Own is the receipt of the newest one at this replica, and Elsewhere that
	// at the others; zero for none.
	Own, Elsewhere time.Time
	// Evaluation is the newest evaluation that one at this replica reported, in
	// Prometheus's clock.
	Evaluation time.Time
	Source     state.Source // of the newest one
}

// Heartbeats returns the state of the heartbeats of all clusters.
func (t *Tx) Heartbeats() ([]Heartbeat, error) {
	rows, err := t.query(selectHeartbeats)
	list, err := collect(rows, err, func(rows *sql.Rows) (h Heartbeat, err error) {
		var own, elsewhere, evaluated any
		var source string
		err = rows.Scan(&h.Cluster, &own, &elsewhere, &evaluated, &source)
		h.Own, h.Elsewhere, h.Evaluation = undamaged(own), undamaged(elsewhere), undamaged(evaluated)
		if json.Unmarshal([]byte(source), &h.Source) != nil { // it is damaged
			h.Source = state.Source{}
		}
		return h, err
	})
	if err != nil {
		return nil, err
	}
	return t.withFacts(list)
}

// undamaged returns the time that a column holds, or zero if the column is empty or
// damaged.
func undamaged(v any) time.Time {
	if at, ok := v.(int64); ok {
		return time.UnixMicro(at)
	}
	return time.Time{}
}

// withFacts adds what an earlier version has stored since. That knows no clusters,
// so it counts for all of them.
func (t *Tx) withFacts(list []Heartbeat) ([]Heartbeat, error) {
	var earlier Heartbeat
	var outage state.Outage
	for name, to := range map[string]*time.Time{
		factHeartbeat: &earlier.Own, factHeartbeatElsewhere: &earlier.Elsewhere, factEvaluation: &earlier.Evaluation,
		factOutageFrom: &outage.From, factOutageTo: &outage.To, factOutageSeen: &outage.SeenAt,
	} {
		var err error
		if *to, err = t.time(name); err != nil {
			return nil, err
		}
	}
	var own, elsewhere, seen time.Time
	for _, h := range list {
		own, elsewhere = state.Later(own, h.Own), state.Later(elsewhere, h.Elsewhere)
	}
	if len(list) == 0 && !state.Later(earlier.Own, earlier.Elsewhere).IsZero() {
		list = []Heartbeat{earlier}
		if err := t.SetHeartbeat(earlier); err != nil {
			return nil, err
		}
	}
	for i := range list {
		if earlier.Own.After(own) {
			list[i].Own = earlier.Own
		}
		if earlier.Elsewhere.After(elsewhere) {
			list[i].Elsewhere = earlier.Elsewhere
		}
	}
	outages, err := t.Outages()
	for _, o := range outages {
		seen = state.Later(seen, o.SeenAt)
	}
	if err != nil || !outage.SeenAt.After(seen) {
		return list, err
	}
	return list, t.SetOutage(nil, outage)
}

// SetHeartbeat stores the state of the heartbeats of a cluster.
func (t *Tx) SetHeartbeat(h Heartbeat) error {
	source, err := json.Marshal(h.Source)
	if err != nil {
		return err
	}
	_, err = t.exec(setHeartbeat, h.Cluster, micro(h.Own), micro(h.Elsewhere), micro(h.Evaluation), string(source))
	return err
}

// SetNewest stores the newest heartbeat of all clusters at this replica, for the
// version before.
func (t *Tx) SetNewest(received, evaluated time.Time) error {
	return errors.Join(t.setTime(factHeartbeat, received), t.setTime(factEvaluation, evaluated))
}

// SetNewestElsewhere stores the receipt of the newest heartbeat of all clusters at
// another replica, for the version before.
func (t *Tx) SetNewestElsewhere(at time.Time) error { return t.setTime(factHeartbeatElsewhere, at) }

// ForgetHeartbeats removes the state of the heartbeats of a cluster.
func (t *Tx) ForgetHeartbeats(cluster string) error {
	_, err := t.exec(deleteHeartbeat, cluster)
	return err
}

// RenameHeartbeats gives the last outage of a cluster to another name of the
// cluster, and removes the state under the old name.
func (t *Tx) RenameHeartbeats(from, to string) error {
	if _, err := t.exec(moveOutage, from, to); err != nil {
		return err
	}
	return t.ForgetHeartbeats(from)
}

// NotifiedSince reports whether a cluster has sent a notification about an alert
// since a time, which is not older than the retention.
func (t *Tx) NotifiedSince(cluster string, since time.Time) (yes bool, err error) {
	err = t.queryRow(seenOfCluster, cluster, since.UnixMicro()).Scan(&yes)
	return yes, err
}

// Outages returns the last outage of each cluster that had one.
func (t *Tx) Outages() (map[string]state.Outage, error) {
	outages := map[string]state.Outage{}
	rows, err := t.query(selectOutages)
	_, err = collect(rows, err, func(rows *sql.Rows) (struct{}, error) {
		var cluster string
		var from, to, seen any
		err := rows.Scan(&cluster, &from, &to, &seen)
		outages[cluster] = state.Outage{From: undamaged(from), To: undamaged(to), SeenAt: undamaged(seen)}
		return struct{}{}, err
	})
	return outages, err
}

// SetOutage stores the last outage of a cluster, or of all clusters if cluster is
// nil.
func (t *Tx) SetOutage(cluster *string, o state.Outage) error {
	if err := errors.Join(t.setTime(factOutageFrom, o.From), t.setTime(factOutageTo, o.To), t.setTime(factOutageSeen, o.SeenAt)); err != nil {
		return err
	}
	unnamed := ""
	if cluster == nil {
		changed, err := t.exec(setOutages, micro(o.From), micro(o.To), micro(o.SeenAt))
		if err != nil {
			return err
		}
		if n, err := changed.RowsAffected(); n > 0 || err != nil {
			return err
		}
		cluster = &unnamed
	}
	_, err := t.exec(setOutage, *cluster, micro(o.From), micro(o.To), micro(o.SeenAt))
	return err
}
