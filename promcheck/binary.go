package promcheck

import (
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

func (w *walk) binary(n *parser.BinaryExpr) Type {
	outer := w.guard
	w.guard = outer || n.Op == parser.LOR && everyValue(n)
	left := w.visit(n.LHS)
	w.guard = w.guard || n.Op == parser.LAND || n.Op == parser.LUNLESS
	right := w.visit(n.RHS)
	w.guard = outer
	both := Type{Labels: left.Labels.union(right.Labels), origin: left.origin.union(right.origin)}
	if m := n.VectorMatching; m != nil {
		if m.On { // ignoring a label that is not there is harmless
			w.known(m.MatchingLabels, Type{Labels: both.Labels, origin: both.origin}, n.PositionRange(), "matched on")
		}
		w.deletes(n, left, right)
		w.known(m.Include, Type{Labels: both.Labels, origin: both.origin}, n.PositionRange(), "included by group_left or group_right")
	}
	if n.Op.IsSetOperator() {
		return w.set(n, left, right)
	}
	matched := w.matched(n, left, right)
	out := Type{
		Scalar: left.Scalar && right.Scalar, Labels: matched, origin: both.origin, Range: anything(),
		conditional: left.conditional || right.conditional, constant: left.constant && right.constant,
		scraped: many(n, left, right).scraped,
	}
	w.units(n, left, right)
	w.sameSample(n)
	if n.Op.IsComparisonOperator() {
		return w.compare(n, left, right, out)
	}
	return arithmetic(n, left, right, out)
}

// many returns the side whose series have the labels of the result.
func many(n *parser.BinaryExpr, left, right Type) Type {
	m := n.VectorMatching
	switch {
	case left.Scalar, m != nil && m.Card == parser.CardOneToMany:
		return right
	case m != nil && m.Card == parser.CardOneToOne && (m.On || len(m.MatchingLabels) > 0):
		return Type{}
	}
	return left
}

// arithmetic returns the type of a computed value.
func arithmetic(n *parser.BinaryExpr, left, right, out Type) Type {
	if n.Op == parser.ADD || n.Op == parser.SUB || n.Op == parser.MUL || n.Op == parser.DIV {
		out.Range = left.Range.arithmetic(n.Op, right.Range)
	}
	if n.Op == parser.DIV && partOf(n.LHS, n.RHS) {
		out.Range = Range{Lo: 0, Hi: 1, NaN: true}
	}
	out.spoiled, out.by = left.spoiled || right.spoiled, left.by
	if out.by == nil {
		out.by = right.by
	}
	out.rated = left.rated || right.rated
	out.quantile = left.quantile && right.Scalar || right.quantile && left.Scalar
	switch n.Op {
	case parser.ADD, parser.SUB:
		out.summed = n.Op == parser.ADD && left.summed && right.summed
		out.sampled = n.Op == parser.ADD && left.sampled && right.sampled
		out.Unit = sumUnit(n.Op, left, right)
		out.idle = left.idle && right.idle
	case parser.MUL:
		out.idle = left.idle || right.idle
		if left.Scalar && left.Range.single() || right.Scalar && right.Range.single() {
			out.Unit = "" // a factor may convert it
		}
	case parser.DIV:
		if left.Unit == right.Unit && left.Unit != "" {
			out.Unit = metrics.Ratio
		}
		out.idle = left.idle
		if right.idle {
			out.spoiled, out.by = true, n.RHS
		}
	}
	return out
}

// sumUnit returns the unit of a sum or difference.
func sumUnit(op parser.ItemType, left, right Type) metrics.Unit {
	switch {
	case left.Unit == metrics.Timestamp && right.Unit == metrics.Timestamp && op == parser.SUB:
		return metrics.Seconds
	case left.Unit == metrics.Timestamp && op == parser.SUB && !right.constant:
		return "" // time() - x_seconds: x_seconds may be a point in time
	case left.Unit == right.Unit:
		return left.Unit
	case right.constant && right.Scalar:
		return left.Unit
	case left.constant && left.Scalar && left.Unit == "":
		return right.Unit
	case left.Unit == metrics.Timestamp:
		return left.Unit
	}
	return ""
}

// units reports an addition or comparison of values with different units.
func (w *walk) units(n *parser.BinaryExpr, left, right Type) {
	if n.Op != parser.ADD && n.Op != parser.SUB && !n.Op.IsComparisonOperator() {
		return
	}
	clash := func(a, b metrics.Unit) bool {
		return left.Unit == a && right.Unit == b || left.Unit == b && right.Unit == a
	}
	if clash(metrics.Seconds, metrics.Bytes) || clash(metrics.Seconds, PerSecond) || clash(metrics.Bytes, PerSecond) || clash(metrics.Timestamp, metrics.Bytes) ||
		n.Op.IsComparisonOperator() && clash(metrics.Timestamp, metrics.Seconds) {
		w.report(finding.UnitMismatch, n.PositionRange(), "", "one side is in %s, the other in %s", words(left.Unit), words(right.Unit))
		return
	}
	if !n.Op.IsComparisonOperator() {
		return
	}
	for _, s := range []struct{ a, b Type }{{left, right}, {right, left}} {
		const yearOne = 365 * 24 * 3600
		if v := s.b.Range; s.a.Unit == metrics.Timestamp && !s.a.constant && s.b.Scalar && v.single() && v.Lo > 1 && v.Lo < yearOne {
			w.report(finding.UnitMismatch, n.PositionRange(), "", "a point in time is compared with a duration: subtract it from time()")
		}
	}
}

func words(u metrics.Unit) string { return strings.ReplaceAll(string(u), "_", " ") }

// compare checks a comparison and narrows the range of values.
func (w *walk) compare(n *parser.BinaryExpr, left, right, out Type) Type {
	if w.notANumber(n) {
		out.conditional = out.conditional || n.Op != parser.NEQ
		return out
	}
	always := w.possible(n, left, right)
	w.counters(n, left, right)
	w.partOfEvent(n, left, right)
	if n.Op == parser.NEQ {
		for _, side := range []Type{left, right} {
			if side.spoiled && side.by != nil {
				w.report(finding.NoTraffic, side.by.PositionRange(), "",
					"0 while nothing happens, so the quotient is not a number, and that is != to everything")
			}
		}
	}
	if n.ReturnBool {
		out.Range, out.Unit = between(0, 1), metrics.Bool
		return out
	}
	if out.Scalar {
		out.Range = between(0, 1)
		return out
	}
	out.conditional = out.conditional || !always
	vector, other, op := left, right, n.Op
	if left.Scalar {
		vector, other, op = right, left, mirrored(n.Op)
	}
	out.Range = vector.Range.intersect(other.Range.satisfying(op))
	out.Unit, out.family, out.counter, out.buckets = vector.Unit, vector.family, vector.counter, vector.buckets
	out.sampled, out.summed, out.rated, out.quantile = vector.sampled, vector.summed, vector.rated, vector.quantile
	out.idle = vector.idle && out.Range.Lo <= 0 && !(out.Range.Lo == 0 && out.Range.LoOpen) && !out.Range.empty() && n.Op != parser.NEQ
	return out
}

// mirrored returns the operator for exchanged sides.
func mirrored(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.GTR:
		return parser.LSS
	case parser.LSS:
		return parser.GTR
	case parser.GTE:
		return parser.LTE
	case parser.LTE:
		return parser.GTE
	}
	return op
}

