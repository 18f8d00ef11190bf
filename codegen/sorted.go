package codegen

import (
	"cmp"
	"slices"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// sorted returns the pack with everything in one order whose order means
// nothing, so that a definition that moves changes no file. Routes, recording
// rules, panels and actions stay as they are.
func (p Pack) sorted() Pack {
	p.Envs = slices.Sorted(slices.Values(p.Envs))
	p.Jobs = by(p.Jobs, func(j Job) string { return j.Name })
	p.Metrics = by(p.Metrics, func(d metrics.Desc) string { return d.Name })
	p.Exporters = by(p.Exporters, func(d metrics.Desc) string { return d.Name })
	p.Groups = by(p.Groups, func(g rules.Group) string { return g.Name })
	for i, g := range p.Groups {
		p.Groups[i].Alerts = by(g.Alerts, func(a rules.Alert) string { return a.Name })
	}
	p.Routing.Receivers = by(p.Routing.Receivers, func(r rules.Receiver) string { return r.Name })
	p.Routing.Intervals = by(p.Routing.Intervals, func(i rules.Interval) string { return i.Name })
	p.Routing.Inhibit = by(p.Routing.Inhibit, func(i rules.Inhibit) string { return routeName(i.Target) + routeName(i.Source) })
	p.Dashboards = by(p.Dashboards, func(d dashgen.Dashboard) string { return d.UID })
	return p
}

// by returns a copy in the order of the keys.
func by[T any](list []T, key func(T) string) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return list
}
