package spool

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// Applier writes the decisions of package state to the rows of a transaction.
type Applier struct {
	Tx    *Tx
	Chats state.Chats // that must show the alerts
	Rank  func(labels template.KV) int
	// Sound, unless nil, returns the sound of alerts for a receiver, in the chats that
	// only this replica has.
	Sound func(receiver string, alerts template.Alerts) state.Loudness
	// Shares appends each change to the journal, for other replicas.
	Shares bool
	// Sources, unless nil, returns the facts that decide which resolutions of a
	// cluster count at once.
	Sources func(cluster string) state.Sources
	// Flaps, unless nil, is called for each new episode of an alert that flaps.
	Flaps func(*state.Instance)
}

const (
	selectGroup = `SELECT told_at, truncated FROM groups WHERE key = ?`
	// Earlier versions stored a group without its cluster.
	selectOldGroup = `SELECT told_at, truncated FROM groups WHERE key IN (?1, ?2) ORDER BY key = ?1 DESC LIMIT 1`
	setGroup       = `INSERT INTO groups (key, told_at, truncated) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at, truncated = excluded.truncated`
	// Before the URL named a receiver, the key lacked it.
	selectQualified = `SELECT told_at, truncated FROM groups WHERE key IN (?1, ?2, ?3)
		ORDER BY CASE key WHEN ?1 THEN 0 WHEN ?2 THEN 1 ELSE 2 END LIMIT 1`
	insertReminder = `INSERT INTO reminders (chat, group_key, notification, received_at, notify, own) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET own = MAX(own, excluded.own), notify = MAX(notify, excluded.notify)`
)

// Applied is the effect of a notification.
type Applied struct {
	Coalesced string           // the reason why no message follows, or ""
	Ended     []message.Closed // the reasons of the instances that ended
	Held      bool             // a resolution, or a report that an alert fires again, is to be judged
}

// Apply applies a notification, in each of its chats.
func (a Applier) Apply(n state.Arrival) (done Applied, err error) {
	if n.Cluster == "" {
		if n.Cluster, err = a.clusterOf(n); err != nil {
			return done, err
		}
	}
	event := state.NotificationEvent{Notify: n.Notify, Body: n.Body, Receiver: n.Receiver, Chats: n.Chats, Only: n.Only}
	if n.Receiver != "" && n.Chats == nil {
		event.Chats = a.Chats.Named(n.Receiver)
	}
	if n.Repaired {
		if event.Body, err = json.Marshal(n.Payload); err != nil {
			return done, err
		}
	}
	if !n.OldCluster {
		event.Cluster = &n.Cluster
	}
	n.Qualify()
	group, err := a.Group(n.Cluster, n.GroupKey)
	if err != nil {
		return done, err
	}
	tracks, err := a.tracks(n)
	if err != nil {
		return done, err
	}
	var all results
	for _, t := range tracks {
		r, err := a.applyIn(t, n, group)
		if err != nil {
			return done, err
		}
		all.add(r)
	}
	if event.Held = all.doubts; a.Shares {
		if _, err := a.Tx.AppendEvent(n.At, state.EventNotification, event); err != nil {
			return done, err
		}
	}
	if all.touches {
		_, err = a.Tx.exec(setGroup, n.Scope(), n.At.UnixMicro(), n.TruncatedAlerts)
	}
	return all.Applied, err
}

// result is the effect of a notification in a track.
type result struct {
	Applied
	doubts  []string // the fingerprints of alerts that are to be judged
	touches bool     // the notification counts as the group's last one
}

