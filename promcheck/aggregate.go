package promcheck

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
)

func (w *walk) aggregate(n *parser.AggregateExpr) Type {
	var param Type
	if n.Param != nil {
		param = w.visit(n.Param)
	}
	in := w.visit(n.Expr)
	if n.Without {
		w.misspelt(n, in)
	} else {
		w.known(n.Grouping, in, n.PosRange, "grouped by")
	}
	out := in
	out.family = nil
	w.meanQuantile(n, in)
	switch n.Op {
	case parser.TOPK, parser.BOTTOMK, parser.LIMITK, parser.LIMIT_RATIO:
		return out // the series do not change
	}
	if n.Without {
		out.Labels = in.Labels.without(n.Grouping)
	} else {
		out.Labels = in.Labels.keep(n.Grouping)
	}
	w.spoils(n.Op.String(), in, out.Labels, n.Op)
	out.spoiled, out.scraped, out.sampled = false, false, false
	out.summed = in.summed || in.sampled && (n.Op == parser.SUM || n.Op == parser.AVG) && ofTargets(in.Labels, out.Labels)
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
	default: // stddev, stdvar and future operators
		out = Type{Labels: out.Labels, origin: in.origin, Range: anything(), conditional: in.conditional || param.conditional, constant: in.constant}
		if n.Op == parser.STDDEV || n.Op == parser.STDVAR {
			out.Range = Range{Lo: 0, Hi: math.Inf(1), NaN: true}
		}
	}
	return out
}

// misspelt reports a label of without (…) that is a slip of one that the series
// have. Any other label that they lack has no effect.
func (w *walk) misspelt(n *parser.AggregateExpr, in Type) {
	for _, name := range n.Grouping {
		if len(name) < clearSlip || in.Labels.Can(name) || in.origin.Can(name) || !suggest.Slip(name, in.Labels.Names()) {
			continue
		}
		near := suggest.Nearest(name, in.Labels.Names())
		if near == "" || slices.Contains(n.Grouping, strings.Trim(near, `"`)) {
			continue // both spellings are listed
		}
		w.report(finding.UnknownLabel, w.find(name, n.PosRange), near, "without %q, which none of the metrics here has (they have %s)", name, listed(in.Labels.Names()))
	}
}

// spoils reports an aggregation over several series that becomes NaN because of
// one series without traffic.
func (w *walk) spoils(name string, in Type, kept Labels, op parser.ItemType) {
	switch op {
	case parser.SUM, parser.AVG, parser.STDDEV, parser.STDVAR:
	default:
		return
	}
	if in.spoiled && in.by != nil && several(in.Labels, kept) {
		w.report(finding.NoTraffic, in.by.PositionRange(), "",
			"0 without traffic, so the quotient is NaN, and one such series makes the %s NaN: aggregate both sides before dividing, or divide by values above 0", name)
	}
}

// several reports whether an aggregation combines series: it drops a label that
// every series has, or the label of the target.
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

// known reports labels of a clause that its operand does not have: unknown ones
// (PQ003), or dropped ones (PQ031).
func (w *walk) known(names []string, in Type, pos posrange.PositionRange, clause string) {
	for _, name := range names {
		if in.Labels.Can(name) || name == model.MetricNameLabel {
			continue
		}
		if in.origin.Can(name) {
			w.report(finding.LabelGone, w.find(name, pos), "",
				"%s %q, which the expression below it dropped (it has %s)", clause, name, listed(in.Labels.Names()))
			continue
		}
		w.report(finding.UnknownLabel, w.find(name, pos), suggest.Nearest(name, in.Labels.Names()),
			"%s %q, which none of the metrics here has (they have %s)", clause, name, listed(in.Labels.Names()))
		if last := &w.findings[len(w.findings)-1]; last.Suggestion == "" && clause == "grouped by" {
			last.Severity = finding.Warning // a list of labels may be for several versions
		}
	}
}
