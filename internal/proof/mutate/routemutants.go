package mutate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/config"
	amconfig "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// routeMutant returns a mutant of a field of a route, with the cases that it may
// change. to is empty if the value is removed.
func (r *Routes) routeMutant(route *routetree.Route, field, from, to string, cases []int, tree func() *routetree.Tree) Mutant {
	m := r.mutant(RuleID{r.File, RouteGroup, route.Index, Routing, route.Name()}, field, from, to, tree)
	m.cases = cases
	return m
}

func (r *Routes) mutant(id RuleID, field, from, to string, tree func() *routetree.Tree) Mutant {
	m := Mutant{Of: id, Kind: field, Field: field, From: field + ": " + from, tree: tree}
	if to != "" {
		m.To = field + ": " + to
	}
	m.Text, m.Pos = m.From, posrange.PositionRange{Start: 0, End: posrange.Pos(len(m.From))}
	return m
}

// routeMutants returns the mutants of a route, ordered by field.
func (r *Routes) routeMutants(route *routetree.Route, reach reach) []Mutant {
	c := route.Config
	var out []Mutant
	cases := reach.at(route)
	set := func(field, from, to string, edit func(*config.Route)) {
		out = append(out, r.routeMutant(route, field, from, to, cases, func() *routetree.Tree { return r.Tree.Edited(route, edit) }))
	}
	if other := r.otherReceiver(route.Receiver); other != "" && c.Receiver != "" {
		set("receiver", route.Receiver, other, func(x *config.Route) { x.Receiver = other })
	}
	for _, name := range c.GroupByStr {
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
		d := *wait.of(c)
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
		for at, name := range *times.of(c) {
			set(times.field, name, "", func(x *config.Route) { *times.of(x) = slices.Delete(slices.Clone(*times.of(x)), at, at+1) })
		}
	}
	if route.Parent == nil {
		return out
	}
	own := r.Proof.Space.Matchers(route.Matchers)
	for _, change := range r.matcherMutants(route.Matchers) {
		cases = reach.matching(route.Parent, own, r.Proof.Space.Matchers(labels.Matchers(change.changed)))
		set("matchers", change.from, change.to, func(x *config.Route) {
			x.Match, x.MatchRE, x.Matchers = nil, nil, change.changed
		})
	}
	return append(out, r.placeMutants(route, reach)...)
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
	var names []string
	for _, x := range r.Tree.Routes() {
		names = append(names, x.Receiver)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 1 {
		return ""
	}
	return names[(slices.Index(names, name)+1)%len(names)]
}

// placeMutants moves a route among its siblings, changes its continue, and
// removes it. Two routes that no alert matches both may be in any order.
func (r *Routes) placeMutants(route *routetree.Route, reach reach) []Mutant {
	parent, at := route.Parent, route.Path[len(route.Path)-1]
	mine := r.Proof.Space.Matchers(route.Matchers)
	cases := reach.matching(parent, mine)
	rearranged := func(edit func([]*routetree.Route) []*routetree.Route) func() *routetree.Tree {
		return func() *routetree.Tree { return r.Tree.Rearranged(parent, edit(slices.Clone(parent.Routes))) }
	}
	followed := false
	var out, swaps []Mutant
	for j, o := range parent.Routes[at+1:] {
		theirs := r.Proof.Space.Matchers(o.Matchers)
		if !reach.meets(parent, mine, theirs) {
			continue
		}
		followed = true
		if !route.Continue || !o.Continue {
			swaps = append(swaps, r.routeMutant(route, "order", "before "+o.Name(), "after "+o.Name(), reach.matching(parent, mine, theirs), rearranged(func(list []*routetree.Route) []*routetree.Route {
				list[at], list[at+1+j] = list[at+1+j], list[at]
				return list
			})))
		}
	}
	if followed {
		out = append(out, r.routeMutant(route, "continue", fmt.Sprint(route.Continue), fmt.Sprint(!route.Continue), cases,
			func() *routetree.Tree {
				return r.Tree.Edited(route, func(x *config.Route) { x.Continue = !x.Continue })
			}))
	}
	out = append(out, swaps...)
	return append(out, r.routeMutant(route, "route", route.Name(), "", cases, rearranged(func(list []*routetree.Route) []*routetree.Route {
		return slices.Delete(list, at, at+1)
	})))
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

// matcherMutants removes each matcher, negates it, gives it another value, and
// widens it: to fewer or more values of a list, and to all.
func (r *Routes) matcherMutants(ms labels.Matchers) []matcherChange {
	var out []matcherChange
	for i, m := range ms {
		out = append(out, matcherChange{m.String(), "", amconfig.Matchers(slices.Delete(slices.Clone(ms), i, i+1))})
		others := []labels.Matcher{
			{Type: turned[m.Type], Name: m.Name, Value: m.Value},
			{Type: m.Type, Name: m.Name, Value: r.otherValue(m)},
		}
		if values, finite := space.Literals(m.Value); finite && len(values) > 1 && (m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp) {
			for at := range values {
				rest := slices.Delete(slices.Clone(values), at, at+1)
				for i, v := range rest {
					rest[i] = regexp.QuoteMeta(v)
				}
				others = append(others, labels.Matcher{Type: m.Type, Name: m.Name, Value: strings.Join(rest, "|")})
			}
		}
		if (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) && m.Value != "" && !m.Matches("") {
			others = append(others, labels.Matcher{Type: labels.MatchNotEqual, Name: m.Name})
		}
		for _, other := range others {
			changed, err := labels.NewMatcher(other.Type, other.Name, other.Value)
			if err != nil {
				continue // the value of another matcher is no pattern
			}
			list := slices.Clone(ms)
			list[i] = changed
			out = append(out, matcherChange{m.String(), changed.String(), amconfig.Matchers(list)})
		}
	}
	return out
}

// otherValue returns the next value of the label among those in the routes'
// matchers.
func (r *Routes) otherValue(m *labels.Matcher) string {
	values := []string{m.Value}
	for _, x := range r.Tree.Routes() {
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
	rule := inhibit.NewInhibitRule(r.Tree.Inhibits[i])
	id := RuleID{r.File, InhibitionGroup, i, Routing, r.InhibitNames[i]}
	var out []Mutant
	set := func(field, from, to string, edit func(*amconfig.InhibitRule)) {
		was := r.Tree.Inhibits[i]
		one := amconfig.InhibitRule{Name: was.Name, SourceMatchers: amconfig.Matchers(rule.SourceMatchers), TargetMatchers: amconfig.Matchers(rule.TargetMatchers), Equal: was.Equal}
		edit(&one)
		out = append(out, r.mutant(id, field, from, to, func() *routetree.Tree { return r.Tree.Reinhibited(i, &one) }))
	}
	for _, c := range r.matcherMutants(rule.SourceMatchers) {
		set("source_matchers", c.from, c.to, func(x *amconfig.InhibitRule) { x.SourceMatchers = c.changed })
	}
	for _, c := range r.matcherMutants(rule.TargetMatchers) {
		set("target_matchers", c.from, c.to, func(x *amconfig.InhibitRule) { x.TargetMatchers = c.changed })
	}
	for at, name := range r.Tree.Inhibits[i].Equal {
		set("equal", name, "", func(x *amconfig.InhibitRule) { x.Equal = slices.Delete(slices.Clone(x.Equal), at, at+1) })
	}
	return append(out, r.mutant(id, "inhibition", strings.TrimPrefix(id.Name, "inhibition "), "",
		func() *routetree.Tree { return r.Tree.Reinhibited(i, nil) }))
}
