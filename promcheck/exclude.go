package promcheck

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
)

// condition is a comparison of an expression with a number.
type condition struct {
	expr   string
	values Range
}

// exclude reports contradictory conditions on the same expression: x > 10 and x
// < 5, x > 10 unless x > 5.
func (w *walk) exclude(n *parser.BinaryExpr) {
	m := n.VectorMatching
	if m == nil {
		return
	}
	// With other labels to match, the sides may compare different series.
	otherSeries := m.On || len(m.MatchingLabels) > 0
	left, right := conditions(n.LHS), conditions(n.RHS)
	if n.Op == parser.LUNLESS && len(right) != 1 {
		return
	}
	for _, l := range left {
		for _, r := range right {
			if l.expr != r.expr || otherSeries && !today(l.expr) {
				continue
			}
			if n.Op == parser.LAND && l.values.intersect(r.values).empty() {
				w.report(finding.NeverFires, n.PositionRange(), "", "%s cannot be %s and %s at the same time", l.expr, l.values, r.values)
				return
			}
			if n.Op == parser.LUNLESS && l.values.within(r.values) {
				w.report(finding.NeverFires, n.PositionRange(), "", "unless (%[2]s) removes all values that are %[1]s", l.values, r.values)
				return
			}
		}
	}
}

// today reports whether an expression is a function of the present date, such
// as hour(): it has one series without labels.
func today(expr string) bool {
	name, ok := strings.CutSuffix(expr, "()")
	_, date := calendar[name]
	return ok && date
}

// conditions returns the comparisons with a number that hold for every series
// of the expression, if all are on the same labels.
func conditions(e parser.Expr) []condition {
	n, ok := unparen(e).(*parser.BinaryExpr)
	if !ok || n.ReturnBool {
		return nil
	}
	if n.Op == parser.LAND {
		if m := n.VectorMatching; m == nil || m.On || len(m.MatchingLabels) > 0 {
			return append(conditions(n.LHS), slices.DeleteFunc(conditions(n.RHS), func(c condition) bool { return !today(c.expr) })...)
		}
		return append(conditions(n.LHS), conditions(n.RHS)...)
	}
	if n.Op == parser.LUNLESS {
		return conditions(n.LHS)
	}
	if !n.Op.IsComparisonOperator() {
		return nil
	}
	vector, number, op := n.LHS, n.RHS, n.Op
	if _, ok := unparen(n.LHS).(*parser.NumberLiteral); ok {
		vector, number, op = n.RHS, n.LHS, mirrored(n.Op)
	}
	lit, ok := unparen(number).(*parser.NumberLiteral)
	if !ok || op == parser.NEQ {
		return nil
	}
	return []condition{{unparen(vector).String(), between(lit.Val, lit.Val).satisfying(op)}}
}

// everyValue reports whether two conditions together hold for every value of an
// expression that is not negative: x > 0 or x == 0 tests its presence.
func everyValue(n *parser.BinaryExpr) bool {
	left, right := conditions(n.LHS), conditions(n.RHS)
	if len(left) != 1 || len(right) != 1 || left[0].expr != right[0].expr {
		return false
	}
	a, b := left[0].values, right[0].values
	if a.Lo > b.Lo || a.Lo == b.Lo && a.LoOpen {
		a, b = b, a
	}
	return (a.Lo < 0 || a.Lo == 0 && !a.LoOpen) && math.IsInf(b.Hi, 1) && (b.Lo < a.Hi || b.Lo == a.Hi && !(b.LoOpen && a.HiOpen))
}
