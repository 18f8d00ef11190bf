package mutate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/internal/proof/routetree"
)

// routeMutant returns a mutant of a field of a route. to is empty if the value
// is removed.
func (r *Routes) routeMutant(route int, field, from, to string, tree *routetree.Tree) Mutant {
	return r.mutant(RuleID{r.File, "routes", route, Routing, r.RouteNames[route]}, field, from, to, tree)
}

func (r *Routes) mutant(id RuleID, field, from, to string, tree *routetree.Tree) Mutant {
	m := Mutant{Of: id, Kind: field, Field: field, From: field + ": " + from, tree: tree}
	if to != "" {
		m.To = field + ": " + to
	}
	m.Text, m.Pos = m.From, posrange.PositionRange{Start: 0, End: posrange.Pos(len(m.From))}
	return m
}

// edited returns the tree with a changed copy of the route.
func (r *Routes) edited(route int, edit func(*config.Route)) *routetree.Tree {
	root := *r.Tree.Route
	root.Routes = slices.Clone(root.Routes)
	if route == 0 {
		edit(&root)
	} else {
		one := *root.Routes[route-1]
		edit(&one)
		root.Routes[route-1] = &one
	}
	return routetree.New(&root, r.Tree.Inhibits)
}

// routeMutants returns the mutants of route i, ordered by field. Route 0 is the
// default.
func (r *Routes) routeMutants(i int) []Mutant {
	route := r.Tree.Route
	if i > 0 {
		route = route.Routes[i-1]
	}
	var out []Mutant
	set := func(field, from, to string, edit func(*config.Route)) {
		out = append(out, r.routeMutant(i, field, from, to, r.edited(i, edit)))
	}
	if other := r.otherReceiver(route.Receiver); other != "" {
		set("receiver", route.Receiver, other, func(x *config.Route) { x.Receiver = other })
	}
	for _, name := range route.GroupByStr {
		set("group_by", name, "", func(x *config.Route) {
			x.GroupByAll = false
			x.GroupBy = slices.DeleteFunc(append([]model.LabelName{}, x.GroupBy...), func(n model.LabelName) bool { return string(n) == name })
		})
	}
	for _, wait := range []struct {
		field string
		of    func(*config.Route) **model.Duration
	}{
		{"group_wait", func(x *config.Route) **model.Duration { return &x.GroupWait }},
		{"group_interval", func(x *config.Route) **model.Duration { return &x.GroupInterval }},
		{"repeat_interval", func(x *config.Route) **model.Duration { return &x.RepeatInterval }},
	} {
		d := *wait.of(route)
		if d == nil {
			continue
		}
		for _, other := range otherTimings(wait.field, *d) {
			set(wait.field, d.String(), other.String(), func(x *config.Route) { *wait.of(x) = &other })
		}
	}
	for _, times := range []struct {
		field string
		of    func(*config.Route) *[]string
	}{
		{"mute_time_intervals", func(x *config.Route) *[]string { return &x.MuteTimeIntervals }},
		{"active_time_intervals", func(x *config.Route) *[]string { return &x.ActiveTimeIntervals }},
	} {
		for at, name := range *times.of(route) {
			set(times.field, name, "", func(x *config.Route) { *times.of(x) = slices.Delete(slices.Clone(*times.of(x)), at, at+1) })
		}
	}
	if i == 0 {
		return out
	}
	for _, c := range r.matcherMutants(route.Matchers) {
		set("matchers", c.from, c.to, func(x *config.Route) { x.Matchers = c.changed })
	}
	return append(out, r.placeMutants(i, route)...)
}

// otherTimings returns half and twice the time, and a value if it is zero. A
// shorter group_interval only makes changes arrive sooner, so it is no mistake.
func otherTimings(field string, d model.Duration) []model.Duration {
	switch {
	case d == 0:
		return []model.Duration{model.Duration(time.Second)}
	case field == "group_interval":
		return []model.Duration{2 * d}
	}
	return []model.Duration{d / 2, 2 * d}
}

