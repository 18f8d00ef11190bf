package promcheck

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/metrics"
)

// Functions of the changes in a window.
var (
	forCounters = []string{"rate", "irate", "increase"}
	forGauges   = []string{"delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing", "holt_winters"}
	overWindow  = []string{"rate", "increase", "delta", "deriv"} // functions that need several samples
)

// calendar maps the date functions to their ranges.
var calendar = map[string]Range{
	"minute": between(0, 59), "hour": between(0, 23), "day_of_week": between(0, 6), "day_of_month": between(1, 31),
	"day_of_year": between(1, 366), "days_in_month": between(28, 31), "month": between(1, 12),
}

func (w *walk) call(n *parser.Call) Type {
	outer := w.histograms
	w.histograms = outer || strings.HasPrefix(n.Func.Name, "histogram_")
	var args []Type
	for _, arg := range n.Args {
		args = append(args, w.visit(arg))
	}
	w.histograms = outer
	in := Type{constant: true, Range: anything()}
	for i, a := range args {
		if !a.Scalar || n.Args[i].Type() == parser.ValueTypeVector {
			in = a
			break
		}
	}
	name := n.Func.Name
	switch {
	case name == "time":
		return Type{Scalar: true, constant: true, Unit: metrics.Timestamp, Range: atLeast(0)}
	case name == "pi":
		return Type{Scalar: true, constant: true, Range: between(math.Pi, math.Pi)}
	case name == "vector":
		return Type{constant: args[0].constant, conditional: args[0].conditional, Range: args[0].Range, Unit: args[0].Unit}
	case name == "scalar":
		return Type{Scalar: true, Range: Range{Lo: in.Range.Lo, Hi: in.Range.Hi, NaN: true}, Unit: in.Unit, conditional: in.conditional, constant: in.constant}
	case strings.HasPrefix(name, "absent"):
		return w.absent(n, in)
	case name == "label_replace" || name == "label_join":
		if dst, ok := n.Args[1].(*parser.StringLiteral); ok && dst.Val != model.MetricNameLabel {
			in.Labels, in.origin = in.Labels.with(dst.Val), in.origin.with(dst.Val)
		}
		return in
	case name == "info":
		in.Labels, in.origin = openLabels(), openLabels()
		return in
	case strings.HasPrefix(name, "sort"):
		return in
	}
	if r, ok := calendar[name]; ok {
		return Type{Labels: in.Labels, origin: in.origin, Range: r, constant: in.constant, conditional: in.conditional}
	}
	if strings.HasPrefix(name, "histogram_") {
		return w.histogram(n, args, in)
	}
	if len(n.Args) > 0 {
		w.suits(n, in)
	}
	return w.computed(n, args, in)
}

// suits reports a function that does not fit the metric's type or the window.
func (w *walk) suits(n *parser.Call, in Type) {
	name := n.Func.Name
	if slices.Contains(forCounters, name) && w.rateOfSum(n, in) {
		return
	}
	m, ok := n.Args[0].(*parser.MatrixSelector)
	if !ok {
		return
	}
	if slices.Contains(overWindow, name) {
		w.window(name, m, in)
	} else if name == "changes" && in.family != nil && in.family.Cadence == metrics.EveryRun {
		w.window(name, m, in)
	}
	if in.family == nil {
		return
	}
	pos := n.PositionRange()
	switch {
	case slices.Contains(forCounters, name) && in.family.Type == metrics.Gauge:
		w.report(finding.WrongFunction, w.find(name, pos), gaugeTwin(name), "%s is for counters, and %s is a gauge: %[1]s takes every fall for a reset", name, in.family.Name)
	case slices.Contains(forGauges, name) && in.counter:
		w.report(finding.WrongFunction, w.find(name, pos), counterTwin(name), "%s is for gauges, and %s is a %s: a reset looks like a fall", name, in.family.Name, in.family.Type)
	}
}

func gaugeTwin(name string) string {
	return map[string]string{"rate": "deriv", "irate": "idelta", "increase": "delta"}[name]
}