// possible reports a comparison that never holds, and returns whether it always
// holds. A comparison that always holds is harmless beside another condition,
// so done reports it at the end.
func (w *walk) possible(n *parser.BinaryExpr, left, right Type) (always bool) {
	switch {
	case left.constant && right.constant && !calendarOf(n): // constants are intentional
	case left.Range.never(n.Op, right.Range):
		w.report(finding.NeverFires, n.PositionRange(), "", "this is never true: %s", w.ranges(n, left, right))
	case left.Range.always(n.Op, right.Range):
		if w.counts(n.LHS) {
			return false
		}
		w.always = append(w.always, w.finding(finding.AlwaysFires, n.PositionRange(), "", "this is always true: %s", w.ranges(n, left, right)))
		return true
	}
	return false
}

// counts reports whether a value is the number of series of metrics outside the
// catalogue. It tests their presence: they may exist only in case of a problem.
func (w *walk) counts(e parser.Expr) bool {
	switch n := unparen(e).(type) {
	case *parser.AggregateExpr:
		if n.Op != parser.COUNT && n.Op != parser.GROUP {
			return false
		}
	case *parser.Call:
		if n.Func.Name != "count_over_time" && n.Func.Name != "present_over_time" {
			return false
		}
	default:
		return false
	}
	return w.outside(e)
}

