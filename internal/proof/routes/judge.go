package routes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/routing"
)

// judge returns a function that describes the promise that the deliveries of
// alerts break, for receivers with these effects. It returns nil if no promise
// matches.
func (p *proof) judge(c *cell, e effects) func(routetree.Piece) string {
	if len(c.promises) == 0 {
		return nil
	}
	interval := p.interval(c)
	wanted := map[string]bool{}
	for _, x := range c.promises {
		if x.Promise.Receiver != "" {
			wanted[x.Promise.Receiver] = true
		}
	}
	return func(piece routetree.Piece) string {
		if problem := p.receivers(c.promises, wanted, piece); problem != "" {
			return problem
		}
		for _, x := range c.promises {
			for _, r := range piece.Routes {
				if !x.about(r.Receiver) {
					continue
				}
				if problem := cmp.Or(p.late(x, r, interval), p.differs(x, r, e[r.Receiver], c.level), p.held(x, r, excepted(c.promises, r.Receiver), c.level)); problem != "" {
					return fmt.Sprintf("%s: %s", r.Receiver, problem)
				}
			}
		}
		return ""
	}
}

// interval returns the time between two evaluations of an alert. For alerts of
// other sites it is unknown and counts as 0, so that only Alertmanager's delays
// count.
func (p *proof) interval(c *cell) time.Duration {
	if c.Alert != nil {
		return p.Interval(c.Group)
	}
	return 0
}

// receivers describes how the receivers differ from the promised ones, and the
// matcher that decided.
func (p *proof) receivers(promises []promise, wanted map[string]bool, piece routetree.Piece) string {
	got := map[string]bool{}
	for _, x := range promises {
		for _, r := range piece.Routes {
			switch {
			case x.Never == "":
			case r.Receiver == x.Never:
				return fmt.Sprintf("promised never to %s, and goes there (%s takes it)", x.Never, r.Name())
			case p.shared(r.Receiver, x.Never) != "":
				return fmt.Sprintf("promised never to %s, and goes to %s, which has the same %s", x.Never, r.Receiver, p.shared(r.Receiver, x.Never))
			}
		}
	}
	for _, r := range piece.Routes {
		if !wanted[r.Receiver] && !p.notifies(p.effects[r.Receiver]) {
			continue // a receiver without integrations has no effect
		}
		if got[r.Receiver] {
			return fmt.Sprintf("%s is notified twice", r.Receiver)
		}
		got[r.Receiver] = true
	}
	if len(wanted) > 0 && !maps.Equal(wanted, got) {
		return fmt.Sprintf("promised to %s, goes to %s%s", sorted(wanted), cmp.Or(sorted(got), "no receiver"), p.why(wanted, got, piece))
	}
	return ""
}

// shared names a chat that two receivers with the same sound have, or the kind of an
// integration by which both notify the same people. It returns "" if there is
// neither.
func (p *proof) shared(a, b string) string {
	x, y := p.effects[a], p.effects[b]
	for _, c := range x.Chats {
		if x.Sound == y.Sound && slices.Contains(y.Chats, c) {
			return "chat " + cmp.Or(c.Telegram, c.Slack)
		}
	}
	for _, address := range x.addresses {
		if kind, own, _ := strings.Cut(address, "\n"); own != "" && slices.Contains(y.addresses, address) {
			return kind + " address (key, channel or number)"
		}
	}
	return ""
}