// otherReceiver returns the next receiver among those of the routes.
func (r *Routes) otherReceiver(name string) string {
	names := []string{r.Tree.Route.Receiver}
	for _, x := range r.Tree.Route.Routes {
		names = append(names, x.Receiver)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 1 {
		return ""
	}
	return names[(slices.Index(names, name)+1)%len(names)]
}

// placeMutants moves a route, changes its continue, and removes it. Two routes
// that no alert matches both may be in any order.
func (r *Routes) placeMutants(i int, route *config.Route) []Mutant {
	var out []Mutant
	last := len(r.RouteNames)
	meets := func(a, b int) bool { return r.overlap(a, b) }
	followed := false
	for j := i + 1; j < last; j++ {
		followed = followed || meets(i, j)
	}
	if followed {
		out = append(out, r.routeMutant(i, "continue", fmt.Sprint(route.Continue), fmt.Sprint(!route.Continue),
			r.edited(i, func(x *config.Route) { x.Continue = !x.Continue })))
	}
	for j := i + 1; j < last; j++ {
		if meets(i, j) && !(route.Continue && r.Tree.Route.Routes[j-1].Continue) {
			out = append(out, r.routeMutant(i, "order", "before "+r.RouteNames[j], "after "+r.RouteNames[j],
				r.reordered(func(all []*config.Route) []*config.Route {
					all[i-1], all[j-1] = all[j-1], all[i-1]
					return all
				})))
		}
	}
	return append(out, r.routeMutant(i, "route", r.RouteNames[i], "",
		r.reordered(func(all []*config.Route) []*config.Route { return slices.Delete(all, i-1, i) })))
}

// reordered returns the tree with the routes in another order, or with fewer
// routes.
func (r *Routes) reordered(edit func([]*config.Route) []*config.Route) *routetree.Tree {
	root := *r.Tree.Route
	root.Routes = edit(slices.Clone(root.Routes))
	return routetree.New(&root, r.Tree.Inhibits)
}

// matcherChange is a list of matchers with one change.
type matcherChange struct {
	from, to string
	changed  amconfig.Matchers
}

var turned = map[labels.MatchType]labels.MatchType{
	labels.MatchEqual: labels.MatchNotEqual, labels.MatchNotEqual: labels.MatchEqual,
	labels.MatchRegexp: labels.MatchNotRegexp, labels.MatchNotRegexp: labels.MatchRegexp,
}

// matcherMutants removes each matcher, negates it, and gives it another value.
func (r *Routes) matcherMutants(ms amconfig.Matchers) []matcherChange {
	var out []matcherChange
	for i, m := range ms {
		out = append(out, matcherChange{m.String(), "", slices.Delete(slices.Clone(ms), i, i+1)})
		for _, other := range []labels.Matcher{
			{Type: turned[m.Type], Name: m.Name, Value: m.Value},
			{Type: m.Type, Name: m.Name, Value: r.otherValue(m)},
		} {
			changed, err := labels.NewMatcher(other.Type, other.Name, other.Value)
			if err != nil {
				continue // the value of another matcher is no pattern
			}
			list := slices.Clone(ms)
			list[i] = changed
			out = append(out, matcherChange{m.String(), changed.String(), list})
		}
	}
	return out
}

// otherValue returns the next value of the label among those in the routes'
// matchers.
func (r *Routes) otherValue(m *labels.Matcher) string {
	values := []string{m.Value}
	for _, x := range r.Tree.Route.Routes {
		for _, other := range x.Matchers {
			if other.Name == m.Name {
				values = append(values, other.Value)
			}
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) == 1 {
		return "other"
	}
	return values[(slices.Index(values, m.Value)+1)%len(values)]
}

// inhibitMutants returns the mutants of an inhibition.
func (r *Routes) inhibitMutants(i int) []Mutant {
	rule := r.Tree.Inhibits[i]
	id := RuleID{r.File, "inhibitions", i, Routing, r.InhibitNames[i]}
	var out []Mutant
	set := func(field, from, to string, edit func(*amconfig.InhibitRule)) {
		list, one := slices.Clone(r.Tree.Inhibits), rule
		edit(&one)
		list[i] = one
		out = append(out, r.mutant(id, field, from, to, routetree.New(r.Tree.Route, list)))
	}
	for _, c := range r.matcherMutants(rule.SourceMatchers) {
		set("source_matchers", c.from, c.to, func(x *amconfig.InhibitRule) { x.SourceMatchers = c.changed })
	}
	for _, c := range r.matcherMutants(rule.TargetMatchers) {
		set("target_matchers", c.from, c.to, func(x *amconfig.InhibitRule) { x.TargetMatchers = c.changed })
	}
	for at, name := range rule.Equal {
		set("equal", name, "", func(x *amconfig.InhibitRule) { x.Equal = slices.Delete(slices.Clone(x.Equal), at, at+1) })
	}
	return append(out, r.mutant(id, "inhibition", strings.TrimPrefix(id.Name, "inhibition "), "",
		routetree.New(r.Tree.Route, slices.Delete(slices.Clone(r.Tree.Inhibits), i, i+1))))
}
