package emit

import (
	"cmp"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/routing"
)

// Names are the names of receivers and time intervals in the parts of the
// routing that are given as YAML.
type Names struct {
	Receivers, Intervals []string // defined
	Uses                 []Use    // in routes
}

// Use is the use of a name in a route.
type Use struct {
	Where    string // the part of the routing
	Place    string // in its YAML: "line 3, column 5"
	Interval bool   // the name is that of a time interval, not of a receiver
	Name     string
}

// YAMLNames returns the names in Routing.YAML and in subtrees given as YAML.
// Other checks report those parts if they do not parse.
func (c *Context) YAMLNames() Names {
	b := &amBuilder{Context: c}
	b.given, _ = amfile.Parse(c.Routing.YAML)
	out := Names{Intervals: b.givenIntervals()}
	for _, n := range amfile.Items(b.given, "receivers") {
		out.Receivers = append(out.Receivers, amfile.Text(n, "name"))
	}
	if root := amfile.At(b.given, "route"); root != nil {
		out.use(root, givenWhere)
	}
	var raws func([]routing.Route)
	raws = func(list []routing.Route) {
		for _, r := range list {
			if r.YAML() != "" {
				node, _ := amfile.Parse(r.YAML())
				out.use(node, "routing, "+rawName(node))
			}
			raws(r.Routes)
		}
	}
	raws(c.Routing.Route.Routes)
	slices.SortStableFunc(out.Uses, func(a, b Use) int { return cmp.Compare(a.Where, b.Where) })
	return out
}

// use adds the names in a route and in those below it.
func (n *Names) use(route *yaml.Node, where string) {
	if name := amfile.At(route, "receiver"); name != nil && name.Value != "" {
		n.Uses = append(n.Uses, Use{where, amfile.Place(name), false, name.Value})
	}
	for _, key := range []string{"mute_time_intervals", "active_time_intervals"} {
		for _, item := range amfile.Items(route, key) {
			n.Uses = append(n.Uses, Use{where, amfile.Place(item), true, item.Value})
		}
	}
	for _, child := range amfile.Items(route, "routes") {
		n.use(child, where)
	}
}

// HasRootYAML reports whether Routing.YAML gives the root route.
func (c *Context) HasRootYAML() bool {
	given, err := amfile.Parse(c.Routing.YAML)
	return err == nil && amfile.At(given, "route") != nil
}