// why names the route that takes alerts, and the matcher that keeps them from the
// route to a wanted receiver that comes closest.
func (p *proof) why(wanted, got map[string]bool, piece routetree.Piece) string {
	alert := p.space.Witness(piece.Box, false)
	var closest *routetree.Route
	var decided labels.Matchers
	for _, r := range p.tree.Routes() {
		if r.Parent == nil || !wanted[r.Receiver] || got[r.Receiver] {
			continue
		}
		failing := r.Failing(alert)
		if closest == nil || len(failing) < len(decided) || len(failing) == len(decided) && slips(failing, alert) && !slips(decided, alert) {
			closest, decided = r, failing
		}
	}
	var out []string
	for _, r := range piece.Routes {
		if wanted[r.Receiver] && got[r.Receiver] && len(piece.Routes) > 1 || r.Continues() && closest != nil {
			continue
		}
		text := r.Name() + " takes it"
		if closest != nil && len(decided) == 0 && closest.Index > r.Index {
			text += " before " + closest.Name()
		}
		if from := r.From(func(c *config.Route) bool { return c.Receiver != "" }); from != nil && from != r {
			text += ", with the receiver of " + from.Name()
		}
		out = append(out, text)
		break
	}
	if len(decided) > 0 {
		out = append(out, fmt.Sprintf("%s keeps it from %s", decided[0], closest.Name()))
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, "; ") + ")"
}

// slips reports whether the only failing matcher looks like a slip of the alert's
// value.
func slips(failing labels.Matchers, alert model.LabelSet) bool {
	return len(failing) == 1 && suggest.Slip(failing[0].Value, []string{string(alert[model.LabelName(failing[0].Name)])})
}

func show(t time.Duration) string { return model.Duration(t).String() }

// late describes the time or grouping of a promise that a delivery does not
// keep.
func (p *proof) late(x promise, r *routetree.Route, interval time.Duration) string {
	latest := interval + max(r.GroupWait, r.GroupInterval)
	sooner, later := p.repeats(r.Delivery)
	switch {
	case x.GroupBy != nil && !slices.Equal(x.groupBy, r.GroupBy):
		return fmt.Sprintf("promised to be grouped by %s, is grouped by %s", strings.Join(x.groupBy, ", "), r.Grouping())
	case x.Gather != "" && r.GroupWait < x.gather:
		return fmt.Sprintf("promised to gather alerts for %s, sends the first after %s", show(x.gather), show(r.GroupWait))
	case x.Gather != "" && r.GroupWait > x.gather:
		return fmt.Sprintf("the first is sent after %s, and gathering takes %s only", show(r.GroupWait), show(x.gather))
	case x.Within != "" && latest > x.within && r.GroupWait > r.GroupInterval:
		return fmt.Sprintf("promised within %s, can take %s%s", show(x.within), show(latest), stated(r, "GroupWait", r.GroupWait, func(c *config.Route) bool { return c.GroupWait != nil }))
	case x.Within != "" && latest > x.within:
		return fmt.Sprintf("promised within %s, can take %s%s", show(x.within), show(latest), stated(r, "GroupInterval", r.GroupInterval, func(c *config.Route) bool { return c.GroupInterval != nil }))
	case x.Again != "" && later > x.again:
		return fmt.Sprintf("promised again after at most %s, can take %s%s", show(x.again), show(later), stated(r, "RepeatInterval", r.Repeat, repeats))
	case x.NotAgain != "" && sooner < x.notAgain:
		return fmt.Sprintf("promised not again before %s, comes after %s%s", show(x.notAgain), show(sooner), stated(r, "RepeatInterval", r.Repeat, repeats))
	}
	return ""
}

func repeats(c *config.Route) bool { return c.RepeatInterval != nil }

// stated names the route that states a time of a route, unless it is the route
// itself.
func stated(r *routetree.Route, name string, value time.Duration, states func(*config.Route) bool) string {
	switch from := r.From(states); from {
	case r:
		return ""
	case nil:
		return fmt.Sprintf(" (%s %s is Alertmanager's default)", name, show(value))
	default:
		return fmt.Sprintf(" (%s %s of %s)", name, show(value), from.Name())
	}
}

