package routetree

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// Case is an alert as Alertmanager receives it, with its expected deliveries.
type Case struct {
	Labels model.LabelSet
	// Judge describes the mistake in the deliveries, or returns "". A nil Judge
	// accepts all deliveries.
	Judge func(Deliveries) string
}

// Proof holds the expectations of a tree.
type Proof struct {
	Cases []Case
	// Inhibits returns the targets that a source must inhibit; nil for none.
	Inhibits func(source model.LabelSet) func(target model.LabelSet) bool
}

// Failure is an expectation that a tree breaks.
type Failure struct {
	Case int // index of the case; for an inhibition, that of the target
	Text string
}

func (f Failure) String() string { return f.Text }

// Routes yields the cases with wrong deliveries, in order.
func (p Proof) Routes(t *Tree) func(yield func(Failure) bool) {
	return func(yield func(Failure) bool) {
		for i, c := range p.Cases {
			if c.Judge == nil {
				continue
			}
			problem := c.Judge(t.Deliveries(c.Labels))
			if problem != "" && !yield(Failure{i, fmt.Sprintf("%s: %s", Show(c.Labels), problem)}) {
				return
			}
		}
	}
}

// Inhibitions yields the pairs of cases whose inhibition differs from the
// expectation.
func (p Proof) Inhibitions(t *Tree) func(yield func(Failure) bool) {
	targets := make([]model.LabelSet, len(p.Cases))
	for i, c := range p.Cases {
		targets[i] = c.Labels
	}
	return func(yield func(Failure) bool) {
		for _, source := range targets {
			must := p.Inhibits(source)
			if must == nil && !t.canInhibit(source) {
				continue
			}
			for i, got := range t.Inhibited(source, targets) {
				if got == (must != nil && must(targets[i])) {
					continue
				}
				verb := "must be inhibited while %s fires, and is sent"
				if got {
					verb = "must be sent, and is inhibited while %s fires"
				}
				if !yield(Failure{i, fmt.Sprintf("%s "+verb, Show(targets[i]), Show(source))}) {
					return
				}
			}
		}
	}
}

// Differ describes the first alert for which two trees differ, or returns "".
func Differ(a, b *Tree, alerts []model.LabelSet) string {
	for _, l := range alerts {
		if x, y := a.Outcome(l), b.Outcome(l); x != y {
			return fmt.Sprintf("%s gets %s; with the mutant %s", Show(l), x, y)
		}
	}
	for _, source := range alerts {
		x, y := a.Inhibited(source, alerts), b.Inhibited(source, alerts)
		for i := range alerts {
			if x[i] != y[i] {
				return fmt.Sprintf("%s is kept back while %s fires: %v; with the mutant: %v", Show(alerts[i]), Show(source), x[i], y[i])
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
