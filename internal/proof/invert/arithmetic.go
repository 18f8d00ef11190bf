package invert

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// arithmetic inverts an age, a ratio, and operations with a number.
func (s solver) arithmetic(n *parser.BinaryExpr, phases []phase) (inverse, error) {
	if out, isAge, err := s.ageOf(n, phases); isAge {
		return out, err
	}
	if number, ok := numberOf(n.RHS); ok {
		undo := map[parser.ItemType]func(v float64) float64{
			parser.ADD: func(v float64) float64 { return v - number },
			parser.SUB: func(v float64) float64 { return v + number },
			parser.MUL: func(v float64) float64 { return v / number },
			parser.DIV: func(v float64) float64 { return v * number },
		}[n.Op]
		return s.undone(n, n.LHS, undo, phases)
	}
	if number, ok := numberOf(n.LHS); ok {
		undo := map[parser.ItemType]func(v float64) float64{
			parser.ADD: func(v float64) float64 { return v - number },
			parser.SUB: func(v float64) float64 { return number - v },
			parser.MUL: func(v float64) float64 { return v / number },
		}[n.Op]
		return s.undone(n, n.RHS, undo, phases)
	}
	if n.Op == parser.DIV {
		return s.ratio(n, phases)
	}
	return inverse{}, fmt.Errorf("%s cannot be inverted", n)
}

// ageOf inverts the time since a timestamp.
func (s solver) ageOf(n *parser.BinaryExpr, phases []phase) (out inverse, isAge bool, err error) {
	call, ok := n.LHS.(*parser.Call)
	if !ok || call.Func.Name != "time" || n.Op != parser.SUB {
		return inverse{}, false, nil
	}
	inner := n.RHS
	for {
		agg, ok := inner.(*parser.AggregateExpr)
		if !ok || agg.Without {
			break
		}
		s, inner = s.with(agg.Grouping), agg.Expr
	}
	sel, ok := inner.(*parser.VectorSelector)
	if !ok {
		return inverse{}, false, nil
	}
	out, err = s.selector(sel, phases, s.age)
	return out, true, err
}

func numberOf(e parser.Expr) (float64, bool) {
	for {
		paren, ok := e.(*parser.ParenExpr)
		if !ok {
			break
		}
		e = paren.Expr
	}
	n, ok := e.(*parser.NumberLiteral)
	if !ok {
		return 0, false
	}
	return n.Val, true
}

// undone inverts the operand of an operation with a number.
func (s solver) undone(n *parser.BinaryExpr, operand parser.Expr, undo func(float64) float64, phases []phase) (inverse, error) {
	if undo == nil {
		return inverse{}, fmt.Errorf("%s cannot be inverted", n)
	}
	phases = slices.Clone(phases)
	for i := range phases {
		phases[i].value = undo(phases[i].value)
	}
	return s.solve(operand, phases)
}

// ratio holds the right side at 1, so that the ratio equals the left side. The
// sides must read different series.
func (s solver) ratio(n *parser.BinaryExpr, phases []phase) (inverse, error) {
	left, right := selectors(n.LHS), selectors(n.RHS)
	for name := range left {
		if _, both := right[name]; both || name == "" {
			return inverse{}, fmt.Errorf("%s, which reads %s on both sides, cannot be inverted", n, name)
		}
	}
	if n.VectorMatching != nil && n.VectorMatching.On {
		s = s.with(n.VectorMatching.MatchingLabels)
	}
	ones := slices.Clone(phases)
	for i := range ones {
		ones[i].value = 1
	}
	over, err := s.beside(right).solve(n.LHS, phases)
	if err != nil {
		return inverse{}, err
	}
	under, err := s.beside(left).solve(n.RHS, ones)
	if err != nil {
		return inverse{}, err
	}
	over.series = append(over.series, under.series...)
	over.settle, over.linger = max(over.settle, under.settle), min(over.linger, under.linger)
	return over, nil
}

// selectors returns the selectors of an expression by the metric's name.
func selectors(e parser.Expr) map[string]*parser.VectorSelector {
	out := map[string]*parser.VectorSelector{}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if sel, ok := n.(*parser.VectorSelector); ok {
			out[sel.Name] = sel
		}
		return nil
	})
	return out
}

// beside returns a solver for series that match those of the selectors: with
// their labels, and with the values that their matchers require.
func (s solver) beside(others map[string]*parser.VectorSelector) solver {
	values := map[string]string{}
	maps.Copy(values, s.values)
	for _, sel := range others {
		for name := range s.known(sel.Name) {
			s = s.with([]string{name})
		}
		for _, m := range sel.LabelMatchers {
			if m.Type == labels.MatchEqual && m.Name != model.MetricNameLabel {
				values[m.Name] = m.Value
			}
		}
	}
	s.values = values
	return s
}
