package routetree

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/proof/space"
)

// Case is a set of alerts as Alertmanager receives them, with their expected
// deliveries.
type Case struct {
	Box space.Box
	// Judge describes the mistake in the deliveries, or returns "". A nil Judge
	// accepts all deliveries.
	Judge func(Piece) string
	// Example is the alert of a case of one alert, with all of its labels.
	Example model.LabelSet
}

// Proof holds the expectations of a tree.
type Proof struct {
	Space *space.Space
	Cases []Case
	// Quiets are the inhibitions, and of others only those in Accepted are
	// allowed. Inhibitions are not checked without Exact.
	Quiets, Accepted []Quiet
	Exact            bool
}

// Failure is an expectation that a tree breaks.
type Failure struct {
	Case   int // index of the case; for an inhibition, that of the target
	Labels model.LabelSet
	Text   string
}

func (f Failure) String() string { return f.Text }

// Example returns an alert of a piece of a case, with as few labels as possible
// unless the case has an example.
func (p Proof) Example(c int, b space.Box) model.LabelSet {
	if p.Cases[c].Example != nil {
		return p.Cases[c].Example
	}
	return p.Space.Witness(b, false)
}

// Routes yields the alerts with wrong deliveries, in the order of the cases.
func (p Proof) Routes(t *Tree) func(yield func(Failure) bool) {
	all := make([]int, len(p.Cases))
	for i := range all {
		all[i] = i
	}
	return p.RoutesOf(t, all)
}

// RoutesOf yields the alerts of some cases with wrong deliveries.
func (p Proof) RoutesOf(t *Tree, cases []int) func(yield func(Failure) bool) {
	return func(yield func(Failure) bool) {
		for _, i := range cases {
			if p.Cases[i].Judge == nil {
				continue
			}
			pieces, _ := t.Walk(p.Space, p.Cases[i].Box, nil) // the mutants of routes make few more pieces
			for _, piece := range pieces {
				if f, wrong := p.Judge(i, piece); wrong && !yield(f) {
					return
				}
			}
		}
	}
}

// Judge returns the mistake in the deliveries of a piece of a case, if there is
// one.
func (p Proof) Judge(c int, piece Piece) (Failure, bool) {
	if p.Cases[c].Judge == nil {
		return Failure{}, false
	}
	problem := p.Cases[c].Judge(piece)
	if problem == "" {
		return Failure{}, false
	}
	alert := p.Example(c, piece.Box)
	return Failure{c, alert, fmt.Sprintf("%s: %s", Show(alert), problem)}, true
}

// Inhibitions yields pairs of alerts whose inhibition differs from the
// expectation, at most one for each inhibition and quiet. Of a tree that
// [Tree.Reinhibited] returned, it looks at the changed inhibition and at the
// quiets that the original one concerns: the others are as in the original.
func (p Proof) Inhibitions(t *Tree) func(yield func(Failure) bool) { return p.InhibitionCheck()(t) }

// InhibitionCheck returns [Proof.Inhibitions] for many trees.
func (p Proof) InhibitionCheck() func(*Tree) func(yield func(Failure) bool) {
	quiets, all := p.sides(p.Quiets), p.population()
	allowed := slices.Concat(quiets, p.sides(p.Accepted))
	return func(t *Tree) func(yield func(Failure) bool) {
		return func(yield func(Failure) bool) {
			if !p.Exact {
				return
			}
			inhibits := t.on(p.Space).inhibit
			check := func(r sides, others []sides, verb string, wrong func(a, b model.LabelSet) bool) bool {
				for target, f := range p.uncovered(r, others, all, all, nil) {
					if wrong(f[0], f[1]) {
						return yield(Failure{target, f[1], fmt.Sprintf(verb, Show(f[1]), Show(f[0]))})
					}
				}
				return true
			}
			for i, r := range inhibits {
				if t.keeps(i) {
					continue
				}
				if !check(r, allowed, "%s must be sent, and is inhibited while %s fires", func(a, b model.LabelSet) bool {
					return !holds(p.Quiets, a, b) && !holds(p.Accepted, a, b) && t.Inhibited(a, b)
				}) {
					return
				}
			}
			for _, q := range quiets {
				if t.base != nil && !q.meets(p.Space, t.base.on(p.Space).inhibit[t.changed]) {
					continue
				}
				if !check(q, inhibits, "%s must be inhibited while %s fires, and is sent", func(a, b model.LabelSet) bool {
					return holds(p.Quiets, a, b) && !t.Inhibited(a, b)
				}) {
					return
				}
			}
		}
	}
}

