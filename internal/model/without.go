package model

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// without removes an alert and its panels from a pack.
func (r *resolver) without(p *pack, c preflight.Without) {
	r.named(*p, "Without", c.Alert)
	if c.Why == "" {
		r.add(finding.NothingChanged, fmt.Sprintf("pack %q, Without", p.name), "Why is empty: write down why the site does not need %s", c.Alert)
	}
	for g := range p.groups {
		p.groups[g].Alerts = slices.DeleteFunc(p.groups[g].Alerts, func(a rules.Alert) bool { return a.Name == c.Alert })
	}
	for d := range p.Dashboards {
		b := &p.Dashboards[d]
		gone := func(q dashgen.Panel) bool { return q.Alert == c.Alert }
		b.Panels = slices.DeleteFunc(b.Panels, gone)
		for i := range b.Rows {
			b.Rows[i].Panels = slices.DeleteFunc(b.Rows[i].Panels, gone)
		}
	}
	p.gone = append(p.gone, c.Alert)
}

// forget removes the routing of a pack for its removed alerts: routes,
// inhibitions, promises, quiets, and receivers without a remaining route.
func (p *pack) forget() {
	if len(p.gone) == 0 {
		return
	}
	r := p.Routing
	before := r.Route.Routes
	r.Route.Routes = without(before, func(x routing.Route) bool { return p.isGone(x.Match) })
	r.Inhibit = without(r.Inhibit, func(x routing.Inhibit) bool { return p.isGone(x.Source) || p.isGone(x.Target) })
	r.Promises = without(r.Promises, func(x routing.Promise) bool { return p.isGone(x.Match) })
	r.Quiet = without(r.Quiet, func(x routing.Quiet) bool { return p.isGone(x.Match) || p.isGone(x.While) })
	r.Receivers = without(r.Receivers, func(x routing.Receiver) bool {
		to := func(y routing.Route) bool { return y.Receiver == x.Name }
		return slices.ContainsFunc(before, to) && !slices.ContainsFunc(r.Route.Routes, to)
	})
	p.Routing = r
}

// without returns the list without the elements that drop selects.
func without[T any](list []T, drop func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// isGone reports whether matchers select the name of a removed alert and no
// other alert of the pack.
func (p *pack) isGone(match string) bool {
	list, err := matchers.Parse(match)
	if err != nil {
		return false // another check reports bad matchers
	}
	for _, m := range list {
		if m.Name == model.AlertNameLabel && slices.ContainsFunc(p.gone, m.Matches) &&
			!slices.ContainsFunc(p.alerts(), func(a *rules.Alert) bool { return m.Matches(a.Name) }) {
			return true
		}
	}
	return false
}
