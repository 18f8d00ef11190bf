package routes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// isYAML reports whether a route is given as YAML.
func (p *proof) isYAML(r *routetree.Route) bool {
	return p.origin(r).YAML
}

func (p *proof) origin(r *routetree.Route) emit.RouteOrigin {
	o := p.written.Route
	for _, i := range r.Path {
		o = o.Child(i)
	}
	return o
}

func where(r *routetree.Route) string { return "routing, " + r.Name() }

// routes reports routes that no alert takes, and groupings without effect.
func (p *proof) routes() {
	hidden := p.hidden()
	for _, r := range p.tree.Routes() {
		yaml := p.isYAML(r)
		if reason := p.slip(r.Matchers); reason != "" {
			p.add(finding.UnreachableRoute, where(r), "%s", reason)
			continue
		}
		if r.Parent != nil {
			by, isHidden := hidden[r]
			switch reason := p.unreachable(r); {
			case isHidden && by == "":
				continue // it is counted in the finding about an earlier sibling
			case isHidden && hidden[r.Parent] == "":
				p.add(finding.UnreachableRoute, where(r), "no alert gets here: %s", by)
				continue
			case isHidden:
				continue // its parent is reported
			case reason != "" && p.unreachable(r.Parent) == "":
				p.addOrNote(yaml, finding.UnreachableRoute, where(r), "no alert gets here: %s", reason)
				continue
			case reason != "":
				continue
			}
		}
		if twin := r.Twin(); twin != nil && p.delivers(twin) && p.delivers(r) {
			p.addOrNote(yaml, finding.UnreachableRoute, where(r), "an earlier route has the same matchers and the same receiver %q: Alertmanager takes equal groups of both for one and sends them once; remove one of the routes, or give it another receiver", r.Receiver)
		}
		if r.Config.GroupBy == nil && r.Config.GroupByStr == nil {
			continue
		}
		for _, name := range r.GroupBy {
			if name != "..." && p.groupedByNothing(r, name) {
				p.addOrNote(yaml, finding.GroupedByNothing, where(r), "groups by %q, a label that none of its alerts has", name)
			}
		}
	}
}

// delivers reports whether a route delivers alerts itself.
func (p *proof) delivers(r *routetree.Route) bool { return len(p.use.deliver[r.Index]) > 0 }

// hidden returns the routes whose alerts are all taken by earlier siblings, or
// that are below such a route, with the reason.
func (p *proof) hidden() map[*routetree.Route]string {
	out := map[*routetree.Route]string{}
	var below func(parent *routetree.Route, box space.Box)
	below = func(parent *routetree.Route, box space.Box) {
		open := []space.Box{box}
		for i, r := range parent.Routes {
			if i > 0 && takesAll(parent.Routes[i-1]) {
				out[r] = "the route before has no matchers, so it takes every alert: give it matchers, or put it last"
				if more := parent.Routes[i+1:]; len(more) > 0 {
					out[r] += fmt.Sprintf("; nor do alerts get to the %d routes after this one", len(more))
					for _, x := range more {
						out[x] = ""
					}
				}
				return
			}
			ms := p.space.Matchers(r.Matchers)
			in := box.Only(ms)
			switch {
			case in == nil:
				out[r] = p.exclusion(r)
			case !slices.ContainsFunc(open, func(b space.Box) bool { return b.Meets(ms) }):
				out[r] = p.takenBefore(parent.Routes[:i], in)
			}
			if in != nil {
				below(r, in)
			}
			if r.Continue || in == nil {
				continue
			}
			var rest []space.Box
			for _, b := range open {
				_, others := b.Split(ms)
				rest = append(rest, others...)
			}
			if len(rest) > routetree.MaxPieces {
				return
			}
			open = rest
		}
	}
	below(p.tree.Routes()[0], p.space.All())
	return out
}

// takesAll reports whether a route takes every alert that gets there.
func takesAll(r *routetree.Route) bool { return len(r.Matchers) == 0 && !r.Continue }

// exclusion explains why no alert can match a route and its parents.
func (p *proof) exclusion(r *routetree.Route) string {
	var all labels.Matchers
	for at := r; at != nil; at = at.Parent {
		all = append(all, at.Matchers...)
	}
	if reason := p.contradiction(all); reason != "" {
		return reason
	}
	return "its matchers exclude each other"
}

// contradiction names two matchers that no alert satisfies together, or returns
// "".
func (p *proof) contradiction(ms labels.Matchers) string {
	for i, m := range ms {
		for _, o := range ms[:i] {
			if o.Name != m.Name || p.space.All().Only(p.space.Matchers(labels.Matchers{m, o})) != nil {
				continue
			}
			if o.Type == labels.MatchEqual && m.Type == labels.MatchEqual {
				return fmt.Sprintf("%s cannot be both %q and %q", m.Name, o.Value, m.Value)
			}
			return fmt.Sprintf("%s and %s exclude each other", o, m)
		}
	}
	return ""
}