// applyIn applies a notification in a track.
func (a Applier) applyIn(t track, n state.Arrival, group state.Group) (r result, err error) {
	if t.sound != nil {
		n.Notify = *t.sound
	}
	var o state.Outcome
	louder := false
	for _, alert := range n.Alerts {
		if t.only != nil && !t.only[alert.Fingerprint] {
			continue
		}
		c, before, err := a.applyAlert(t, n, alert, group)
		if err != nil {
			return r, err
		}
		delivers := c.Update == nil || c.Update.Scope() == n.Scope()
		o.Add(c.Verdict, alert, delivers, before)
		louder = louder || c.Louder
		if c.Ended {
			r.Ended = append(r.Ended, c.Update.Closed)
		}
		if c.Verdict == state.Holds || c.Verdict == state.Refires {
			r.Held = true
			r.doubts = append(r.doubts, c.Update.Alert.Fingerprint)
		}
	}
	reminds := !n.Only && o.Reminds(n, group) // else it is a state of before
	r.touches = o.Touches(n, group, reminds) && (!n.Only || n.At.After(group.At))
	r.Coalesced = o.Coalesced(n, reminds)
	if louder || reminds && n.Notify != state.None {
		err = a.remind(n, t.chats)
	}
	return r, err
}

// results is the effect of a notification in all of its tracks.
type results struct {
	result
	tracks int
}

func (all *results) add(r result) {
	all.Ended = append(all.Ended, r.Ended...)
	all.Held = all.Held || r.Held
	all.touches = all.touches || r.touches
	for _, fingerprint := range r.doubts {
		if !slices.Contains(all.doubts, fingerprint) {
			all.doubts = append(all.doubts, fingerprint)
		}
	}
	if all.tracks++; all.tracks == 1 || r.Coalesced == "" {
		all.Coalesced = r.Coalesced
	}
}

// applyAlert applies one alert of a notification of a group. Before is the other
// group that delivered the alert before, if there is one.
func (a Applier) applyAlert(t track, n state.Arrival, alert template.Alert, group state.Group) (c state.Change, before state.Group, err error) {
	known, alert, err := a.known(alert, t)
	if err != nil {
		return c, before, err
	}
	newest, err := a.newest(n, alert, known, t.chat)
	if err != nil {
		return c, before, err
	}
	if newest != nil && newest.Scope() != n.Scope() {
		if before, err = a.Group(newest.Cluster, newest.Group); err != nil {
			return c, before, err
		}
		n.Yields = n.Follows(group, before)
	}
	alert = state.Date(alert, newest, n)
	var sources state.Sources
	if a.Sources != nil {
		sources = a.Sources(n.Cluster)
	}
	c = state.Decide(newest, alert, n, sources, a.Rank(alert.Labels))
	if c.Create != nil {
		c.Create.Chat = t.chat
	}
	if err := a.update(c, t.chats); err != nil || c.Create == nil {
		return c, before, err
	}
	return c, before, a.create(c.Create, t.chats, len(known) == 0)
}

// write stores a change of a known alert.
func (a Applier) write(c state.Change) error {
	t, err := a.trackOf(c.Update)
	if err != nil {
		return err
	}
	if err := a.update(c, t.chats); err != nil || c.Create == nil {
		return err
	}
	return a.create(c.Create, t.chats, false)
}

// update stores the new state of a known instance.
func (a Applier) update(c state.Change, chats []string) error {
	i := c.Update
	if i == nil {
		return nil
	}
	if err := a.Tx.UpdateInstance(i); err != nil {
		return err
	}
	if c.Ended {
		if _, err := a.Tx.exec(dueWhereShown, i.ID); err != nil {
			return err
		}
		if err := a.Tx.endInSummaries(i.ID); err != nil {
			return err
		}
		if err := a.Tx.flapEnded(i, chats); err != nil {
			return err
		}
	}
	if c.Shows {
		if err := a.Tx.showAgain(i.ID, chats); err != nil {
			return err
		}
	}
	if c.Raised {
		return a.Tx.due(i.ID, chats)
	}
	return nil
}

// create stores a new instance, due in chats, and whether its alert flaps. The
// first instance of an alert is not asked for.
func (a Applier) create(i *state.Instance, chats []string, first bool) error {
	if err := a.Tx.createInstance(i, chats); err != nil || first || i.Notify == state.None || i.Closed == message.Note {
		return err
	}
	flaps, err := a.Tx.flapped(i, chats)
	if flaps && a.Flaps != nil {
		a.Flaps(i)
	}
	return err
}

