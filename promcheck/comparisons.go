package promcheck

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/constant"
)

// notANumber reports a comparison with NaN, which no value equals.
func (w *walk) notANumber(n *parser.BinaryExpr) bool {
	for _, side := range []parser.Expr{n.LHS, n.RHS} {
		v, ok := constant.Of(side)
		if !ok || !math.IsNaN(v) {
			continue
		}
		if n.Op == parser.NEQ {
			w.report(finding.AlwaysFires, n.PositionRange(), "", "every value is != NaN, also NaN itself: x == x selects the values that are numbers")
		} else {
			w.report(finding.NeverFires, n.PositionRange(), "", "no value is %s NaN, also not NaN itself: x != x selects the values that are NaN", n.Op)
		}
		return true
	}
	return false
}

// calendarOf reports whether a side of a comparison is a function of the date.
func calendarOf(n *parser.BinaryExpr) bool {
	for _, side := range []parser.Expr{n.LHS, n.RHS} {
		if dateFunction(side) {
			return true
		}
	}
	return false
}

// dateFunction reports whether a value is that of a function of the date, also
// after comparisons.
func dateFunction(e parser.Expr) bool {
	switch n := unparen(e).(type) {
	case *parser.BinaryExpr:
		return n.Op.IsComparisonOperator() && !n.ReturnBool && dateFunction(n.LHS)
	case *parser.Call:
		_, ok := calendar[n.Func.Name]
		return ok
	}
	return false
}

// idleBool reports a comparison with bool as a condition: "and" and "unless"
// look at the labels of series, not at their values.
func (w *walk) idleBool(n *parser.BinaryExpr) {
	if side, ok := unparen(n.RHS).(*parser.BinaryExpr); ok && side.ReturnBool {
		w.report(finding.AlwaysFires, side.PositionRange(), "", "with bool the comparison gives 0 or 1 for each series, and %s only looks whether there is a series: remove bool", n.Op)
	}
	if side, ok := unparen(n.LHS).(*parser.BinaryExpr); ok && side.ReturnBool && w.alerts && !w.guard {
		w.report(finding.AlwaysFires, side.PositionRange(), "", "with bool the comparison gives 0 or 1 for each series, and the alert fires for both: remove bool")
	}
}

// sameSample reports two values of a series whose times are closer than its
// scrapes: mostly they are one sample.
func (w *walk) sameSample(n *parser.BinaryExpr) {
	a, ok1 := unparen(n.LHS).(*parser.VectorSelector)
	b, ok2 := unparen(n.RHS).(*parser.VectorSelector)
	if !ok1 || !ok2 || a.Timestamp != nil || b.Timestamp != nil || a.OriginalOffset == b.OriginalOffset || a.OriginalOffsetExpr != nil || b.OriginalOffsetExpr != nil {
		return
	}
	if !sameSeries(a, b) {
		return
	}
	t := (&walk{Checker: w.Checker}).selector(a)
	if _, recorded := w.recorded.get(a.Name); recorded {
		return // evaluated in its own interval
	}
	apart := (a.OriginalOffset - b.OriginalOffset).Abs()
	if scrape, _ := w.scrape(a, t); apart < scrape {
		w.report(finding.SameSample, n.PositionRange(), "", "with a scrape every %s, both sides are mostly the same sample: an offset of %s is too short", duration(scrape), duration(apart))
	}
}

// absentAndThere reports absent(x) and x: one of them has no result.
func (w *walk) absentAndThere(n *parser.BinaryExpr) bool {
	if n.Op != parser.LAND {
		return false
	}
	for _, s := range [][2]parser.Expr{{n.LHS, n.RHS}, {n.RHS, n.LHS}} {
		call, ok := unparen(s[0]).(*parser.Call)
		if !ok || call.Func.Name != "absent" {
			continue
		}
		gone, ok1 := unparen(call.Args[0]).(*parser.VectorSelector)
		there, ok2 := fires(s[1]).(*parser.VectorSelector)
		if c, ok := fires(s[1]).(*parser.BinaryExpr); ok && c.Op.IsComparisonOperator() {
			there, ok2 = unparen(c.LHS).(*parser.VectorSelector)
		}
		if ok1 && ok2 && gone.Name != "" && gone.Name == there.Name && gone.OriginalOffset == there.OriginalOffset && matchesMore(there, gone) {
			w.report(finding.NeverFires, n.PositionRange(), "", "absent(%s) has a result only without the series that the other side needs: write or, or remove one side", gone)
			return true
		}
	}
	return false
}
