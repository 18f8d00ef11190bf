package routes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/webhook/api"
)

// isHeartbeat reports whether an alert only shows that alerting works: it has
// no severity, or its expression reads no series.
func (p *proof) isHeartbeat(a *definitions.Alert) bool {
	if a.Severity == "" && a.Group.FromFile == "" {
		return true
	}
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(p.Timing.Expand(a.Expr))
	if err != nil {
		return false
	}
	reads := false
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		_, selector := n.(*parser.VectorSelector)
		reads = reads || selector
		return nil
	})
	return !reads
}

// Heartbeat implements [Proof].
func (p *proof) Heartbeat() bool {
	return p.Site.Webhook.URL != "" && slices.ContainsFunc(p.sent, func(s sent) bool {
		return s.Alert != nil && p.isHeartbeat(s.Alert) && p.toWatchdog(p.tree.Deliveries(s.set())) != ""
	})
}

// toWatchdog returns the Watchdog receiver among an alert's receivers, or "".
func (p *proof) toWatchdog(ds routetree.Deliveries) string {
	for _, d := range ds {
		if r, _ := p.receiver(d.Receiver); r.Watchdog {
			return r.Name
		}
	}
	return ""
}

// urgentlySent reports whether the instance has an urgent level.
func (p *proof) urgentlySent(s sent) bool { return p.IsUrgent(s.labels[p.Scale.Label]) }

// reaches reports whether a delivery makes a message.
func (p *proof) reaches(d routetree.Delivery, s sent) bool {
	r, _ := p.receiver(d.Receiver)
	return p.direct(d.Receiver) || len(r.Chats) > 0 && p.sound(r, s) != routing.NoMessage
}

// unheard explains why the deliveries make no message.
func (p *proof) unheard(ds routetree.Deliveries, s sent) string {
	var out []string
	for _, d := range ds {
		reason := fmt.Sprintf("the receiver %q writes to the history only (NoMessage)", d.Receiver)
		if r, _ := p.receiver(d.Receiver); len(r.Chats) > 0 && r.Sound == "" {
			reason = fmt.Sprintf("the Sound of the level %q is NoMessage", s.labels[p.Scale.Label])
		}
		out = append(out, reason)
	}
	return strings.Join(out, ", ") + ": send it to a receiver that makes a message as well"
}

// retention is the time for which Alertmanager remembers notifications, unless
// it is started with another --data.retention.
const retention = 5 * 24 * time.Hour

// forgotten reports routes that repeat after Alertmanager has forgotten what it
// sent: it sends again sooner.
func (p *proof) forgotten() {
	for _, r := range append([]routing.Route{p.Routing.Route}, p.Routing.Route.Routes...) {
		d, err := model.ParseDuration(r.RepeatInterval)
		if err == nil && time.Duration(d) > retention {
			p.add(finding.BadSite, "routing, "+emit.RouteName(r.Match), "RepeatInterval %s is longer than Alertmanager keeps its notifications, %s: it repeats sooner; shorten it",
				d, model.Duration(retention))
		}
	}
}

// muted reports routes that never send anything.
func (p *proof) muted() {
	for _, r := range append([]routing.Route{p.Routing.Route}, p.Routing.Route.Routes...) {
		if p.tree.Never(r.Mute, r.Active, time.Now().Year()) {
			p.add(finding.NoReceiver, "routing, "+emit.RouteName(r.Match), "its Mute and Active leave no time of this year in which it sends anything: leave them out, or send to a receiver with Sound: routing.NoMessage")
		}
	}
}

// heartbeats reports routes that send a heartbeat so seldom that the webhook
// reports it missing.
func (p *proof) heartbeats() {
	if p.Site.Webhook.URL == "" {
		return
	}
	reported := map[int]bool{}
	for _, s := range p.sent {
		if s.Alert == nil || !p.isHeartbeat(s.Alert) {
			continue
		}
		for i, d := range p.tree.Deliveries(s.set()) {
			at := p.tree.Taken(s.set())[i]
			if r, _ := p.receiver(d.Receiver); !r.Watchdog || reported[at] {
				continue
			}
			reported[at] = true
			match := p.Routing.Route.Match
			if at > 0 {
				match = p.Routing.Route.Routes[at-1].Match
			}
			if reason := p.missed(s, d); reason != "" {
				p.add(finding.SlowHeartbeat, "routing, "+emit.RouteName(match), "the heartbeat %s: %s", s.Name, reason)
			}
		}
	}
}

// missed explains why the webhook would report a missing heartbeat although
// Alertmanager sends it. It returns "" if it would not.
func (p *proof) missed(s sent, d routetree.Delivery) string {
	show := func(t time.Duration) string { return model.Duration(t).String() }
	_, later := repeats(d)
	interval := p.interval(s)
	switch {
	case len(d.Mute)+len(d.Active) > 0:
		return "it is not sent at all times (Mute, Active), and the webhook reports then that alerting does not work: leave both out"
	case interval+d.GroupWait >= api.HeartbeatTimeout:
		return fmt.Sprintf("it is sent first after up to %s, and the webhook waits for %s: shorten GroupWait", show(interval+d.GroupWait), show(api.HeartbeatTimeout))
	case interval+later >= api.HeartbeatTimeout:
		return fmt.Sprintf("it is sent once in up to %s, evaluated every %s, and the webhook waits for %s: shorten RepeatInterval, GroupInterval or the Interval of its group", show(later), show(interval), show(api.HeartbeatTimeout))
	}
	return ""
}