func counterTwin(name string) string {
	return map[string]string{"deriv": "rate", "idelta": "irate", "delta": "increase"}[name]
}

// computed returns the type of a function's result.
func (w *walk) computed(n *parser.Call, args []Type, in Type) Type {
	out := Type{
		Labels: in.Labels, origin: in.origin, Range: anything(), conditional: in.conditional, constant: in.constant, family: in.family,
		buckets: in.buckets, native: in.native, scraped: in.scraped, Scalar: len(args) > 0 && n.Func.ReturnType == parser.ValueTypeScalar,
	}
	same := func() {
		out.Range, out.Unit, out.idle, out.spoiled, out.by = in.Range, in.Unit, in.idle, in.spoiled, in.by
		out.rated, out.quantile = in.rated, in.quantile
	}
	switch n.Func.Name {
	case "rate", "irate":
		out.Unit, out.Range, out.idle, out.rated = perSecond(in.Unit), Range{Lo: 0, Hi: math.Inf(1)}, true, true
	case "increase":
		out.Unit, out.Range, out.idle, out.rated = in.Unit, Range{Lo: 0, Hi: math.Inf(1)}, true, true
	case "delta", "idelta", "predict_linear":
		out.Unit = in.Unit
	case "deriv":
		out.Unit = perSecond(in.Unit)
	case "changes", "resets":
		out.Range = atLeast(0)
	case "count_over_time":
		out.Range = atLeast(1)
	case "present_over_time":
		out.Range = between(1, 1)
	case "avg_over_time", "sum_over_time", "stddev_over_time", "stdvar_over_time":
		same()
		out.spoiled, out.Range = false, w.overTime(n, in)
	case "min_over_time", "max_over_time", "last_over_time", "first_over_time", "quantile_over_time":
		same()
		out.counter = in.counter && n.Func.Name != "quantile_over_time"
		out.sampled, out.summed = in.sampled && out.counter, in.summed && n.Func.Name != "quantile_over_time"
	case "abs":
		same()
		out.Range = Range{Lo: 0, Hi: math.Inf(1), NaN: in.Range.NaN}
	case "ceil":
		same()
		out.Range = in.Range.shift(math.Ceil)
	case "floor":
		same()
		out.Range = in.Range.shift(math.Floor)
	case "round":
		same()
		out.Range = anything()
		if len(args) == 1 {
			out.Range = in.Range.shift(func(v float64) float64 { return math.Floor(v + 0.5) })
		}
	case "clamp_min", "clamp_max":
		same()
		out.Range = anything()
		if len(args) > 1 && args[1].Range.single() {
			out.Range = in.Range.clamp(n.Func.Name, args[1].Range.Lo)
			out.idle = in.idle && (n.Func.Name == "clamp_max" || args[1].Range.Lo <= 0)
		}
	case "sgn":
		out.Range = Range{Lo: -1, Hi: 1, NaN: true}
	case "sqrt", "exp":
		out.Range = Range{Lo: 0, Hi: math.Inf(1), NaN: true}
	case "timestamp":
		out.Unit, out.Range = metrics.Timestamp, atLeast(0)
	}
	return out
}

// overTime returns the range of a sum, mean or deviation of values over a
// window. It reports a result that becomes NaN because a quotient has no
// traffic.
func (w *walk) overTime(n *parser.Call, in Type) Range {
	if in.spoiled && in.by != nil {
		w.report(finding.NoTraffic, in.by.PositionRange(), "",
			"0 while nothing happens, so the quotient is not a number, and with one such moment neither is %s", n.Func.Name)
	}
	switch {
	case n.Func.Name == "avg_over_time":
		return in.Range
	case n.Func.Name != "sum_over_time":
		return Range{Lo: 0, Hi: math.Inf(1), NaN: true}
	case in.Range.Lo >= 0:
		return Range{Lo: in.Range.Lo, Hi: math.Inf(1), NaN: in.Range.NaN}
	}
	return anything()
}

