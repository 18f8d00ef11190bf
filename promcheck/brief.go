package promcheck

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/constant"
)

// brief reports conditions that are over before the wait of the alert is.
func (c *Checker) brief(r *Rule, tree parser.Expr) []finding.Finding {
	if r.For == 0 {
		return nil
	}
	out := momentary(r, tree)
	n, ok := fires(tree).(*parser.BinaryExpr)
	if !ok {
		return out
	}
	f := finding.Finding{Code: finding.LongFor, Where: r.Where, Part: "for", Text: duration(r.For), To: len(duration(r.For))}
	if life, ok := change(n); ok && r.For >= life {
		f.Reason = fmt.Sprintf("the condition holds for %s after a series appears or disappears, and never longer: it never fires", duration(life))
		return append(out, f)
	}
	if life, ok := event(n); ok && r.For >= life {
		f.Severity = finding.Warning
		f.Reason = fmt.Sprintf("one change keeps the condition true for %s: it fires only if the value changes again and again for %s", duration(life), duration(r.For))
		return append(out, f)
	}
	return out
}

// fires returns the part of a condition whose series the alert has.
func fires(e parser.Expr) parser.Expr {
	n, ok := unparen(e).(*parser.BinaryExpr)
	if ok && n.Op == parser.LAND {
		return fires(n.LHS)
	}
	return unparen(e)
}

// change returns how long "x offset 1h unless x" holds after x disappeared, or
// "x unless x offset 1h" after it appeared.
func change(n *parser.BinaryExpr) (time.Duration, bool) {
	if n.Op != parser.LUNLESS {
		return 0, false
	}
	left, ok1 := series(n.LHS)
	right, ok2 := series(n.RHS)
	if !ok1 || !ok2 || left.v.Name == "" || left.v.Name != right.v.Name || !matchesMore(left.v, right.v) {
		return 0, false
	}
	from, to := left.v.OriginalOffset, right.v.OriginalOffset
	switch {
	case from+left.window > to && right.window == 0: // it remembers a series that is gone
		return from + left.window - to, true
	case to > from && left.window == 0: // the series is new
		return to - from, true
	}
	return 0, false
}

// lookback is a selector with the range that a function reads.
type lookback struct {
	v      *parser.VectorSelector
	window time.Duration
}

// remembers are functions that have a result as long as one sample is in the
// range.
var remembers = map[string]bool{
	"present_over_time": true, "count_over_time": true, "last_over_time": true, "max_over_time": true, "min_over_time": true,
	"avg_over_time": true, "sum_over_time": true, "first_over_time": true,
}

// series returns the selector of whose series an expression has one result
// each, or one for each group.
func series(e parser.Expr) (lookback, bool) {
	switch n := unparen(e).(type) {
	case *parser.VectorSelector:
		plain := n.OriginalOffsetExpr == nil && n.Timestamp == nil && n.StartOrEnd == 0
		return lookback{v: n}, plain
	case *parser.AggregateExpr:
		return series(n.Expr)
	case *parser.Call:
		if m, ok := firstMatrix(n); ok && remembers[n.Func.Name] && m.RangeExpr == nil {
			s, ok := series(m.VectorSelector)
			s.window = m.Range
			return s, ok
		}
	}
	return lookback{}, false
}

func firstMatrix(n *parser.Call) (*parser.MatrixSelector, bool) {
	if len(n.Args) == 0 {
		return nil, false
	}
	m, ok := n.Args[0].(*parser.MatrixSelector)
	return m, ok
}

// event returns how long one change of a value keeps a condition true:
// changes(x[5m]) > 0, x != x offset 5m.
func event(n *parser.BinaryExpr) (time.Duration, bool) {
	if n.Op == parser.NEQ {
		a, ok1 := unparen(n.LHS).(*parser.VectorSelector)
		b, ok2 := unparen(n.RHS).(*parser.VectorSelector)
		if ok1 && ok2 && a.OriginalOffsetExpr == nil && b.OriginalOffsetExpr == nil && a.OriginalOffset != b.OriginalOffset && sameSeries(a, b) {
			return (a.OriginalOffset - b.OriginalOffset).Abs(), true
		}
		return 0, false
	}
	call, ok := inner(n.LHS).(*parser.Call)
	v, isNumber := constant.Of(n.RHS)
	if !ok || !isNumber || call.Func.Name != "changes" && call.Func.Name != "resets" {
		return 0, false
	}
	once := n.Op == parser.GTR && v >= 0 && v < 1 || n.Op == parser.GTE && v > 0 && v <= 1
	m, ok := firstMatrix(call)
	if !once || !ok || m.RangeExpr != nil {
		return 0, false
	}
	return m.Range, true
}

// inner returns the expression in aggregations.
func inner(e parser.Expr) parser.Expr {
	if n, ok := unparen(e).(*parser.AggregateExpr); ok && (n.Op == parser.SUM || n.Op == parser.MAX) {
		return inner(n.Expr)
	}
	return unparen(e)
}

// momentary reports irate in an alert that waits: it reads two samples, so one
// low value starts the wait anew.
func momentary(r *Rule, tree parser.Expr) []finding.Finding {
	var out []finding.Finding
	if !strings.Contains(r.Expr, "irate") {
		return nil
	}
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		n, ok := node.(*parser.Call)
		if !ok || n.Func.Name != "irate" {
			return nil
		}
		for _, p := range path {
			if _, ok := p.(*parser.SubqueryExpr); ok {
				return nil
			}
		}
		if len(out) == 0 {
			out = append(out, finding.Finding{
				Code: finding.LastTwo, Where: r.Where, Part: "expr", Text: r.Expr,
				From: int(n.PosRange.Start), To: int(n.PosRange.End), Suggestion: "rate",
				Reason: fmt.Sprintf("irate is the rate between the last two samples: one low value starts the wait of %s anew", duration(r.For)),
			})
		}
		return nil
	})
	return out
}
