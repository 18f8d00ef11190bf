package definitions

import (
	"fmt"
	"slices"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/routing"
)

// eachRoute calls f with the root route and every route below it, parents
// first. The names in subtrees given as YAML are in emit.Names.
func (c *Checked) eachRoute(f func(r routing.Route, root bool)) {
	var below func(routing.Route)
	below = func(parent routing.Route) {
		for _, r := range parent.Routes {
			if r.YAML() == "" {
				f(r, false)
			}
			below(r)
		}
	}
	f(c.Routing.Route, true)
	below(c.Routing.Route)
}

// undefined reports routes with receivers and time intervals that are not
// defined.
func (c *Checked) undefined() []finding.Finding {
	var out []finding.Finding
	receivers, intervals := c.receiverNames(), c.intervalNames()
	check := func(where, place, kind, name string, known []string) {
		if name != "" && !slices.Contains(known, name) {
			out = append(out, finding.Finding{Code: finding.Undefined, Where: where,
				Reason: fmt.Sprintf("%sthe %s %q is not defined", place, kind, name), Suggestion: suggest.Nearest(name, known)})
		}
	}
	c.eachRoute(func(r routing.Route, _ bool) {
		where := "routing, " + emit.RouteName(r.Match)
		check(where, "", "receiver", r.Receiver, receivers)
		for _, name := range slices.Concat(r.Mute, r.Active) {
			check(where, "", "time interval", name, intervals)
		}
	})
	for _, use := range c.yaml.Uses {
		if use.Interval {
			check(use.Where, use.Place+": ", "time interval", use.Name, intervals)
		} else {
			check(use.Where, use.Place+": ", "receiver", use.Name, receivers)
		}
	}
	return out
}

// usesReceiver reports whether a route sends alerts to the receiver, or may do
// so because a part of the routing does not parse.
func (c *Checked) usesReceiver(name string) bool {
	used := c.misread || slices.ContainsFunc(c.yaml.Uses, func(u emit.Use) bool { return !u.Interval && u.Name == name })
	c.eachRoute(func(r routing.Route, _ bool) { used = used || r.Receiver == name })
	return used
}

// receiverNames returns the names of the literal receivers, and of those in
// Routing.YAML.
func (c *Checked) receiverNames() []string {
	names := slices.Clone(c.yaml.Receivers)
	for _, x := range c.Routing.Receivers {
		names = append(names, x.Name)
	}
	return names
}

// intervalNames returns the names of the literal time intervals, and of those
// in Routing.YAML.
func (c *Checked) intervalNames() []string {
	names := slices.Clone(c.yaml.Intervals)
	for _, x := range c.Routing.TimeIntervals {
		names = append(names, x.Name)
	}
	return names
}