// Group returns what is known of a group of a cluster.
func (a Applier) Group(cluster, key string) (g state.Group, err error) {
	var at sql.NullInt64
	query, keys := selectGroup, []any{state.Scope(cluster, key)}
	if without := state.Unqualified(key); without != key {
		query, keys = selectQualified, append(keys, state.Scope(cluster, without), without)
	} else if cluster != "" {
		query, keys = selectOldGroup, append(keys, key)
	}
	err = a.Tx.queryRow(query, keys...).Scan(&at, &g.Truncated)
	if err != nil && IsItem(err) { // none, or a damaged one, which the next time replaces
		return state.Group{}, nil
	}
	g.At = fromMicro(at)
	return g, err
}

// remind makes a reminder of the group due in every chat.
func (a Applier) remind(n state.Arrival, chats []string) error {
	for _, chat := range chats {
		if _, err := a.Tx.exec(insertReminder, chat, n.Scope(), n.ID, n.At.UnixMicro(), n.Notify, !n.Elsewhere); err != nil {
			return err
		}
	}
	return nil
}

// Refire starts the instances that were reported to fire again, if no
// notification contradicted the report in time. It returns their number, and
// the time at which the next one is due, or zero.
func (a Applier) Refire(now time.Time) (n int, next time.Time, err error) {
	// A report waits for no longer, unless the clock was set back.
	if _, err := a.Tx.exec(lateRefires, time.Now().Add(state.Settle).UnixMicro()); err != nil {
		return 0, next, err
	}
	due, err := a.Tx.instances(refiring, now.UnixMicro())
	if err != nil {
		return 0, next, err
	}
	for _, i := range due {
		again := i.Refire(now)
		if err := a.write(state.Change{Update: i, Create: again}); err != nil {
			return 0, next, err
		}
	}
	var at sql.NullInt64
	err = a.Tx.queryRow(nextRefire).Scan(&at)
	return len(due), fromMicro(at), err
}

// Close ends an instance without a resolution from Alertmanager.
func (a Applier) Close(i *state.Instance, end state.Ending, now time.Time, elsewhere bool) error {
	if err := a.shareClosed(i, end, now); err != nil {
		return err
	}
	if end.Released && i.Held != nil {
		i.Release(end.Reason, now, elsewhere)
	} else {
		i.Close(end, now, elsewhere)
	}
	if err := a.write(state.Change{Update: i, Ended: true}); err != nil {
		return fmt.Errorf("instance %d: %w", i.ID, err)
	}
	return nil
}

// Observe records what Alertmanager's API reports about a firing instance. Shows
// means that the chats must show a change.
func (a Applier) Observe(i *state.Instance, o state.Observation) (shows bool, err error) {
	changed, shows := i.TakeObservation(o)
	if !changed {
		return false, nil
	}
	return shows, a.write(state.Change{Update: i, Shows: shows})
}

// StaysClosed drops the report that a resolved instance fires again.
func (a Applier) StaysClosed(i *state.Instance, now time.Time) error {
	if err := a.shareClosed(i, state.Ending{Reason: i.Closed}, now); err != nil {
		return err
	}
	i.RefireAt = time.Time{}
	return a.Tx.UpdateInstance(i)
}

func (a Applier) shareClosed(i *state.Instance, end state.Ending, now time.Time) error {
	if !a.Shares {
		return nil
	}
	key, err := a.Tx.Key(i.ID)
	if err != nil {
		return err
	}
	_, err = a.Tx.AppendEvent(now, state.EventClosed, state.ClosedEvent{InstanceKey: key, Ending: end})
	return err
}

// Review carries out the decision on the held resolution of an instance, and
// reports whether the instance ended.
func (a Applier) Review(i *state.Instance, r state.Review, now time.Time) (ended bool, err error) {
	switch {
	case r.Ends:
		return true, a.Close(i, state.Ending{Reason: r.Reason, Released: true}, now, false)
	case r.Fires:
		shows := i.Unhold()
		return false, a.write(state.Change{Update: i, Shows: shows})
	case r.Stale == i.Held.Stale:
		return false, nil
	default:
		i.Held.Stale = r.Stale
		return false, a.write(state.Change{Update: i, Shows: true})
	}
}
