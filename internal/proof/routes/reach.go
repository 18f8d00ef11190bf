package routes

import (
	"fmt"
	"slices"
	"strings"

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
	return p.Site.Webhook.URL != "" && slices.ContainsFunc(p.cells, func(c *cell) bool {
		return c.Alert != nil && p.isHeartbeat(c.Alert) && slices.ContainsFunc(c.pieces, func(x routetree.Piece) bool { return p.toWatchdog(x) != "" })
	})
}

// toWatchdog returns the Watchdog receiver among an alert's receivers, or "".
func (p *proof) toWatchdog(piece routetree.Piece) string {
	for _, r := range piece.Routes {
		if p.effects[r.Receiver].Watchdog {
			return r.Receiver
		}
	}
	return ""
}

// onlyWatchdog reports whether alerts go to Watchdog receivers alone.
func (p *proof) onlyWatchdog(piece routetree.Piece) bool {
	return !slices.ContainsFunc(piece.Routes, func(r *routetree.Route) bool { return !p.effects[r.Receiver].Watchdog })
}

// unguarded reports alerts of the site that break a rule that holds on every
// site. It returns whether it reported one.
func (p *proof) unguarded(c *cell, piece routetree.Piece) bool {
	labels := p.labelSet(c)
	if labels == nil {
		labels = p.space.Witness(piece.Box, false)
	}
	alert := routetree.Show(labels)
	any := func(f func(effect) bool) bool {
		return slices.ContainsFunc(piece.Routes, func(r *routetree.Route) bool { return f(p.effects[r.Receiver]) })
	}
	switch {
	case p.lacksSeverity(c) && c.Group.FromFile != "" && c.level == noSeverity:
		p.notes = append(p.notes, fmt.Sprintf("%s: its severity is %q: it goes to %s", c.Where, noSeverity, piece.Deliveries()))
		return true
	case p.lacksSeverity(c) && !p.onlyWatchdog(piece):
		give := "give it one of"
		if c.Group.FromFile != "" {
			give = fmt.Sprintf("give it in the rule file the label %s, or with preflight.Override one of", p.Scale.Label)
		}
		p.add(finding.UnknownSeverity, c.Where, "it has no Severity: %s %s; only an alert that goes to a watchdog alone has none, and this one goes to %s", give, strings.Join(p.LevelNames(), ", "), piece.Deliveries())
	case p.asksDirect(c) && !any(effect.direct):
		p.add(finding.NoReceiver, c.Where, "with %s the webhook may be unable to deliver it, and no other receiver gets it: send it to one of Alertmanager's own integrations as well", alert)
	case !p.isHeartbeat(c.Alert) && p.toWatchdog(piece) != "":
		p.add(finding.NoReceiver, c.Where, "with %s it goes to %s, which is for the heartbeat and makes no message: send it elsewhere, and only an alert that always fires there", alert, p.toWatchdog(piece))
	case p.lost(c, piece):
		p.add(finding.NoReceiver, c.Where, "with %s it goes to %s, which has no integration, so it is lost: send it elsewhere, or promise that receiver", alert, piece.Routes[0].Receiver)
	case p.IsUrgent(c.level) && !any(func(e effect) bool { return p.reaches(e, c) }):
		p.add(finding.NoReceiver, c.Where, "with %s it is urgent and makes no message: %s", alert, p.unheard(piece, c))
	case p.Promised && p.IsUrgent(c.level) && !slices.ContainsFunc(c.promises, promise.arrives):
		p.add(finding.NoPromise, c.Where, "with %s: it is urgent and no promise says that it arrives: add a promise with its Receiver and Within", alert)
	case p.Promised && c.Severity != "" && !slices.ContainsFunc(c.promises, promise.arrives) && len(p.tree.Routes()) > 1 && strayed(piece) && c.Group.FromFile == "" && !p.written.Route.YAML:
		p.add(finding.NoReceiver, c.Where, "no route takes it with %s, and no promise says that it arrives: the default route is for alerts that the site does not define", alert)
	default:
		return false
	}
	return true
}

// lost reports whether alerts reach receivers without integrations only, although
// their level is not the last one and no promise names such a receiver.
func (p *proof) lost(c *cell, piece routetree.Piece) bool {
	_, rank, known := p.Level(c.level)
	return known && rank < len(p.Scale.Levels)-1 && !p.IsUrgent(c.level) && !slices.ContainsFunc(piece.Routes, func(r *routetree.Route) bool {
		return p.notifies(p.effects[r.Receiver]) || slices.ContainsFunc(c.promises, func(x promise) bool { return x.Promise.Receiver == r.Receiver })
	})
}

// noSeverity is the severity of alerts without a receiver, by a convention of
// shared rules.
const noSeverity = "none"

// lacksSeverity reports whether an alert has neither a severity nor a template
// that makes one.
func (p *proof) lacksSeverity(c *cell) bool {
	return c.Severity == "" && !strings.Contains(p.AlertLabels(c.Group, c.Alert.Alert)[p.Scale.Label], "{{")
}

// asksDirect reports whether the alert's rule labels it as one that the webhook
// may be unable to deliver.
func (p *proof) asksDirect(c *cell) bool {
	return c.direct && slices.ContainsFunc(p.Conditions(c.Group, c.Alert.Alert, false), func(x emit.Condition) bool { return x.Labels[directLabel] != "" })
}

// strayed reports whether only the root route takes the alerts.
func strayed(piece routetree.Piece) bool {
	return !slices.ContainsFunc(piece.Routes, func(r *routetree.Route) bool { return r.Parent != nil && !r.Continue })
}

// reaches reports whether a receiver makes a message about the alerts.
func (p *proof) reaches(e effect, c *cell) bool {
	return e.direct() || len(e.Chats) > 0 && p.sound(e, c.level) != routing.NoMessage
}

// unheard explains why the deliveries make no message.
func (p *proof) unheard(piece routetree.Piece, c *cell) string {
	var out []string
	for _, r := range piece.Routes {
		e := p.effects[r.Receiver]
		reason := fmt.Sprintf("the receiver %q writes to the history only (NoMessage)", r.Receiver)
		switch {
		case len(e.Chats) > 0 && e.Sound == "":
			reason = fmt.Sprintf("the Sound of the level %q is NoMessage", c.level)
		case !p.notifies(e):
			reason = fmt.Sprintf("the receiver %q has no integration", r.Receiver)
		case e.Watchdog:
			reason = fmt.Sprintf("the receiver %q is for the heartbeat", r.Receiver)
		}
		out = append(out, reason)
	}
	return strings.Join(out, ", ") + ": send it to a receiver that makes a message as well"
}

// heartbeats reports routes that send a heartbeat so seldom that the webhook
// reports it missing, and a site with promises that has none.
func (p *proof) heartbeats() {
	if p.Site.Webhook.URL == "" {
		return
	}
	reported := map[*routetree.Route]bool{}
	for _, c := range p.cells {
		if c.Alert == nil || !p.isHeartbeat(c.Alert) {
			continue
		}
		for _, piece := range c.pieces {
			for _, r := range piece.Routes {
				if !p.effects[r.Receiver].Watchdog || reported[r] {
					continue
				}
				reported[r] = true
				if reason := p.missed(c, r.Delivery); reason != "" {
					p.add(finding.SlowHeartbeat, where(r), "the heartbeat %s: %s", c.Name, reason)
				}
			}
		}
	}
}

// missed explains why the webhook would report a missing heartbeat although
// Alertmanager sends it. It returns "" if it would not.
func (p *proof) missed(c *cell, d routetree.Delivery) string {
	_, later := p.repeats(d)
	interval := p.interval(c)
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
