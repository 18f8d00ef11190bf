// Package mutate measures how much rule tests prove. It makes one small mistake
// in a rule at a time, a mutant, and runs the rule's tests. A mutant that
// passes every test survives and shows a gap in the tests. The mutation score
// is the share of mutants that some test fails. Routes and inhibitions are
// mutated too, with promises as their tests.
package mutate

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/internal/proof/routetree"
)

// Mutant is a rule or a route with one mistake.
type Mutant struct {
	Of RuleID
	// Kind is the kind of change: "comparison", "window", "for", …
	Kind string
	// From is the original text and To its replacement, "" if the text is
	// deleted.
	From, To string
	// Field is the part of the rule ("expr", "for", "labels"). Text is the
	// original text of the part, and Pos the position of From in it.
	Field, Text string
	Pos         posrange.PositionRange

	rule rulefmt.Rule
	// Of a mutant of routes, inhibitions, time intervals or receivers: the tree,
	// the cases that it may change, nil for all, and the expectations unless they
	// are those of the original. They are made when the mutant is tried, because
	// there may be many mutants of a large tree.
	tree  func() *routetree.Tree
	cases []int
	proof func() routetree.Proof
}

// Name returns the mutant's name in waivers: "> → >=".
func (m Mutant) Name() string {
	to := m.To
	if to == "" {
		to = "(dropped)"
	}
	return m.From + " → " + to
}

// RuleID identifies a rule of a group, a route or an inhibition.
type RuleID struct {
	File  string
	Group string // for alertmanager.yml one of the groups below
	Index int
	Kind  Kind
	Name  string
}

// Groups of the parts of alertmanager.yml.
const (
	RouteGroup      = "routes"
	InhibitionGroup = "inhibitions"
	IntervalGroup   = "time intervals"
	ReceiverGroup   = "receivers"
)

// Kind is the kind of a mutated definition.
type Kind string

// Kinds of definitions with mutants.
const (
	Alert   Kind = "alert"
	Record  Kind = "record"
	Routing Kind = "routing" // a route or an inhibition
)

func (id RuleID) String() string {
	if id.Kind == Routing {
		return "routing, " + id.Name
	}
	return fmt.Sprintf("%s %q", id.Kind, id.Name)
}

// step is the time resolution of tests. Most tests evaluate once a minute, so
// they cannot notice a smaller change.
const step = time.Minute

// Mutants returns all mutants of a rule, ordered by its parts. It returns an
// error if the expression does not parse.
func Mutants(id RuleID, r rulefmt.Rule) ([]Mutant, error) {
	out, err := exprMutants(id, r)
	if err != nil {
		return nil, err
	}
	field := func(kind, from, to, text string, change func(*rulefmt.Rule)) {
		m := Mutant{Of: id, Kind: kind, From: from, To: to, Field: kind, Text: text, rule: r}
		m.Pos = posrange.PositionRange{Start: 0, End: posrange.Pos(len(text))}
		m.rule.Labels = maps.Clone(r.Labels)
		change(&m.rule)
		out = append(out, m)
	}
	for _, d := range otherWaits(r.For) {
		field("for", r.For.String(), d.String(), "for: "+r.For.String(), func(r *rulefmt.Rule) { r.For = d })
	}
	for _, d := range otherWaits(r.KeepFiringFor) {
		field("keep_firing_for", r.KeepFiringFor.String(), d.String(), "keep_firing_for: "+r.KeepFiringFor.String(), func(r *rulefmt.Rule) { r.KeepFiringFor = d })
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		from := fmt.Sprintf("%s: %s", name, r.Labels[name])
		field("labels", from, "", from, func(r *rulefmt.Rule) { delete(r.Labels, name) })
		field("labels", from, name+": other", from, func(r *rulefmt.Rule) { r.Labels[name] = "other" })
	}
	return out, nil
}

// otherWaits returns twice and about half of the duration, in whole steps.
func otherWaits(d model.Duration) []model.Duration {
	if d == 0 {
		return nil
	}
	return []model.Duration{model.Duration(time.Duration(d/2) / step * step), 2 * d}
}
