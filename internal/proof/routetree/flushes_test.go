package routetree_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/testing/alertmanager"
)

// event is an alert that begins to fire or is resolved.
type event struct {
	after time.Duration // since the start
	alert int
	fires bool
}

// history is a list of events, ordered by time.
type history []event

// firing reports whether an alert fires at a time.
func (h history) firing(alert int, at time.Duration) bool {
	is := false
	for _, e := range h {
		if e.alert == alert && e.after <= at {
			is = e.fires
		}
	}
	return is
}

// run compares the notifications of one group with the claims.
type run struct {
	*claims
	*group
	start    time.Time
	history  history
	until    time.Duration
	tolerant time.Duration  // of times
	seen     map[string]int // kinds of outcomes, to show that all are tested

	alive bool
	known map[int]bool // alerts in the group, and whether they fire
	next  time.Duration
	last  *sent
	got   []alertmanager.Notification
}

// sent is the last notification of a receiver.
type sent struct {
	at               time.Duration
	firing, resolved []int
}

// differs returns the first difference between the claims and the notifications
// of the group, ordered by time, or "".
func (r *run) differs() string {
	r.known = map[int]bool{}
	for _, e := range r.history {
		if !slices.Contains(r.members, e.alert) {
			continue
		}
		if problem := r.flushUntil(e.after); problem != "" {
			return problem
		}
		if !r.alive {
			r.alive, r.next = true, e.after+r.route.GroupWait
		}
		r.known[e.alert] = e.fires
	}
	if problem := r.flushUntil(r.until); problem != "" {
		return problem
	}
	for _, n := range r.got {
		if n.At.Sub(r.start) < r.until {
			return fmt.Sprintf("%s %s: notified at %s, unclaimed: %v, %v", r.receiver, r.key, n.At.Sub(r.start), n.Firing, n.Resolved)
		}
	}
	return ""
}

func (r *run) flushUntil(until time.Duration) string {
	for r.alive && r.next < until {
		if problem := r.flush(); problem != "" {
			return problem
		}
		r.next += r.route.GroupInterval
	}
	return ""
}

// flush compares one flush.
func (r *run) flush() string {
	var firing, resolved []int
	for _, a := range r.members {
		is, known := r.known[a]
		switch {
		case !known || r.isInhibited(a):
		case is:
			firing = append(firing, a)
		default:
			resolved = append(resolved, a)
		}
	}
	must, may := r.sends(firing, resolved)
	for a, is := range r.known {
		if !is {
			delete(r.known, a)
		}
	}
	r.alive = len(r.known) > 0
	at := func(format string, args ...any) string {
		return fmt.Sprintf("%s %s at %s (%s): %s", r.receiver, r.key, r.next, r.start.Add(r.next), fmt.Sprintf(format, args...))
	}
	r.count(firing, resolved, must, may)
	isSent := len(r.got) > 0 && r.got[0].At.Sub(r.start) <= r.next+r.tolerant
	switch {
	case isSent && r.got[0].At.Sub(r.start) < r.next:
		return at("notified before, at %s", r.got[0].At.Sub(r.start))
	case isSent && !may:
		return at("notified, and the proof says it is not: %v", r.got[0])
	case must && !isSent:
		return at("not notified, and the proof says it is: firing %v, resolved %v", firing, resolved)
	case !isSent:
		return ""
	}
	n := r.got[0]
	r.got = r.got[1:]
	if !r.same(n.Firing, firing) || !r.same(n.Resolved, resolved) {
		return at("notified of %v, resolved %v; the proof says %v, %v", n.Firing, n.Resolved, firing, resolved)
	}
	r.last = &sent{r.next, firing, resolved}
	return ""
}

// count counts the kind of the next flush.
func (r *run) count(firing, resolved []int, must, may bool) {
	isSent := len(r.got) > 0 && r.got[0].At.Sub(r.start) <= r.next+r.tolerant
	switch {
	case len(firing)+len(resolved) == 0:
		r.seen["all inhibited"]++
	case !r.tree.Times.Sends(r.route.Mute, r.route.Active, r.start.Add(r.next)):
		r.seen["muted"]++
	case may && !must && isSent:
		r.seen["repeat exactly at the interval"]++
	case may && !must:
		r.seen["repeat one flush after the interval"]++
	case isSent && r.last != nil && r.route.Repeat > r.retention && subset(firing, r.last.firing) && subset(resolved, r.last.resolved):
		r.seen["repeat after the retention"]++
	case isSent && r.last != nil && subset(firing, r.last.firing) && subset(resolved, r.last.resolved) && len(firing) > 0:
		r.seen["other repeat"]++
	case isSent && len(firing) == 0:
		r.seen["all resolved"]++
	case isSent && len(resolved) > 0:
		r.seen["some resolved"]++
	case isSent && r.last == nil:
		r.seen["first"]++
	case isSent:
		r.seen["changed"]++
	default:
		r.seen["not yet repeated"]++
	}
}

// isInhibited reports whether an alert is inhibited at the next flush.
func (r *run) isInhibited(target int) bool {
	for source := range r.claims.alerts {
		if r.inhibits(source, target) && r.history.firing(source, r.next) {
			return true
		}
	}
	return false
}

// sends reports whether the proof says that these alerts are sent at the next
// flush, or may be.
func (r *run) sends(firing, resolved []int) (must, may bool) {
	switch d := r.route.Delivery; {
	case len(firing)+len(resolved) == 0, !r.tree.Times.Sends(d.Mute, d.Active, r.start.Add(r.next)):
		return false, false
	case r.last == nil, len(r.last.firing) == 0:
		return len(firing) > 0, len(firing) > 0
	case !subset(firing, r.last.firing):
		return true, true
	case len(firing) == 0:
		// Alertmanager forgets a notification after twice the repeat interval. Then
		// it sends no resolution.
		return r.next-r.last.at < min(2*d.Repeat, r.retention), true
	case !subset(resolved, r.last.resolved):
		return true, true
	default:
		sooner, later := d.Repeats(r.retention)
		return r.next-r.last.at >= later, r.next-r.last.at >= sooner
	}
}

func subset(part, whole []int) bool {
	return !slices.ContainsFunc(part, func(i int) bool { return !slices.Contains(whole, i) })
}

// same reports whether the labels are those of the alerts.
func (r *run) same(got []model.LabelSet, want []int) bool {
	return len(got) == len(want) && !slices.ContainsFunc(want, func(i int) bool {
		return !slices.ContainsFunc(got, r.claims.alerts[i].Equal)
	})
}