// takenBefore names the earlier routes that take the alerts of a box.
func (p *proof) takenBefore(before []*routetree.Route, box space.Box) string {
	var names []string
	for _, b := range before {
		ms := p.space.Matchers(b.Matchers)
		if b.Continue || !box.Meets(ms) {
			continue
		}
		if box.In(ms) {
			return b.Name() + " takes all of them before"
		}
		names = append(names, b.Name())
	}
	return strings.Join(names, " and ") + " take all of them before"
}

// unreachable explains why none of the alerts of the site or of those promised
// reaches a route, or returns "".
func (p *proof) unreachable(r *routetree.Route) string {
	if r.Parent == nil {
		return ""
	}
	if p.use.others[r.Index] {
		return ""
	}
	for a := range p.use.reach[r.Index] {
		if a != nil {
			return ""
		}
	}
	var all labels.Matchers
	for at := r; at != nil; at = at.Parent {
		all = append(all, at.Matchers...)
	}
	if reason := p.impossible(all); reason != "" {
		return reason
	}
	if p.forOthers(r, all) {
		return ""
	}
	return "none of the site's has all of these labels, or earlier routes take them, and nothing is promised to others"
}

// forOthers reports whether a promise about future alerts that get to the route
// names all of its labels, or whether the matchers are for those of a severity.
func (p *proof) forOthers(r *routetree.Route, ms labels.Matchers) bool {
	if slices.ContainsFunc(p.use.promised[r.Index], func(x promise) bool {
		return x.Promise.Receiver+x.Never != "" && !slices.ContainsFunc(ms, func(o *labels.Matcher) bool {
			return !slices.ContainsFunc(x.match, func(m *labels.Matcher) bool {
				return m.Name == o.Name && m.Type == labels.MatchEqual && o.Matches(m.Value)
			})
		})
	}) {
		return true
	}
	if slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return m.Name != p.Scale.Label }) {
		return false
	}
	own := p.space.Matchers(ms)
	return slices.ContainsFunc(p.cells, func(c *cell) bool {
		return c.Alert == nil && c.name == othersName && c.others == "" && c.box.Meets(own) &&
			slices.ContainsFunc(c.promises, func(x promise) bool {
				return len(ms) == 0 || slices.ContainsFunc(x.match, func(m *labels.Matcher) bool { return m.Name == p.Scale.Label })
			})
	})
}

// impossible explains why no alert of the site or a future one can match, or
// returns "".
func (p *proof) impossible(ms labels.Matchers) string {
	if reason := p.contradiction(ms); reason != "" {
		return reason
	}
	for _, m := range ms {
		if m.Matches("") || slices.ContainsFunc(p.cells, func(c *cell) bool {
			return (c.Alert != nil || c.others != "") && c.box.Meets(p.space.Matchers(labels.Matchers{m}))
		}) {
			continue
		}
		switch m.Name {
		case model.AlertNameLabel:
			if m.Type == labels.MatchEqual {
				return fmt.Sprintf("there is no alert %q", m.Value)
			}
			return fmt.Sprintf("no alert has a name with %s", m)
		case p.Scale.Label:
			if slices.ContainsFunc(p.LevelNames(), m.Matches) {
				continue // a level without alerts
			}
			return fmt.Sprintf("there is no level %q (there are %s)", m.Value, strings.Join(p.LevelNames(), ", "))
		}
		return fmt.Sprintf("no alert has %s; if other programs send such alerts, state them in Routing.Others", m)
	}
	return ""
}

// groupedByNothing reports whether none of the site's alerts that a route
// delivers, itself or by inheritance, has a label. A route without alerts of the
// site is for others.
func (p *proof) groupedByNothing(r *routetree.Route, label string) bool {
	any := false
	for _, o := range p.tree.Routes() {
		if !inherits(o, r) {
			continue
		}
		if p.use.others[o.Index] {
			return false // their labels are unknown
		}
		for a := range p.use.deliver[o.Index] {
			if a == nil {
				continue
			}
			any = true
			if a.Labels.Can(label) {
				return false
			}
		}
	}
	return any
}

// inherits reports whether a route has the grouping of another one.
func inherits(r, from *routetree.Route) bool {
	for at := r; at != nil; at = at.Parent {
		if at == from {
			return true
		}
		if at.Config.GroupBy != nil || at.Config.GroupByStr != nil {
			return false
		}
	}
	return false
}
