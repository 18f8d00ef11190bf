package codegen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/rules"
)

// routingFindings checks that every route and inhibition can be taken, and that
// what they name is there. That every alert reaches somebody is proved on the
// generated file.
func (p Pack) routingFindings(alerts []typedAlert) []finding.Finding {
	r := p.Routing
	var out []finding.Finding
	add := func(code finding.Code, where, suggestion, format string, args ...any) {
		out = append(out, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...), Suggestion: suggestion})
	}
	for i, route := range append([]rules.Route{r.Default}, r.Routes...) {
		where := "routing, " + routeName(route.Match)
		if _, ok := r.Receiver(route.Receiver); !ok {
			add(finding.Undefined, where, suggest.Nearest(route.Receiver, receiverNames(r)), "the receiver %q is not defined", route.Receiver)
		}
		for _, name := range p.undefinedIntervals(route.MuteDuring, route.ActiveDuring) {
			add(finding.Undefined, where, "", "the interval %q is not defined", name)
		}
		if i == 0 {
			continue
		}
		if earlier, ok := hiddenBy(route, r.Routes[:i-1]); ok {
			add(finding.UnreachableRoute, where, "", "no alert gets here: %s takes all of them before", routeName(earlier.Match))
			continue
		}
		if reason := p.impossible(route.Match, alerts); reason != "" {
			add(finding.UnreachableRoute, where, "", "no alert gets here: %s", reason)
			continue
		}
		mine := slices.DeleteFunc(taken(route.Match, alerts), func(a typedAlert) bool { return takenBefore(r.Routes[:i-1], a) })
		if len(mine) == 0 && !p.forOthers(route.Match) {
			add(finding.UnreachableRoute, where, "", "no alert gets here: none of the pack's has all of these labels, or earlier routes take them, and nothing is promised to others")
			continue
		}
		for _, name := range ungrouped(route, mine) {
			add(finding.GroupedByNothing, where, "", "groups by %q, a label that none of its alerts has", name)
		}
	}
	return append(out, p.inhibitFindings(alerts)...)
}

// forOthers says whether a route is for alerts yet to come: those of a priority,
// or any, as a promise has it.
func (p Pack) forOthers(match []rules.Matcher) bool {
	return !slices.ContainsFunc(match, func(m rules.Matcher) bool { return m.Label != "priority" }) &&
		slices.ContainsFunc(p.Routing.Promises, func(x rules.Promise) bool { return slices.Equal(x.Of, match) })
}

// undefinedIntervals are the names that no interval has.
func (p Pack) undefinedIntervals(names ...[]string) []string {
	return slices.DeleteFunc(slices.Concat(names...), func(name string) bool {
		return slices.ContainsFunc(p.Routing.Intervals, func(x rules.Interval) bool { return x.Name == name })
	})
}

func (p Pack) inhibitFindings(alerts []typedAlert) []finding.Finding {
	var out []finding.Finding
	for _, i := range p.Routing.Inhibit {
		where := "routing, " + inhibitName(i)
		add := func(format string, args ...any) {
			out = append(out, finding.Finding{Code: finding.EqualNothing, Where: where, Reason: fmt.Sprintf(format, args...)})
		}
		sources, targets := taken(i.Source, alerts), taken(i.Target, alerts)
		if reason := p.impossible(i.Source, alerts); reason != "" {
			add("it never applies: %s", reason)
		}
		if reason := p.impossible(i.Target, alerts); reason != "" {
			add("it never applies: %s", reason)
		}
		for _, name := range i.Equal {
			for _, side := range []struct {
				name   string
				alerts []typedAlert
			}{{"source", sources}, {"target", targets}} {
				if len(side.alerts) > 0 && !anyCan(side.alerts, name) {
					add("asks for equal %q, a label that its %s does not have", name, side.name)
				}
			}
		}
	}
	return out
}

// impossible says why no alert of the pack, or of those it leaves room for,
// matches; "" when one can.
func (p Pack) impossible(match []rules.Matcher, alerts []typedAlert) string {
	for i, m := range match {
		for _, o := range match[:i] {
			if o.Label == m.Label && o.Value != m.Value {
				return fmt.Sprintf("%s cannot be both %q and %q", m.Label, o.Value, m.Value)
			}
		}
		switch {
		case m.Label == model.AlertNameLabel && !slices.ContainsFunc(alerts, func(a typedAlert) bool { return a.Name == m.Value }):
			return fmt.Sprintf("there is no alert %q", m.Value)
		case m.Label == "priority" && !slices.Contains(rules.Priorities(), rules.Priority(m.Value)):
			return fmt.Sprintf("there is no priority %q", m.Value)
		case m.Label != "priority" && m.Label != model.AlertNameLabel && !slices.ContainsFunc(alerts, func(a typedAlert) bool { return canMatch(m, a) }):
			return fmt.Sprintf("no alert has %s=%q", m.Label, m.Value)
		}
	}
	return ""
}

// hiddenBy returns the route before that asks for nothing more and keeps what
// it takes.
func hiddenBy(route rules.Route, before []rules.Route) (rules.Route, bool) {
	for _, b := range before {
		if !b.Continue && !slices.ContainsFunc(b.Match, func(m rules.Matcher) bool { return !slices.Contains(route.Match, m) }) {
			return b, true
		}
	}
	return rules.Route{}, false
}

// taken are the alerts that can match.
func taken(match []rules.Matcher, alerts []typedAlert) []typedAlert {
	var out []typedAlert
	for _, a := range alerts {
		if canTake(match, a) {
			out = append(out, a)
		}
	}
	return out
}

// takenBefore reports whether all instances of the alert end at one of the
// routes.
func takenBefore(routes []rules.Route, a typedAlert) bool {
	return slices.ContainsFunc(routes, func(r rules.Route) bool {
		return !r.Continue && !slices.ContainsFunc(r.Match, func(m rules.Matcher) bool { return a.labels.Pinned(m.Label) != m.Value })
	})
}

func canTake(match []rules.Matcher, a typedAlert) bool {
	return !slices.ContainsFunc(match, func(m rules.Matcher) bool { return !canMatch(m, a) })
}

func canMatch(m rules.Matcher, a typedAlert) bool {
	if !a.labels.Can(m.Label) {
		return m.Value == ""
	}
	if pinned := a.labels.Pinned(m.Label); pinned != "" {
		return pinned == m.Value
	}
	values := a.labels.Values(m.Label)
	return values == nil || slices.Contains(values, m.Value)
}

// ungrouped are the labels of group_by that none of a route's alerts has. A
// route without alerts of the pack is for those of others or yet to come.
func ungrouped(route rules.Route, mine []typedAlert) []string {
	return slices.DeleteFunc(slices.Clone(route.GroupBy), func(name string) bool { return name == "..." || len(mine) == 0 || anyCan(mine, name) })
}

func anyCan(alerts []typedAlert, label string) bool {
	return slices.ContainsFunc(alerts, func(a typedAlert) bool { return a.labels.Can(label) })
}

func receiverNames(r rules.Routing) []string {
	var names []string
	for _, x := range r.Receivers {
		names = append(names, x.Name)
	}
	return names
}

// routeName names a route by what it matches.
func routeName(match []rules.Matcher) string {
	if len(match) == 0 {
		return "the default route"
	}
	var parts []string
	for _, m := range match {
		parts = append(parts, fmt.Sprintf("%s=%q", m.Label, m.Value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