// differs describes the effect of a promise that a receiver does not have.
func (p *proof) differs(x promise, r *routetree.Route, e effect, level string) string {
	if !e.resolved && x.Resolved {
		reason := "which the receiver leaves out (FiringOnly)"
		if e.yaml {
			reason = "which an integration of the receiver leaves out (send_resolved: false)"
		}
		return "promised the resolution too, " + reason
	}
	if x.FiringOnly && !e.firingOnly {
		return "promised without the resolution, and the receiver sends it: set FiringOnly"
	}
	if x.Sound != "" {
		switch sound := p.sound(e, level); {
		case !e.sounds():
			return fmt.Sprintf("promised with the sound %q, and the receiver has neither Chats nor Telegram", x.Sound)
		case sound != x.Sound:
			return fmt.Sprintf("promised with the sound %q, comes with %q", x.Sound, sound)
		case len(e.Chats) > 0 && len(e.Telegram) > 0 && e.Sound == "" && sound != routing.Loud:
			return fmt.Sprintf("promised with the sound %q, and its Telegram rings: give the receiver its Sound", x.Sound)
		}
	}
	if x.Promise.Receiver != "" && !e.Watchdog && (x.Within != "" || x.Again != "") && !p.notifies(e) {
		return "promised to arrive, and the receiver has no integration"
	}
	for _, name := range x.NotIn {
		if at := r.Times().Sending(r.Mute, r.Active, p.tree.Times, name); !at.IsZero() {
			return fmt.Sprintf("promised not to be sent in %s, and is, as on %s", name, clock(at))
		}
	}
	return ""
}

// notifies reports whether a receiver has any effect.
func (p *proof) notifies(e effect) bool {
	return e.direct() || len(e.Chats) > 0 || e.Watchdog || e.Sound == routing.NoMessage
}

// excepted returns the time intervals that the promises about a receiver except.
func excepted(promises []promise, receiver string) []string {
	var out []string
	for _, x := range promises {
		if x.about(receiver) {
			out = append(out, x.NotIn...)
		}
	}
	return out
}

// held describes a time interval in which a delivery is late or not repeated
// because its route is muted. Time intervals that a promise excepts do not
// count.
func (p *proof) held(x promise, r *routetree.Route, notIn []string, level string) string {
	within, what := x.Within, "within "+x.Within
	if within == "" {
		within, what = x.Again, "again after at most "+x.Again
	}
	switch {
	case within != "":
	case x.Resolved:
		within, what = "at any time", "with its resolution" // Alertmanager does not send it later
	case x.Promise.Receiver != "" && p.IsUrgent(level):
		within, what = "at any time", "to "+x.Promise.Receiver
	}
	if within == "" || len(r.Mute)+len(r.Active) == 0 {
		return ""
	}
	at := r.Times().Silent(r.Mute, r.Active, p.tree.Times, notIn)
	switch {
	case at.IsZero():
		return ""
	case p.IsUrgent(level):
		return fmt.Sprintf("promised %s, and its route is mute at times (%s): it is urgent, so remove Mute and Active from the route", what, intervals(r))
	case len(notIn) > 0:
		return fmt.Sprintf("promised %s except in %s, and is not sent on %s (%s): correct one of the time intervals", what, strings.Join(notIn, ", "), clock(at), intervals(r))
	}
	return fmt.Sprintf("promised %s, and is not sent on %s (%s): send it at all times, or state in NotIn when it is not", what, clock(at), intervals(r))
}

// clock formats a time within a week.
func clock(at time.Time) string { return at.Format("Mon 2 Jan 15:04 MST") }

// intervals names the time intervals of a route.
func intervals(r *routetree.Route) string {
	var out []string
	if len(r.Mute) > 0 {
		out = append(out, "Mute "+strings.Join(r.Mute, ", "))
	}
	if len(r.Active) > 0 {
		out = append(out, "Active "+strings.Join(r.Active, ", "))
	}
	return strings.Join(out, "; ")
}

// repeats returns the shortest and longest time until an unchanged group is
// sent again.
func (p *proof) repeats(d routetree.Delivery) (sooner, later time.Duration) {
	return d.Repeats(p.retention())
}

// defaultRetention is the time for which Alertmanager remembers notifications,
// unless it is started with another --data.retention.
const defaultRetention = 5 * 24 * time.Hour

// retention returns the time for which Alertmanager remembers notifications.
func (p *proof) retention() time.Duration {
	d, err := model.ParseDuration(p.Site.Alertmanager.Retention)
	if err != nil || d <= 0 {
		return defaultRetention
	}
	return time.Duration(d)
}
