package promcheck

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/metrics"
)

// anyValue stands for a label value that is only known when a template is
// expanded; it is not looked up.
const anyValue = "\uFFFC"

// Checker checks texts against a catalogue.
type Checker struct {
	catalogue metrics.Catalogue
	parser    parser.Parser
}

// New returns a checker for that catalogue.
func New(c metrics.Catalogue) *Checker {
	return &Checker{catalogue: c, parser: parser.NewParser(parser.Options{})}
}

// Expr parses a PromQL expression and looks up every metric, label and label
// value in it. Where names the definition it belongs to.
func (c *Checker) Expr(where, expr string) []Finding {
	tree, err := c.parser.ParseExpr(expr)
	if err != nil {
		return syntaxFindings(where, expr, err)
	}
	w := &walk{Checker: c, where: where, expr: expr}
	w.visit(tree)
	return w.findings
}

// Series checks an input series of promtool's tests: metric{label="value"} and
// its values.
func (c *Checker) Series(where, series, values string) []Finding {
	findings := c.Expr(where, series)
	if len(findings) > 0 {
		return findings
	}
	text := series + " " + values
	if _, _, err := c.parser.ParseSeriesDesc(text); err != nil {
		return syntaxFindings(where, text, err)
	}
	return nil
}

func syntaxFindings(where, expr string, err error) []Finding {
	var errs parser.ParseErrors
	if !errors.As(err, &errs) {
		return []Finding{{Code: Syntax, Where: where, Expr: expr, Reason: err.Error()}}
	}
	var out []Finding
	for _, e := range errs {
		out = append(out, Finding{Code: Syntax, Where: where, Expr: expr, Pos: e.PositionRange, Reason: e.Err.Error()})
	}
	return out
}

// walk goes through one expression.
type walk struct {
	*Checker
	where, expr string
	findings    []Finding
}

func (w *walk) report(code Code, pos posrange.PositionRange, suggestion, format string, args ...any) {
	w.findings = append(w.findings, Finding{
		Code: code, Where: w.where, Expr: w.expr, Pos: pos,
		Reason: fmt.Sprintf(format, args...), Suggestion: suggestion,
	})
}

// visit checks a node and those below it, and returns the labels that its
// result can have.
func (w *walk) visit(node parser.Node) labelSet {
	switch n := node.(type) {
	case *parser.VectorSelector:
		return w.selector(n)
	case *parser.AggregateExpr:
		return w.aggregate(n)
	case *parser.BinaryExpr:
		return w.binary(n)
	case *parser.Call:
		return w.call(n)
	}
	result := labelSet{}
	for child := range parser.ChildrenIter(node) {
		result.add(w.visit(child))
	}
	return result
}

func (w *walk) aggregate(n *parser.AggregateExpr) labelSet {
	if n.Param != nil {
		w.visit(n.Param)
	}
	inner := w.visit(n.Expr)
	w.known(n.Grouping, inner, n.PosRange, "grouped by")
	return inner
}

func (w *walk) binary(n *parser.BinaryExpr) labelSet {
	left, right := w.visit(n.LHS), w.visit(n.RHS)
	if m := n.VectorMatching; m != nil {
		both := labelSet{}
		both.add(left)
		both.add(right)
		w.known(m.MatchingLabels, both, n.PositionRange(), "matched on")
		w.known(m.Include, both, n.PositionRange(), "included by group_left or group_right")
	}
	left.add(right)
	return left
}

func (w *walk) call(n *parser.Call) labelSet {
	result := labelSet{}
	for _, arg := range n.Args {
		result.add(w.visit(arg))
	}
	switch n.Func.Name {
	case "label_replace", "label_join":
		if dst, ok := n.Args[1].(*parser.StringLiteral); ok {
			result[dst.Val] = true
		}
	}
	return result
}

