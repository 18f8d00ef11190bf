package invert

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// state is the wanted state of a condition.
type state int

const (
	below state = iota // quiet
	at                 // at the threshold
	above              // firing
	gone               // without data
)

// stretch is a state that lasts some ticks.
type stretch struct {
	state
	ticks int
}

// condition is one of the conditions that make a rule fire.
type condition struct {
	name string // name of the clause if there are several
	// make returns series that put the condition into the states.
	make func([]stretch) (inverse, error)
	// atFires reports whether the threshold itself fires. It is only valid if
	// hasAt is true.
	atFires, hasAt bool
	// absence reports whether the condition fires without data.
	absence bool
}

// conditions returns the conditions under which the expression becomes true.
// The error names the part that cannot be inverted.
func (s solver) conditions(e parser.Expr, name string) ([]condition, error) {
	switch n := e.(type) {
	case *parser.ParenExpr:
		return s.conditions(n.Expr, name)
	case *parser.BinaryExpr:
		switch {
		case n.Op == parser.LOR:
			return s.either(n, name)
		case n.Op == parser.LUNLESS:
			return s.conditions(n.LHS, name)
		case n.Op == parser.LAND:
			return s.both(n, name)
		case n.Op.IsComparisonOperator() && !n.ReturnBool:
			c, err := s.comparison(n)
			c.name = name
			return []condition{c}, err
		}
	case *parser.Call:
		if sel, window := absent(n); sel != nil {
			return []condition{{name: name, absence: true, make: func(states []stretch) (inverse, error) {
				out, err := s.selector(sel, phasesOf(states, func(x state) (float64, bool) { return 1, x == below }), constant)
				out.unseen = max(ticks(window, s.unit)-1, 0)
				return out, err
			}}}, nil
		}
	}
	return nil, fmt.Errorf("%s is not a condition that can be inverted", e)
}

// absent returns the selector of absent or absent_over_time, and its range.
func absent(n *parser.Call) (*parser.VectorSelector, time.Duration) {
	switch n.Func.Name {
	case "absent":
		sel, _ := n.Args[0].(*parser.VectorSelector)
		return sel, 0
	case "absent_over_time":
		if matrix, ok := n.Args[0].(*parser.MatrixSelector); ok {
			sel, _ := matrix.VectorSelector.(*parser.VectorSelector)
			return sel, matrix.Range
		}
	}
	return nil, 0
}

// either handles each side of an or by itself. A side that reads ALERTS only
// keeps an alert firing, and adds none while the job that it waits for is up.
func (s solver) either(n *parser.BinaryExpr, name string) ([]condition, error) {
	if strings.Contains(n.RHS.String(), "ALERTS{") {
		quiet := quieter(n.RHS)
		list, err := s.conditions(n.LHS, name)
		for i := range list {
			list[i] = list[i].beside(s, quiet)
		}
		return list, err
	}
	left, err := s.conditions(n.LHS, name+"left ")
	if err != nil {
		return nil, err
	}
	right, err := s.conditions(n.RHS, name+"right ")
	return append(left, right...), err
}

// quieter returns the comparisons on the right of an unless. If they are true,
// the clause does not fire.
func quieter(e parser.Expr) []parser.Expr {
	var out []parser.Expr
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if b, ok := node.(*parser.BinaryExpr); ok && b.Op == parser.LUNLESS {
			out = append(out, b.RHS)
		}
		return nil
	})
	return out
}

// both keeps one side true while the other changes.
func (s solver) both(n *parser.BinaryExpr, name string) ([]condition, error) {
	list, err := s.conditions(n.LHS, name)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i] = list[i].beside(s, []parser.Expr{n.RHS})
	}
	return list, nil
}

