package promcheck

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
)

// Numbers are the numbers of an alert's expression, which its texts can name.
type Numbers struct {
	values    []float64 // constants, and numbers in matchers and names
	reached   []float64 // the first whole values that fulfil a strict comparison: 3 of "> 2"
	excluded  []float64 // the last whole values that do not fulfil another one: 2 of ">= 3"
	quantiles []float64
	durations []time.Duration
	factors   []float64 // that convert values: 3600 of "age_seconds / 3600"
	rates     bool      // values are per second
	seconds   bool      // times are in seconds; else they can be in any unit
}

// Numbers collects the numbers of expressions: constants, windows, offsets, and
// numbers in matchers and names. An expression that does not parse has none.
func (c *Checker) Numbers(exprs ...string) Numbers {
	var n Numbers
	for _, expr := range exprs {
		if tree, err := c.parser.ParseExpr(expr); err == nil {
			n.collect(tree)
		}
	}
	return n
}

// With adds durations that texts can name too, the alert's For above all.
func (n Numbers) With(durations ...time.Duration) Numbers {
	n.durations = slices.Concat(n.durations, durations)
	return n
}

func (n *Numbers) collect(tree parser.Expr) {
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch e := node.(type) {
		case *parser.MatrixSelector:
			n.durations = append(n.durations, e.Range)
		case *parser.SubqueryExpr:
			n.durations = append(n.durations, e.Range, e.Step, e.OriginalOffset.Abs())
		case *parser.VectorSelector:
			n.durations = append(n.durations, e.OriginalOffset.Abs())
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
		n.reached = append(n.reached, v+1)
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
				if unit, ok := timeUnits[found[2]]; ok {
					n.durations = append(n.durations, time.Duration(value*unit*float64(time.Second)))
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

// Check reports the numbers of a text that the expression does not have, in any
// unit: 0.5 is 500 ms and 50 %. Numbers in names, code, addresses and templates'
// actions are not looked at.
func (n Numbers) Check(where, part, text string) []finding.Finding {
	var out []finding.Finding
	for _, w := range written(text) {
		if n.has(w) {
			continue
		}
		out = append(out, finding.Finding{
			Code: finding.OtherNumber, Where: where, Part: part, Text: text, From: w.from, To: w.to,
			Reason: fmt.Sprintf("the expression does not have %s (it has %s): write {{ $threshold }}, {{ $window }} or {{ $for }}", text[w.from:w.to], n),
		})
	}
	return out
}

// String lists the numbers.
func (n Numbers) String() string {
	var out []string
	values := slices.Clone(n.values)
	slices.Sort(values)
	for _, v := range slices.Compact(values) {
		out = append(out, strconv.FormatFloat(v, 'g', -1, 64))
	}
	durations := slices.DeleteFunc(slices.Clone(n.durations), func(d time.Duration) bool { return d == 0 })
	slices.Sort(durations)
	for _, d := range slices.Compact(durations) {
		out = append(out, duration(d))
	}
	return listed(out)
}

// has reports whether the expression has the number that a text names.
func (n Numbers) has(w number) bool {
	switch w.unit.kind {
	case aTime:
		return n.hasTime(w)
	case ofBytes:
		return slices.ContainsFunc(w.unit.factors, func(f float64) bool { return near(w, f, n.converted()) }) ||
			n.factors != nil && near(w, 1, n.values)
	case percent:
		return w.value == 0 || w.value == 100 || near(w, 0.01, shares(n.values, 1)) || near(w, 1, shares(n.values, 100)) ||
			n.rates && !n.seconds && near(w, 10, n.values) // milliseconds a second
	case percentile:
		return near(w, w.unit.factors[0], n.quantiles)
	}
	if near(w, 1, n.values) || near(w, 0.01, shares(n.values, 1)) {
		return true
	}
	if n.rates && (near(w, 1./60, n.values) || near(w, 1./3600, n.values)) { // so many a minute
		return true
	}
	if w.compared && slices.Contains(n.excluded, w.value) || !w.compared && slices.Contains(n.reached, w.value) {
		return true
	}
	return slices.ContainsFunc(n.values, func(v float64) bool { // one in twenty
		return v > 0 && v < 1 && near(w, 1, []float64{1 / v, 1 / (1 - v)})
	})
}

// hasTime compares with durations, and with constants in seconds.
func (n Numbers) hasTime(w number) bool {
	var seconds []float64
	for _, d := range n.durations {
		if d > 0 {
			seconds = append(seconds, d.Seconds())
		}
	}
	factor := w.unit.factors[0]
	if near(w, factor, seconds) || near(w, factor, n.converted()) || n.factors != nil && near(w, 1, n.values) {
		return true
	}
	return !n.seconds && (near(w, 1, n.values) || near(w, 1000*factor, n.values)) // or in milliseconds
}

// shares returns values with what they leave of a whole: 0.95 leaves 5 %.
func shares(values []float64, whole float64) []float64 {
	out := slices.Clone(values)
	for _, v := range values {
		if v > 0 && v < whole {
			out = append(out, whole-v)
		}
	}
	return out
}

// near reports whether a number in a unit is one of the values, as far as it is
// written out: 14 % stands for 0.144.
func near(w number, factor float64, values []float64) bool {
	for _, v := range values {
		exact := v / factor
		diff := math.Abs(w.value - exact)
		if diff <= 1e-9*math.Abs(exact) || diff <= w.precision/2 && diff <= 0.03*math.Abs(exact) {
			return true
		}
	}
	return false
}
