package state

import (
	"time"

	"github.com/prometheus/alertmanager/template"
)

// Scope returns the name of a group of a cluster. Two clusters can have groups
// with equal keys.
func Scope(cluster, group string) string {
	if cluster == "" {
		return group
	}
	return cluster + "\n" + group // as in the column scope of the spool
}

// Scope returns the [Scope] of the group of the notification.
func (n Arrival) Scope() string { return Scope(n.Cluster, n.GroupKey) }

// Scope returns the [Scope] of the group that delivers the instance.
func (i *Instance) Scope() string { return Scope(i.Cluster, i.Group) }

// Joins reports whether a notification about an alert concerns an instance with
// the same fingerprint. The names of two clusters decide. If only one of the
// two has a name, the URL of the receiver got or lost it meanwhile, or an
// unnamed cluster has equal alerts. The Alertmanager, the start, or the group
// of an earlier version then shows that both are of one cluster.
func (n Arrival) Joins(i *Instance, a template.Alert) bool {
	switch {
	case i.Cluster == n.Cluster:
		return true
	case i.Cluster != "" && n.Cluster != "":
		return false
	case n.OldCluster, i.OldGroup != "" && i.OldGroup == n.GroupKey:
		return true
	default:
		return i.ExternalURL == n.ExternalURL || sameStart(i.Alert.StartsAt, a.StartsAt) || sameStart(i.ResumedAt, a.StartsAt)
	}
}

// sameStart compares two starts as the spool stores them.
func sameStart(a, b time.Time) bool { return !a.IsZero() && a.UnixMicro() == b.UnixMicro() }
