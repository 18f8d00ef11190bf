package promcheck

import (
	"math"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

func (w *walk) aggregate(n *parser.AggregateExpr) Type {
	var param Type
	if n.Param != nil {
		param = w.visit(n.Param)
	}
	in := w.visit(n.Expr)
	if !n.Without {
		w.known(n.Grouping, in, n.PosRange, "grouped by")
	}
	out := in
	out.family = nil
	switch n.Op {
	case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
		return out // the series stay as they are
	}
	if n.Without {
		out.Labels = in.Labels.without(n.Grouping)
	} else {
		out.Labels = in.Labels.keep(n.Grouping)
	}
	w.spoils(n.Op.String(), in, out.Labels, n.Op)
	out.spoiled = false
	switch n.Op {
	case parser.SUM:
		out.family = in.family
		if in.Range.Lo >= 0 {
			out.Range = Range{Lo: in.Range.Lo, LoOpen: in.Range.LoOpen, Hi: math.Inf(1), NaN: in.Range.NaN}
		} else {
			out.Range = anything()
		}
	case parser.MIN, parser.MAX, parser.AVG, parser.QUANTILE:
		out.family = in.family
	case parser.COUNT, parser.COUNT_VALUES:
		out = Type{Labels: out.Labels, origin: in.origin, Range: atLeast(1), conditional: in.conditional, constant: in.constant}
		if s, ok := n.Param.(*parser.StringLiteral); ok {
			out.Labels = out.Labels.with(s.Val)
			out.origin = out.origin.with(s.Val)
		}
	case parser.GROUP:
		out = Type{Labels: out.Labels, origin: in.origin, Range: between(1, 1), conditional: in.conditional, constant: in.constant}
	default: // stddev, stdvar, and what is yet to come
		out = Type{Labels: out.Labels, origin: in.origin, Range: anything(), conditional: in.conditional || param.conditional, constant: in.constant}
		if n.Op == parser.STDDEV || n.Op == parser.STDVAR {
			out.Range = Range{Lo: 0, Hi: math.Inf(1), NaN: true}
		}
	}
	return out
}

// spoils reports an aggregation over several series that one without traffic
// makes not a number.
func (w *walk) spoils(name string, in Type, kept Labels, op parser.ItemType) {
	switch op {
	case parser.SUM, parser.AVG, parser.STDDEV, parser.STDVAR:
	default:
		return
	}
	if in.spoiled && in.by != nil && several(in.Labels, kept) {
		w.report(finding.NoTraffic, in.by.PositionRange(), "",
			"0 while nothing happens, so the quotient is not a number, and with one such series neither is the %s: aggregate both sides before dividing, or divide by what is above 0", name)
	}
}

// several says whether an aggregation puts series together: it drops a label
// that every series has, or the one that tells targets apart.
func several(in, kept Labels) bool {
	if in.Can(model.InstanceLabel) && !kept.Can(model.InstanceLabel) {
		return true
	}
	for name, value := range in.sure {
		if value == "" && !kept.Can(name) {
			return true
		}
	}
	return false
}

// known reports the labels of a clause that its operand does not have: never
// had (PQ003), or has no more (PQ031).
func (w *walk) known(names []string, in Type, pos posrange.PositionRange, clause string) {
	for _, name := range names {
		if in.Labels.Can(name) {
			continue
		}
		if in.origin.Can(name) {
			w.report(finding.LabelGone, w.find(name, pos), "",
				"%s %q, which the expression below it dropped (it has %s)", clause, name, listed(in.Labels.Names()))
			continue
		}
		w.report(finding.UnknownLabel, w.find(name, pos), suggest.Nearest(name, in.Labels.Names()),
			"%s %q, which none of the metrics here has (they have %s)", clause, name, listed(in.Labels.Names()))
	}
}
