package promcheck

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/constant"
	"github.com/alertnative/preflight/internal/lint/measure"
	"github.com/alertnative/preflight/metrics"
)

// Numbers holds the numbers of an alert's expression, which its texts may
// contain.
type Numbers struct {
	timing    metrics.Timing
	values    []float64 // constants, and numbers in matchers and names
	reached   []float64 // first integers that satisfy a strict comparison: 3 for "> 2"
	strict    []float64 // integer bounds that do not satisfy the comparison: 2 for "> 2"
	excluded  []float64 // last integers that do not satisfy a non-strict one: 2 for ">= 3"
	quantiles []float64
	windows   []time.Duration // including offsets and steps
	waits     []time.Duration // waits of the alert, and other durations outside the expressions
	factors   []float64       // conversion factors: 3600 in "age_seconds / 3600"
	rates     bool            // values are per second
	seconds   bool            // times are in seconds; otherwise the unit is unknown
	ranges    bool            // a function needs two samples
	times     bool            // every comparison is with a time
	runs      bool            // windows and waits are in runs
	panel     bool            // numbers of a panel, whose description is no template
}

// Numbers returns the numbers of expressions: constants, windows, offsets, and
// numbers in matchers and names. An expression that does not parse has none.
func (c *Checker) Numbers(exprs ...string) Numbers {
	n := Numbers{timing: c.opts.Timing}
	var compare, times int
	for _, expr := range exprs {
		tree, err := c.parser.ParseExpr(expr)
		if err != nil {
			continue
		}
		n.collect(tree)
		if compares, time := c.comparesTime(tree); compares {
			compare++
			times += btoi(time)
		}
	}
	n.times = compare > 0 && compare == times
	return n
}

// comparesTime reports whether an expression has a comparison with a constant,
// and whether one of these constants is a time.
func (c *Checker) comparesTime(tree parser.Expr) (compares, aTime bool) {
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		e, ok := node.(*parser.BinaryExpr)
		if !ok || !e.Op.IsComparisonOperator() {
			return nil
		}
		if _, ok := constant.Of(e.RHS); ok {
			t, _ := c.Expr("", e.LHS.String())
			compares, aTime = true, aTime || t.Unit == metrics.Seconds
		}
		return nil
	})
	return compares, aTime
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// With adds durations that texts may contain, such as the alert's For.
func (n Numbers) With(waits ...time.Duration) Numbers {
	n.waits = slices.Concat(n.waits, waits)
	return n
}

// InRuns returns the numbers for an alert with windows or waits in runs: its
// texts may count runs and intervals.
func (n Numbers) InRuns() Numbers {
	n.runs = true
	return n
}

// OfPanel returns the numbers of a panel: those of its queries and alerts, and
// its thresholds in the unit.
func (n Numbers) OfPanel(unit metrics.Unit, thresholds ...float64) Numbers {
	n.panel = true
	n.values = slices.Concat(n.values, thresholds)
	n.times = n.times || unit == metrics.Seconds && len(thresholds) > 0
	return n
}

func (n *Numbers) collect(tree parser.Expr) {
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch e := node.(type) {
		case *parser.MatrixSelector:
			n.windows, n.ranges = append(n.windows, e.Range), true
		case *parser.SubqueryExpr:
			n.windows, n.ranges = append(n.windows, e.Range, e.Step, e.OriginalOffset.Abs()), true
		case *parser.VectorSelector:
			n.windows = append(n.windows, e.OriginalOffset.Abs())
			n.selector(e)
		case *parser.BinaryExpr:
			n.comparison(e.Op, e.RHS)
			n.comparison(mirrored(e.Op), e.LHS)
			n.factor(e)
		case *parser.Call:
			n.seconds = n.seconds || e.Func.Name == "time"
			n.rates = n.rates || slices.Contains([]string{"rate", "irate", "deriv"}, e.Func.Name)
			if len(e.Args) > 0 && strings.Contains(e.Func.Name, "quantile") {
				n.quantile(e.Args[0])
			}
		case *parser.AggregateExpr:
			if e.Op == parser.QUANTILE {
				n.quantile(e.Param)
			}
		}
		if e, ok := node.(parser.Expr); ok {
			if v, ok := constant.Of(e); ok {
				n.values = append(n.values, math.Abs(v))
			}
		}
		return nil
	})
}

// factor records a constant that multiplies or divides the other side.
func (n *Numbers) factor(e *parser.BinaryExpr) {
	a, left := constant.Of(e.LHS)
	b, right := constant.Of(e.RHS)
	switch {
	case e.Op != parser.MUL && e.Op != parser.DIV || left == right:
	case left && a != 0:
		n.factors = append(n.factors, a)
	case right && b != 0:
		n.factors = append(n.factors, b)
	}
}

// converted returns the values, and the values before and after conversion by a
// factor.
func (n Numbers) converted() []float64 {
	out := slices.Clone(n.values)
	for _, v := range n.values {
		for _, f := range n.factors {
			out = append(out, v*f, v/f)
		}
	}
	return out
}

// comparison records the integers next to the bound of a comparison.
func (n *Numbers) comparison(op parser.ItemType, bound parser.Expr) {
	v, ok := constant.Of(bound)
	if !ok || v != math.Trunc(v) {
		return
	}
	switch op {
	case parser.GTR:
		n.reached, n.strict = append(n.reached, v+1), append(n.strict, v)
	case parser.LSS:
		n.reached = append(n.reached, v-1)
	case parser.GTE:
		n.excluded = append(n.excluded, v-1)
	case parser.LTE:
		n.excluded = append(n.excluded, v+1)
	}
}

func (n *Numbers) quantile(e parser.Expr) {
	if v, ok := constant.Of(e); ok {
		n.quantiles = append(n.quantiles, v)
	}
}

// inName matches numbers in a name: job:errors:rate5m, node_load15.
var inName = regexp.MustCompile(`([0-9]+)(ms|s|m|h|d|w)?`)

// inSeconds matches the names of metrics in seconds.
var inSeconds = regexp.MustCompile(`(^|_)seconds`)

// selector records the numbers in a selector's matchers, {le="0.5"}, and name.
func (n *Numbers) selector(v *parser.VectorSelector) {
	for _, m := range v.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			n.seconds = n.seconds || inSeconds.MatchString(m.Value)
			for _, found := range inName.FindAllStringSubmatch(m.Value, -1) {
				value, _ := strconv.ParseFloat(found[1], 64)
				n.values = append(n.values, value)
				if unit, ok := measure.Seconds(found[2]); ok {
					n.windows = append(n.windows, time.Duration(value*unit*float64(time.Second)))
				}
			}
			continue
		}
		for _, text := range append(m.SetMatches(), m.Value) {
			if value, err := strconv.ParseFloat(text, 64); err == nil {
				n.values = append(n.values, value)
			}
		}
	}
}