// beside adds series that keep other expressions true.
func (c condition) beside(with solver, others []parser.Expr) condition {
	own := c.make
	c.make = func(states []stretch) (inverse, error) {
		out, err := own(states)
		if err != nil {
			return out, err
		}
		total := 0
		for _, x := range states {
			total += x.ticks
		}
		for _, e := range others {
			list, err := with.conditions(e, "")
			if err != nil {
				return out, err
			}
			other, err := list[0].make([]stretch{{above, total}})
			if err != nil {
				return out, err
			}
			out.series = append(out.series, other.series...)
			out.settle = max(out.settle, other.settle)
		}
		return out, nil
	}
	return c
}

func phasesOf(s []stretch, value func(state) (float64, bool)) []phase {
	var out []phase
	for _, x := range s {
		v, there := value(x.state)
		out = append(out, phase{x.ticks, v, x.state == gone || !there})
	}
	return out
}

// comparison inverts a comparison with a number.
func (s solver) comparison(n *parser.BinaryExpr) (condition, error) {
	subject, op := n.LHS, n.Op
	number, ok := n.RHS.(*parser.NumberLiteral)
	if !ok {
		if number, ok = n.LHS.(*parser.NumberLiteral); !ok {
			return condition{}, fmt.Errorf("%s does not compare with a number", n)
		}
		subject = n.RHS
		if mirrored, swap := map[parser.ItemType]parser.ItemType{parser.GTR: parser.LSS, parser.GTE: parser.LTE, parser.LSS: parser.GTR, parser.LTE: parser.GTE}[op]; swap {
			op = mirrored
		}
	}
	t := number.Val
	if call, ok := subject.(*parser.Call); ok && call.Func.Name == "histogram_quantile" {
		return s.quantile(call, op, t)
	}
	step := math.Max(math.Abs(t)/10, 1e-3)
	if t == math.Trunc(t) && math.Abs(t) <= 10 {
		step = 1
	}
	c := condition{hasAt: true}
	var low, high float64
	switch op {
	case parser.GTR, parser.GTE:
		low, high, c.atFires = t-step, t+step, op == parser.GTE
	case parser.LSS, parser.LTE:
		low, high, c.atFires = t+step, t-step, op == parser.LTE
	case parser.EQLC:
		low, high, c.hasAt = t+1, t, false
		if t == 1 {
			low = 0
		}
	default:
		low, high, c.hasAt = t, t+1, false
	}
	if t == 0 && op == parser.GTR { // values here are never negative
		low, c.hasAt = 0, false
	}
	c.make = func(states []stretch) (inverse, error) {
		return s.solve(subject, phasesOf(states, func(x state) (float64, bool) {
			return map[state]float64{below: low, at: t, above: high}[x], true
		}))
	}
	return c, nil
}

// quantile gives a histogram three buckets. All observations are in the first,
// up to the threshold, or in the second, beyond the threshold.
func (s solver) quantile(call *parser.Call, op parser.ItemType, t float64) (condition, error) {
	if op != parser.GTR && op != parser.GTE || t <= 0 {
		return condition{}, fmt.Errorf("a quantile that must be low cannot be inverted")
	}
	inner := call.Args[1]
	for {
		agg, ok := inner.(*parser.AggregateExpr)
		if !ok || agg.Without {
			break
		}
		s, inner = s.with(slices.DeleteFunc(slices.Clone(agg.Grouping), func(l string) bool { return l == "le" })), agg.Expr
	}
	return condition{make: func(stretches []stretch) (inverse, error) {
		var out inverse
		for i, le := range []float64{t, 2 * t, math.Inf(1)} {
			one, err := s.solve(inner, phasesOf(stretches, func(x state) (float64, bool) {
				if i == 0 && x != below {
					return 0, true
				}
				return 1, true
			}))
			if err != nil {
				return out, err
			}
			bound := strconv.FormatFloat(le, 'g', -1, 64)
			for _, in := range one.series {
				open := strings.TrimSuffix(in.Series, "}")
				if open == in.Series {
					open += "{"
				} else {
					open += ","
				}
				out.series = append(out.series, testfile.Series{Series: open + fmt.Sprintf("le=%q}", bound), Values: in.Values})
			}
			out.settle, out.linger = one.settle, one.linger
		}
		return out, nil
	}}, nil
}