// known reports the labels of a clause that no series of its operand has.
func (w *walk) known(names []string, have labelSet, pos posrange.PositionRange, clause string) {
	if have.open() {
		return
	}
	for _, name := range names {
		if have[name] {
			continue
		}
		w.report(UnknownLabel, w.find(name, pos), nearest(name, have.names()),
			"%s %q, which none of the metrics here has (they have %s)", clause, name, strings.Join(have.names(), ", "))
	}
}

// selector looks up the metric of a selector, its labels and their values.
func (w *walk) selector(n *parser.VectorSelector) labelSet {
	name := n.Name
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			name = m.Value
		}
	}
	if name == "" {
		return openSet() // {job="x"}: any metric
	}
	desc, ok := w.catalogue.Series(name)
	if !ok {
		w.unknownMetric(name, n.PosRange)
		return openSet()
	}
	set := labelSet{}
	for _, l := range desc.SeriesLabels(name) {
		set[l] = true
	}
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel {
			continue
		}
		if !set[m.Name] {
			w.report(UnknownLabel, w.find(m.Name, n.PosRange), nearest(m.Name, set.names()),
				"%s has no label %q (it has %s)", name, m.Name, strings.Join(set.names(), ", "))
			continue
		}
		w.value(desc, m, n.PosRange)
	}
	return set
}

func (w *walk) unknownMetric(name string, pos posrange.PositionRange) {
	if family, ok := w.catalogue.Family(name); ok {
		w.report(UnknownMetric, w.find(name, pos), nearest(name, family.Series()),
			"%s is a %s: its series are %s", name, family.Type, strings.Join(family.Series(), ", "))
		return
	}
	w.report(UnknownMetric, w.find(name, pos), nearest(name, w.catalogue.SeriesNames()), "no metric %q in the catalogue", name)
}

// value looks up what a matcher asks for in the label's closed set.
func (w *walk) value(desc metrics.Desc, m *labels.Matcher, pos posrange.PositionRange) {
	label, _ := desc.Label(m.Name)
	if label.Values == nil {
		return
	}
	asked := []string{m.Value}
	if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
		asked = m.SetMatches()
		if len(asked) == 0 {
			w.pattern(desc, label, m, pos)
			return
		}
	}
	for _, v := range asked {
		if v == "" || strings.Contains(v, anyValue) || slices.Contains(label.Values, v) {
			continue
		}
		w.report(UnknownValue, w.find(v, pos), nearest(v, label.Values),
			"label %q of %s is never %q (it is one of %s)", m.Name, desc.Name, v, quoted(label.Values))
	}
}

// pattern reports a regular expression that matches no value at all.
func (w *walk) pattern(desc metrics.Desc, label metrics.Label, m *labels.Matcher, pos posrange.PositionRange) {
	if strings.Contains(m.Value, anyValue) || strings.Contains(m.Value, "$") {
		return
	}
	matches := func(v string) bool { return m.Matches(v) == (m.Type == labels.MatchRegexp) }
	if !slices.ContainsFunc(append([]string{""}, label.Values...), matches) {
		w.report(UnknownValue, w.find(m.Value, pos), "",
			"no value of label %q of %s matches %q (it is one of %s)", m.Name, desc.Name, m.Value, quoted(label.Values))
	}
}

// find narrows a range to the first place where text stands in it.
func (w *walk) find(text string, pos posrange.PositionRange) posrange.PositionRange {
	start, end := int(pos.Start), min(int(pos.End), len(w.expr))
	if start < 0 || start >= end {
		return pos
	}
	i := strings.Index(w.expr[start:end], text)
	if i < 0 {
		return pos
	}
	return posrange.PositionRange{Start: posrange.Pos(start + i), End: posrange.Pos(start + i + len(text))}
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, ", ")
}

// labelSet is a set of label names. With "*" in it, it can hold any.
type labelSet map[string]bool

func openSet() labelSet       { return labelSet{"*": true} }
func (s labelSet) open() bool { return s["*"] }
func (s labelSet) add(o labelSet) {
	for name := range o {
		s[name] = true
	}
}

func (s labelSet) names() []string {
	var names []string
	for name := range s {
		if name != "*" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
