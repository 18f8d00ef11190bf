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

	"github.com/alertnative/preflight/internal/lint/measure"
	"github.com/alertnative/preflight/metrics"
)

// Numbers are the numbers of an alert's expression, which its texts can name.
type Numbers struct {
	timing    metrics.Timing
	values    []float64 // constants, and numbers in matchers and names
	reached   []float64 // the first whole values that fulfil a strict comparison: 3 of "> 2"
	strict    []float64 // whole bounds that do not fulfil the comparison: 2 of "> 2"
	excluded  []float64 // the last whole values that do not fulfil another one: 2 of ">= 3"
	quantiles []float64
	windows   []time.Duration // and offsets and steps
	waits     []time.Duration // how long an alert waits, and other times beside the expressions
	factors   []float64       // that convert values: 3600 of "age_seconds / 3600"
	rates     bool            // values are per second
	seconds   bool            // times are in seconds; else they can be in any unit
	ranges    bool            // a function needs two samples
	times     bool            // every expression that compares does so with a time
	runs      bool            // windows and waits are given in runs
	panel     bool            // of a panel, whose description is no template
}

// Numbers collects the numbers of expressions: constants, windows, offsets, and
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

// comparesTime reports whether an expression compares something with a constant,
// and whether one of these constants is a time.
func (c *Checker) comparesTime(tree parser.Expr) (compares, aTime bool) {
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		e, ok := node.(*parser.BinaryExpr)
		if !ok || !e.Op.IsComparisonOperator() {
			return nil
		}
		if _, ok := constant(e.RHS); ok {
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

// With adds durations that texts can name too, the alert's For above all.
func (n Numbers) With(waits ...time.Duration) Numbers {
	n.waits = slices.Concat(n.waits, waits)
	return n
}

// InRuns returns the numbers for an alert whose windows or waits are given in
// runs of the checker: its texts count runs and intervals.
func (n Numbers) InRuns() Numbers {
	n.runs = true
	return n
}

// OfPanel returns the numbers of a panel: those of its queries and alerts, and
// its thresholds in that unit.
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
			if v, ok := constant(e); ok {
				n.values = append(n.values, math.Abs(v))
			}
		}
		return nil
	})
}

// factor notes a constant that the other side is multiplied with or divided by.
func (n *Numbers) factor(e *parser.BinaryExpr) {
	a, left := constant(e.LHS)
	b, right := constant(e.RHS)
	switch {
	case e.Op != parser.MUL && e.Op != parser.DIV || left == right:
	case left && a != 0:
		n.factors = append(n.factors, a)
	case right && b != 0:
		n.factors = append(n.factors, b)
	}
}

// converted returns the values, and what they are before and after a factor.
func (n Numbers) converted() []float64 {
	out := slices.Clone(n.values)
	for _, v := range n.values {
		for _, f := range n.factors {
			out = append(out, v*f, v/f)
		}
	}
	return out
}

// comparison notes the whole numbers beside the bound of a comparison.
func (n *Numbers) comparison(op parser.ItemType, bound parser.Expr) {
	v, ok := constant(bound)
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
	if v, ok := constant(e); ok {
		n.quantiles = append(n.quantiles, v)
	}
}

// inName are the numbers in a name: job:errors:rate5m, node_load15.
var inName = regexp.MustCompile(`([0-9]+)(ms|s|m|h|d|w)?`)

// inSeconds matches the names of metrics in seconds.
var inSeconds = regexp.MustCompile(`(^|_)seconds`)

// selector collects the numbers of a selector's matchers, {le="0.5"}, and name.
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

// constant computes an expression of numbers alone.
func constant(e parser.Expr) (float64, bool) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.ParenExpr:
		return constant(e.Expr)
	case *parser.StepInvariantExpr:
		return constant(e.Expr)
	case *parser.UnaryExpr:
		v, ok := constant(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		a, ok1 := constant(e.LHS)
		b, ok2 := constant(e.RHS)
		if !ok1 || !ok2 {
			return 0, false
		}
		switch e.Op {
		case parser.ADD:
			return a + b, true
		case parser.SUB:
			return a - b, true
		case parser.MUL:
			return a * b, true
		case parser.DIV:
			return a / b, true
		case parser.POW:
			return math.Pow(a, b), true
		}
	}
	return 0, false
}