// absent returns the type of absent's result, which exists if its argument is
// empty. Its labels are those in the selector's "=" matchers.
func (w *walk) absent(n *parser.Call, in Type) Type {
	out := Type{Labels: Labels{}.clone(), Range: between(1, 1), conditional: true, origin: in.origin}
	arg := unparen(n.Args[0])
	if m, ok := arg.(*parser.MatrixSelector); ok {
		arg = m.VectorSelector
	}
	switch a := arg.(type) {
	case *parser.VectorSelector:
		own := 0
		for _, m := range a.LabelMatchers {
			if m.Name != model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value != "" {
				own++
				out.Labels = out.Labels.set(m.Name, m.Value)
				if strings.Contains(m.Value, anyValue) {
					out.Labels = out.Labels.set(m.Name, "")
				}
			}
		}
		w.bareAbsent(n, in, own)
	case *parser.AggregateExpr:
		if len(a.Grouping) > 0 && !a.Without {
			w.report(finding.BareAbsent, n.PositionRange(), "", "the result of %s has no labels here: by (%s) has no effect, and it fires only when every group is gone",
				n.Func.Name, strings.Join(a.Grouping, ", "))
		}
	}
	return out
}

// bareAbsent reports absent() on all series of a metric with a series per
// target: it fires only if all are missing.
func (w *walk) bareAbsent(n *parser.Call, in Type, own int) {
	if own > 0 || in.family == nil || !w.opts.ClosedLabels {
		return
	}
	var parts []string
	for _, l := range in.family.Labels {
		if l.Name != model.JobLabel && l.Name != model.InstanceLabel && !l.Optional {
			parts = append(parts, l.Name)
		}
	}
	if len(parts) > 0 {
		w.report(finding.BareAbsent, n.PositionRange(), "", "it fires only if %s is missing for every %s, and its result has no labels: select one with \"=\"",
			in.family.Name, strings.Join(parts, ", "))
	}
}

// histogram checks the functions of histograms.
func (w *walk) histogram(n *parser.Call, args []Type, in Type) Type {
	out := Type{Labels: in.Labels, origin: in.origin, Range: anything(), conditional: in.conditional, family: in.family, scraped: in.scraped}
	if n.Func.Name != "histogram_quantile" && n.Func.Name != "histogram_fraction" {
		return out
	}
	fn := n.Func.Name
	if fn == "histogram_fraction" {
		out.Range = Range{Lo: 0, Hi: 1, NaN: true}
	}
	classic := in.family != nil && in.family.Buckets != nil && !in.native || in.buckets
	switch {
	case in.native: // native histograms have no label le
	case !in.Labels.Can(model.BucketLabel) && (classic || in.origin.Can(model.BucketLabel) && namesBuckets(n)):
		w.report(finding.NotBuckets, n.PositionRange(), "", "%s needs the label \"le\", which the expression below it dropped: add it to by (…)", fn)
	case in.family != nil && !in.buckets && (in.family.Type != metrics.Histogram || in.family.Buckets != nil) && in.family.Type != metrics.Untyped:
		w.report(finding.NotBuckets, n.PositionRange(), suggest.Nearest(in.family.Name+"_bucket", in.family.Series()),
			"%s needs the buckets of a histogram, and this is the %s %s", fn, in.family.Type, in.family.Name)
	}
	out.Labels = in.Labels.without([]string{model.BucketLabel})
	out.quantile = fn == "histogram_quantile"
	if fn == "histogram_quantile" && in.family != nil {
		out.Unit = unitOf(*in.family)
		if b := in.family.Buckets; in.buckets && len(b) > 0 && b[0] > 0 {
			top := b[len(b)-1]
			if math.IsInf(top, 1) && len(b) > 1 {
				top = b[len(b)-2]
			}
			out.Range = Range{Lo: 0, Hi: top, NaN: true}
		}
	}
	return out
}

// namesBuckets reports whether a selector below selects buckets by name.
func namesBuckets(n parser.Node) bool {
	found := false
	parser.Inspect(n, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok && strings.HasSuffix(v.Name, "_bucket") {
			found = true
		}
		return nil
	})
	return found
}

func unparen(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}
