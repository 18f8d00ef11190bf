package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/routetree"
)

// waits reports times of routes that Alertmanager does not keep.
func (p *proof) waits() {
	for _, r := range p.tree.Routes() {
		c := r.Config
		if r.Parent != nil && c.RepeatInterval == nil && c.GroupInterval == nil {
			continue // a parent has the same times
		}
		sooner, later := p.repeats(r.Delivery)
		switch {
		case r.Repeat > p.retention():
			p.add(finding.BadSite, where(r), "RepeatInterval %s is longer than Alertmanager keeps its notifications, %s: it repeats after %s; shorten it",
				show(r.Repeat), show(p.retention()), show(sooner))
		case r.GroupInterval > 0 && r.Repeat < r.GroupInterval:
			p.add(finding.BadSite, where(r), "RepeatInterval %s is shorter than GroupInterval %s: it repeats after %s; write that, or shorten GroupInterval",
				show(r.Repeat), show(r.GroupInterval), show(sooner))
		case r.GroupInterval > 0 && r.Repeat%r.GroupInterval != 0:
			p.add(finding.BadSite, where(r), "RepeatInterval %s is no multiple of GroupInterval %s: it repeats after %s; write that",
				show(r.Repeat), show(r.GroupInterval), show(later))
		}
	}
}

// intervals reports time intervals and uses of them that cannot be meant.
func (p *proof) intervals() {
	times, used, silenced := p.tree.Times, map[string]bool{}, map[string]bool{}
	for _, r := range p.tree.Routes() {
		for _, name := range slices.Concat(r.Mute, r.Active) {
			used[name] = true
		}
		if times.Never(r.Mute, r.Active) {
			p.add(finding.NoReceiver, where(r), "its Mute and Active leave no time in which it sends anything: leave them out, or send to a receiver with Sound: routing.NoMessage")
			for _, name := range slices.Concat(r.Mute, r.Active) {
				silenced[name] = true
			}
			continue
		}
		for _, child := range r.Routes {
			for _, name := range r.Mute {
				if !slices.Contains(child.Mute, name) && p.deliversBelow(child) && !times.Sending(child.Mute, child.Active, times, name).IsZero() {
					p.addOrNote(p.isYAML(r), finding.UnmutedChild, where(child), "it sends in %s, in which its parent %s is muted: routes do not inherit Mute; give it Mute too, or remove it from the parent", name, r.Name())
				}
			}
			if len(r.Active) > 0 && len(child.Active) == 0 && p.deliversBelow(child) {
				p.addOrNote(p.isYAML(r), finding.UnmutedChild, where(child), "it sends at all times, and its parent %s only in %s: routes do not inherit Active; give it Active too, or remove it from the parent", r.Name(), strings.Join(r.Active, ", "))
			}
		}
	}
	for _, x := range p.promises {
		for _, name := range x.NotIn {
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(times.Intervals)) {
		at := fmt.Sprintf("routing, time interval %q", name)
		switch {
		case silenced[name]: // the route is reported
		case len(times.Intervals[name]) == 0:
			p.add(finding.BadSite, at, "it has no ranges, so it never applies: give it times, weekdays or days")
		case times.Full(name):
			p.add(finding.BadSite, at, "it contains all times: a route that it mutes never sends; give it times, weekdays or days")
		case times.Idle(name):
			p.add(finding.BadSite, at, "it contains no time at all: its parts never meet; correct them")
		case !used[name]:
			p.addOrNote(p.written.Intervals[name], finding.UnreachableRoute, at, "no route and no promise uses it: use it, or remove it")
		}
	}
}

// deliversBelow reports whether a route itself delivers alerts of the site to a
// receiver with an integration.
func (p *proof) deliversBelow(r *routetree.Route) bool {
	if !p.notifies(p.effects[r.Receiver]) {
		return false
	}
	for a := range p.use.deliver[r.Index] {
		if a != nil {
			return true
		}
	}
	return false
}
