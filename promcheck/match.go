package promcheck

import (
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
)

// matched returns the labels of an arithmetic operation or comparison, as
// Prometheus computes them. It reports sides that cannot match.
func (w *walk) matched(n *parser.BinaryExpr, left, right Type) Labels {
	switch {
	case left.Scalar:
		return right.Labels
	case right.Scalar || n.VectorMatching == nil:
		return left.Labels
	}
	m := n.VectorMatching
	if m.FillValues.LHS == nil && m.FillValues.RHS == nil {
		w.disjoint(n, left, right)
	}
	switch m.Card {
	case parser.CardManyToOne:
		return left.Labels.include(m.Include, right.Labels)
	case parser.CardOneToMany:
		return right.Labels.include(m.Include, left.Labels)
	}
	if m.On {
		return left.Labels.keep(m.MatchingLabels)
	}
	return left.Labels.without(m.MatchingLabels)
}

// disjoint reports two sides whose series cannot have equal labels.
func (w *walk) disjoint(n *parser.BinaryExpr, left, right Type) {
	m := n.VectorMatching
	if m == nil {
		return
	}
	names := m.MatchingLabels
	if !m.On {
		names = nil
		for _, l := range []Labels{left.Labels, right.Labels} {
			for name := range l.sure {
				if !slices.Contains(m.MatchingLabels, name) {
					names = append(names, name)
				}
			}
		}
		slices.Sort(names)
	}
	effect := "so the result is always empty"
	if n.Op == parser.LUNLESS {
		effect = "so unless has no effect"
	}
	for _, name := range names {
		if reason := apart(name, left.Labels, right.Labels); reason != "" {
			w.report(finding.NeverMatches, n.PositionRange(), "", "the sides never match: %s, %s", reason, effect)
			return
		}
	}
	if reason := targetApart(m, left, right); reason != "" {
		w.report(finding.NeverMatches, n.PositionRange(), "", "the sides never match: %s, %s: add on (…) with the labels that both have", reason, effect)
		w.findings[len(w.findings)-1].Severity = finding.Warning // relabelling may drop the label
	}
}

// targetApart explains why series of a scrape do not match the result of an
// aggregation that dropped a label of their targets, or returns "".
func targetApart(m *parser.VectorMatching, left, right Type) string {
	for _, name := range []string{model.InstanceLabel, model.JobLabel} {
		if slices.Contains(m.MatchingLabels, name) != m.On {
			continue // the label is not compared
		}
		switch {
		case left.scraped && left.Labels.Can(name) && !right.Labels.Can(name) && right.origin.Can(name):
			return fmt.Sprintf("series of a scrape have the label %q, and the right side dropped it", name)
		case right.scraped && right.Labels.Can(name) && !left.Labels.Can(name) && left.origin.Can(name):
			return fmt.Sprintf("series of a scrape have the label %q, and the left side dropped it", name)
		}
	}
	return ""
}

// deletes reports an included label that the "one" side cannot have: it is
// deleted from the series of the other side.
func (w *walk) deletes(n *parser.BinaryExpr, left, right Type) {
	many, one, clause := left.Labels, right.Labels, "group_left"
	if n.VectorMatching.Card == parser.CardOneToMany {
		many, one, clause = one, many, "group_right"
	}
	for _, name := range n.VectorMatching.Include {
		if one.Can(name) || !many.Can(name) {
			continue
		}
		w.report(finding.DeletedLabel, w.find(name, n.PositionRange()), "",
			"%s (%s) takes the label from the side that does not have it (it has %s), so the result loses the label", clause, name, listed(one.Names()))
	}
}

// apart explains why two sides never have equal values of a label, or returns
// "".
func apart(name string, left, right Labels) string {
	a, b := left.sure[name], right.sure[name]
	switch {
	case left.Has(name) && right.Has(name) && a != "" && b != "" && a != b:
		return fmt.Sprintf("the label %q is %q on the left and %q on the right", name, a, b)
	case left.Has(name) && !right.Can(name):
		return fmt.Sprintf("the left side has the label %q and the right side does not", name)
	case right.Has(name) && !left.Can(name):
		return fmt.Sprintf("the right side has the label %q and the left side does not", name)
	}
	return ""
}