// outside reports whether an expression reads only metrics that neither the
// catalogue nor a recording rule has.
func (c *Checker) outside(e parser.Expr) bool {
	outside := true
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			_, known := c.catalogue.Series(v.Name)
			_, recorded := c.recorded.get(v.Name)
			outside = outside && !known && !recorded && v.Name != "up"
		}
		return nil
	})
	return outside
}

// done returns the findings about an expression of that type.
func (w *walk) done(t Type) []finding.Finding {
	if !t.conditional {
		w.findings = append(w.findings, w.always...)
	}
	return w.findings
}

func (w *walk) ranges(n *parser.BinaryExpr, left, right Type) string {
	if right.Range.single() {
		return fmt.Sprintf("the left side is %s", left.Range)
	}
	if left.Range.single() {
		return fmt.Sprintf("the right side is %s", right.Range)
	}
	return fmt.Sprintf("the left side is %s, the right side %s", left.Range, right.Range)
}

// counters reports a raw counter that is compared with a number: the comparison
// holds from some time on until the process restarts.
func (w *walk) counters(n *parser.BinaryExpr, left, right Type) {
	for _, s := range []struct {
		counter, other Type
		node           parser.Expr
	}{{left, right, n.LHS}, {right, left, n.RHS}} {
		if !s.counter.counter || s.counter.family == nil || !s.other.Scalar || !s.other.Range.single() || w.guard ||
			s.counter.Range.always(n.Op, s.other.Range) {
			continue
		}
		w.report(finding.RawCounter, s.node.PositionRange(), "", "%s only grows until its process starts again: compare its rate() or increase()", s.counter.family.Name)
	}
}

// partOfEvent reports an increase that is compared with less than one event.
// One event exceeds it, so the comparison is meant for a rate or for > 0.
func (w *walk) partOfEvent(n *parser.BinaryExpr, left, right Type) {
	for _, s := range []struct {
		number Type
		node   parser.Expr
		op     parser.ItemType
	}{{right, n.LHS, n.Op}, {left, n.RHS, mirrored(n.Op)}} {
		above := s.op == parser.GTR || s.op == parser.GTE
		if !above || !s.number.Scalar || !s.number.Range.single() || s.number.Range.Lo <= 0 || s.number.Range.Lo >= 1 {
			continue
		}
		if of := increased(s.node); of != nil {
			if d, ok := w.catalogue.Series(of.Name); !ok || d.BaseUnit() != metrics.None && d.BaseUnit() != "" || d.Type == metrics.Histogram && strings.HasSuffix(of.Name, "_sum") {
				continue
			}
			w.report(finding.PartOfEvent, n.PositionRange(), "", "an increase counts events, and one event exceeds %v: compare a rate, or write > 0", s.number.Range.Lo)
		}
	}
}

// increased returns the counter whose increase, or a sum, minimum or maximum of
// it, is the value of an expression.
func increased(e parser.Expr) *parser.VectorSelector {
	switch n := e.(type) {
	case *parser.ParenExpr:
		return increased(n.Expr)
	case *parser.AggregateExpr:
		if n.Op == parser.SUM || n.Op == parser.MAX || n.Op == parser.MIN {
			return increased(n.Expr)
		}
	case *parser.Call:
		if n.Func.Name != "increase" {
			return nil
		}
		if m, ok := n.Args[0].(*parser.MatrixSelector); ok {
			s, _ := m.VectorSelector.(*parser.VectorSelector)
			return s
		}
	}
	return nil
}

// set checks and, or, unless.
func (w *walk) set(n *parser.BinaryExpr, left, right Type) Type {
	if n.Op == parser.LOR {
		return left.or(right)
	}
	if !w.absentAndThere(n) {
		w.disjoint(n, left, right)
	}
	w.exclude(n)
	w.sameSample(n)
	w.idleBool(n)
	out := left
	out.conditional = true
	out.constant = left.constant && right.constant
	out.origin = left.origin
	return out
}
