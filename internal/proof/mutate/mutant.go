// Package mutate measures what rule tests prove. It makes one small mistake in
// a rule at a time, a mutant, and runs the rule's tests: a mutant that no test
// notices survives, and shows what the tests leave open. The share of those
// that are noticed is the mutation score. Routes and inhibitions are treated
// likewise, with what is promised of them as their tests.
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

// Mutant is a rule, or a route, with one mistake in it.
type Mutant struct {
	Of RuleID
	// Kind says what was changed: "comparison", "window", "for", …
	Kind string
	// From is what stood there and To what stands there now; empty: dropped.
	From, To string
	// Field is the part of the rule ("expr", "for", "labels"), Text what it
	// says in the original, and Pos where From stands in it.
	Field, Text string
	Pos         posrange.PositionRange

	rule rulefmt.Rule
	tree *routetree.Tree // of a route or an inhibition
}

// Name is how a waiver calls the mutant: "> → >=".
func (m Mutant) Name() string {
	to := m.To
	if to == "" {
		to = "(dropped)"
	}
	return m.From + " → " + to
}

// RuleID says which rule of which group is meant, or which route or inhibition.
type RuleID struct {
	File  string
	Group string // "routes" and "inhibitions" of alertmanager.yml
	Index int
	Kind  Kind
	Name  string
}

// Kind is what a name is the name of.
type Kind string

// The kinds of what has mutants.
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

// step is the resolution of tests: most evaluate once a minute, and a shorter
// difference cannot be seen.
const step = time.Minute

// Mutants returns every mutant of the rule, in the order of its parts. The
// error says that its expression does not parse.
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

// otherWaits returns twice the duration and about half of it, in whole steps.
func otherWaits(d model.Duration) []model.Duration {
	if d == 0 {
		return nil
	}
	return []model.Duration{model.Duration(time.Duration(d/2) / step * step), 2 * d}
}
