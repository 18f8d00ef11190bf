package spool

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	firingAlert  = selectInstances + `INDEXED BY instances_firing WHERE i.fingerprint = ?1 AND i.resolved_at IS NULL`
	firingInChat = firingAlert + ` AND i.chat = ?2`
	// The newest instance if none is open.
	openOrNewest = firingInChat + ` UNION ALL ` + selectInstances + `WHERE i.id = (SELECT e.id FROM instances e WHERE e.fingerprint = ?1
		AND e.chat = ?2 AND e.closed <> 'superseded' ORDER BY e.id DESC LIMIT 1) AND i.resolved_at IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM instances f INDEXED BY instances_firing WHERE f.fingerprint = ?1 AND f.resolved_at IS NULL AND f.chat = ?2)`
	// An instance that continues in another one has no end of its own.
	newestInstance = selectInstances + `WHERE i.fingerprint = ? AND i.chat = ? AND i.cluster = ? AND i.closed <> 'superseded' ORDER BY i.id DESC LIMIT 1`
	newestOfAll    = selectInstances + `WHERE i.fingerprint = ? AND i.chat = ? AND i.closed <> 'superseded' ORDER BY i.id DESC LIMIT 1`
	namedInstance  = `SELECT EXISTS (SELECT 1 FROM instances WHERE resolved_at IS NULL AND cluster <> '')`
	endInChats     = `UPDATE views SET pending = (shown = 1) WHERE instance = ?`
)

// known returns the open instances of an alert in a track, or else the newest one,
// and the alert with the fingerprint under which it is known: that of its labels, if
// its sender gives its own to another alert too.
func (a Applier) known(alert template.Alert, t track) ([]*state.Instance, template.Alert, error) {
	list, err := a.inTrack(alert.Fingerprint, t)
	if err != nil || len(list) == 0 || slices.ContainsFunc(list, func(i *state.Instance) bool { return maps.Equal(i.Alert.Labels, alert.Labels) }) {
		return list, alert, err
	}
	if own := state.Fingerprint(alert.Labels); own != alert.Fingerprint {
		alert.Fingerprint = own
		list, err = a.inTrack(own, t)
	}
	return list, alert, err
}

// newest returns the newest instance of an alert of a notification among the known
// ones, or nil. One that an earlier version stored, or that was reported without
// the name of the cluster, gets its cluster. Others of the same alert continue in
// it.
func (a Applier) newest(n state.Arrival, alert template.Alert, known []*state.Instance, chat string) (*state.Instance, error) {
	if len(known) == 0 {
		return nil, nil
	}
	open := slices.DeleteFunc(slices.Clone(known), func(i *state.Instance) bool { return !i.ResolvedAt.IsZero() || !n.Joins(i, alert) })
	if len(open) > 0 {
		return a.joined(n, open)
	}
	if last := known[0]; !last.ResolvedAt.IsZero() && (n.OldCluster || last.Cluster == n.Cluster) {
		return last, nil
	}
	return a.lastEnded(n, alert, chat)
}

// joined returns the instance in which the open ones of an alert continue.
func (a Applier) joined(n state.Arrival, open []*state.Instance) (*state.Instance, error) {
	i := slices.MaxFunc(open, func(x, y *state.Instance) int {
		return cmp.Or(cmp.Compare(x.Notify, y.Notify), cmp.Compare(x.ID, y.ID))
	})
	if i.Cluster == n.Cluster && len(open) == 1 {
		return i, nil
	}
	for _, other := range open {
		if other == i || i.Cluster != "" && other.Cluster != "" && other.Cluster != i.Cluster {
			continue
		}
		if i.Cluster == "" {
			i.Cluster = other.Cluster
		}
		other.Close(state.Ending{Reason: message.Superseded}, n.At, n.Elsewhere)
		if err := a.Tx.UpdateInstance(other); err != nil {
			return nil, err
		}
		if _, err := a.Tx.exec(endInChats, other.ID); err != nil {
			return nil, err
		}
	}
	i.Adopt(n)
	return i, a.Tx.UpdateInstance(i)
}

// lastEnded returns the newest resolved instance of an alert, or nil.
func (a Applier) lastEnded(n state.Arrival, alert template.Alert, chat string) (*state.Instance, error) {
	cluster, unnamed := &n.Cluster, new(string)
	if n.OldCluster {
		cluster = nil
	}
	i, err := a.Tx.NewestInstance(cluster, chat, alert.Fingerprint)
	if i != nil || err != nil || cluster == nil {
		return i, err
	}
	if *cluster == "" {
		unnamed = nil // of any cluster
	}
	if i, err = a.Tx.NewestInstance(unnamed, chat, alert.Fingerprint); i == nil || err != nil || !n.Joins(i, alert) {
		return nil, err
	}
	return i, nil
}

// clusterOf returns the cluster of a notification whose URL names none: that of
// an open instance of one of its alerts, or "".
func (a Applier) clusterOf(n state.Arrival) (string, error) {
	if named, err := a.Tx.anyNamed(); err != nil || !named {
		return "", err
	}
	for _, alert := range n.Alerts {
		open, err := a.Tx.instances(firingAlert, alert.Fingerprint)
		if err != nil {
			return "", err
		}
		for _, i := range open {
			if i.Cluster != "" && n.Joins(i, alert) {
				return i.Cluster, nil
			}
		}
	}
	return "", nil
}

// anyNamed reports whether an open instance may have the name of a cluster. Only
// the first call asks the database.
func (t *Tx) anyNamed() (bool, error) {
	if t.named == nil {
		var named bool
		if err := t.queryRow(namedInstance).Scan(&named); err != nil {
			return false, err
		}
		t.named = &named
	}
	return *t.named, nil
}

// NewestInstance returns the newest instance of an alert in a cluster and a chat, see
// [state.Instance], or nil. Without a cluster, the newest of all counts.
func (t *Tx) NewestInstance(cluster *string, chat, fingerprint string) (*state.Instance, error) {
	if cluster == nil {
		return first(t.instances(newestOfAll, fingerprint, chat))
	}
	return first(t.instances(newestInstance, fingerprint, chat, *cluster))
}
