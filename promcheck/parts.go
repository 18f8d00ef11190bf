package promcheck

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// partOf reports whether the part counts some of the events that the whole
// counts, so their quotient is between 0 and 1: both are the same functions, and
// the selector of the part has more matchers. The buckets of a histogram are
// parts of its count.
func partOf(part, whole parser.Expr) bool {
	part, whole = unparen(part), unparen(whole)
	switch p := part.(type) {
	case *parser.AggregateExpr:
		w, ok := whole.(*parser.AggregateExpr)
		return ok && p.Op == w.Op && (p.Op == parser.SUM || p.Op == parser.COUNT) && finer(p, w) &&
			(p.Op == parser.SUM && partOf(p.Expr, w.Expr) || p.Op == parser.COUNT && narrower(p.Expr, w.Expr))
	case *parser.Call:
		w, ok := whole.(*parser.Call)
		if !ok || p.Func.Name != w.Func.Name || p.Func.Name != "rate" && p.Func.Name != "increase" {
			return false
		}
		a, ok1 := p.Args[0].(*parser.MatrixSelector)
		b, ok2 := w.Args[0].(*parser.MatrixSelector)
		return ok1 && ok2 && a.Range == b.Range && a.RangeExpr == nil && b.RangeExpr == nil && narrower(a.VectorSelector, b.VectorSelector)
	}
	return false
}

// finer reports whether the groups of a are the groups of b or parts of them.
func finer(a, b *parser.AggregateExpr) bool {
	if a.Without != b.Without {
		return false
	}
	fewer, more := b.Grouping, a.Grouping
	if a.Without {
		fewer, more = more, fewer
	}
	return !slices.ContainsFunc(fewer, func(l string) bool { return !slices.Contains(more, l) })
}

// narrower reports whether a selects some of the series of b, or buckets of the
// histogram that b counts.
func narrower(a, b parser.Expr) bool {
	x, ok1 := unparen(a).(*parser.VectorSelector)
	y, ok2 := unparen(b).(*parser.VectorSelector)
	if !ok1 || !ok2 || x.OriginalOffset != y.OriginalOffset || x.OriginalOffsetExpr != nil || y.OriginalOffsetExpr != nil || x.Timestamp != nil || y.Timestamp != nil ||
		x.StartOrEnd != y.StartOrEnd || x.Anchored != y.Anchored || x.Smoothed != y.Smoothed {
		return false
	}
	if stem, ok := strings.CutSuffix(x.Name, "_bucket"); ok && y.Name == stem+"_count" {
		return oneBucket(x) && matchesMore(x, y)
	}
	return x.Name != "" && x.Name == y.Name && matchesMore(x, y)
}

// oneBucket reports whether a selector selects one bucket, because buckets
// count the events of the lower ones too.
func oneBucket(v *parser.VectorSelector) bool {
	return slices.ContainsFunc(v.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == model.BucketLabel && m.Type == labels.MatchEqual
	})
}

// matchesMore reports whether a has the matchers of b, that of the name aside.
func matchesMore(a, b *parser.VectorSelector) bool {
	for _, m := range b.LabelMatchers {
		same := func(o *labels.Matcher) bool { return o.Name == m.Name && o.Type == m.Type && o.Value == m.Value }
		if m.Name != model.MetricNameLabel && !slices.ContainsFunc(a.LabelMatchers, same) {
			return false
		}
	}
	return true
}

// sameSeries reports whether two selectors have the same name and matchers.
func sameSeries(a, b *parser.VectorSelector) bool {
	return a.Name != "" && a.Name == b.Name && matchesMore(a, b) && matchesMore(b, a)
}