// keeps reports whether an inhibition is that of the original of an edited tree.
func (t *Tree) keeps(i int) bool {
	return t.base != nil && (i != t.changed || len(t.rules) < len(t.base.rules))
}

// Held yields pairs of alerts, source and target, that an inhibition of a tree
// concerns and no quiet states, with the case of the target. The targets are
// those of the wanted cases.
func (p Proof) Held(t *Tree, inhibition int, sources []space.Box, wanted func(c int) bool) func(yield func(c int, pair [2]model.LabelSet) bool) {
	return func(yield func(int, [2]model.LabelSet) bool) {
		for c, f := range p.uncovered(t.on(p.Space).inhibit[inhibition], p.sides(p.Quiets), NewPopulation(p.Space, sources), p.population(), wanted) {
			if t.Inhibited(f[0], f[1]) && !yield(c, f) {
				return
			}
		}
	}
}

// sides returns quiets on the space.
func (p Proof) sides(list []Quiet) []sides {
	var out []sides
	for _, q := range list {
		out = append(out, newSides(p.Space, q.While, q.Match, q.Equal))
	}
	return out
}

// population returns the alerts of the cases.
func (p Proof) population() Population {
	boxes := make([]space.Box, len(p.Cases))
	for i, c := range p.Cases {
		boxes[i] = c.Box
	}
	return NewPopulation(p.Space, boxes)
}

// holds reports whether one of the quiets states that the target is inhibited
// while the source fires.
func holds(list []Quiet, source, target model.LabelSet) bool {
	return slices.ContainsFunc(list, func(q Quiet) bool { return q.holds(source, target) })
}

// uncovered yields pairs of a source and a target that r concerns and the others
// do not, with the number of the target. Without wanted, all targets are
// wanted.
func (p Proof) uncovered(r sides, others []sides, from, to Population, wanted func(c int) bool) func(yield func(int, [2]model.LabelSet) bool) {
	others = slices.DeleteFunc(slices.Clone(others), func(o sides) bool { return !r.meets(p.Space, o) })
	all := p.Space.All()
	open := func(x pair) (pair, bool) {
		for _, part := range r.inhibits(x) {
			if left, any := uncovered(p.Space, part, r.equal, others); any {
				return left, true
			}
		}
		return pair{}, false
	}
	return func(yield func(int, [2]model.LabelSet) bool) {
		if _, any := open(pair{all, all}); !any {
			return // not even of any alerts
		}
		relevant := r.labels()
		for _, o := range others {
			relevant = append(relevant, o.labels()...)
		}
		slices.Sort(relevant)
		relevant = slices.Compact(relevant)
		sources, _ := distinct(from, r.source, relevant, nil)
		targets, of := distinct(to, r.target, relevant, wanted)
		for _, source := range sources {
			for i, target := range targets {
				if left, any := open(pair{source, target}); any {
					a, b := left.witness(p.Space, r.equal)
					if !yield(of[i], [2]model.LabelSet{a, b}) {
						return
					}
				}
			}
		}
	}
}

// labels returns the labels that the sides read.
func (r sides) labels() []int {
	return slices.Concat(r.source.Labels(), r.target.Labels(), r.equal)
}

// Differ describes the first alert of the cases for which two trees differ, or
// returns "".
func (p Proof) Differ(a, b *Tree) string {
	for i, c := range p.Cases {
		pieces, _ := a.Walk(p.Space, c.Box, nil)
		for _, piece := range pieces {
			others, _ := b.Walk(p.Space, piece.Box, nil)
			for _, other := range others {
				if x, y := Outcome(piece.Routes), Outcome(other.Routes); x != y {
					return fmt.Sprintf("%s gets %s; with the mutant %s", Show(p.Example(i, other.Box)), x, y)
				}
			}
		}
	}
	return p.differ(a, b, "%s is inhibited while %s fires; with the mutant it is not") + p.differ(b, a, "%s is not inhibited while %s fires; with the mutant it is")
}

// differ describes a pair that a inhibits and b does not, or returns "".
func (p Proof) differ(a, b *Tree, text string) string {
	all := p.population()
	for _, r := range a.on(p.Space).inhibit {
		for _, f := range p.uncovered(r, b.on(p.Space).inhibit, all, all, nil) {
			if a.Inhibited(f[0], f[1]) && !b.Inhibited(f[0], f[1]) {
				return fmt.Sprintf(text, Show(f[1]), Show(f[0]))
			}
		}
	}
	return ""
}

// Show formats labels, ordered by name.
func Show(labels model.LabelSet) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, fmt.Sprintf("%s=%q", name, string(labels[name])))
	}
	return "{" + strings.Join(out, ", ") + "}"
}
