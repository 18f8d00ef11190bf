// Package promcheck checks PromQL and the templates of alerts against a
// catalogue of metrics, without a Prometheus.
//
// For each part of an expression a [Checker] infers the type of the metric, its
// unit, its range, and the labels that the result can and must have. It reports
// contradictions as findings; docs/reference/findings.md explains each. Correct
// input gives no findings.
package promcheck

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/metrics"
)

// anyValue replaces a label value that is known only when a template is
// expanded. It is not looked up.
const anyValue = "\uFFFC"

// Options are assumptions of the checker.
type Options struct {
	// Complete means that the catalogue holds every metric. Without it, an
	// unknown metric is reported only if it resembles a known one, because the
	// metrics of an exporter depend on its host.
	Complete bool
	// ClosedLabels means that the series have only the labels in the catalogue.
	ClosedLabels bool
	// Timing holds the intervals of the site. Zero means unknown.
	Timing metrics.Timing
	// Intervals are the scrape intervals by job. A job without one, or with 0,
	// has Timing.Scrape.
	Intervals map[string]time.Duration
	// Jobs lists the jobs that scrape a program, by program.
	Jobs map[string][]string
	// ExternalLabels are the names of the labels that Prometheus adds to
	// alerts. Nil means any label.
	ExternalLabels []string
	// TargetLabels are the names of the labels from jobs and service discovery.
	// They are constant for a target, so job and instance still identify its
	// series without them.
	TargetLabels []string
}

// Checker checks expressions and texts. It is safe for concurrent use.
type Checker struct {
	catalogue metrics.Catalogue
	names     *suggest.Index // of all series
	recorded  *recorded
	opts      Options
	parser    parser.Parser
}

// New returns a checker for the catalogue.
func New(c metrics.Catalogue, o Options) *Checker {
	return &Checker{
		catalogue: c, names: suggest.NewIndex(c.SeriesNames()), recorded: newRecorded(), opts: o,
		parser: parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}),
	}
}

// Expr checks a PromQL expression and returns the type of its result. where
// names the definition in findings.
func (c *Checker) Expr(where, expr string) (Type, []finding.Finding) {
	_, t, findings := c.typeOf(where, "", expr)
	return t.public(), graded(findings)
}

// graded sets the severities that are not set.
func graded(findings []finding.Finding) []finding.Finding {
	for i, f := range findings {
		if f.Severity == "" {
			findings[i].Severity = f.Code.Severity()
		}
	}
	return findings
}

func (c *Checker) typeOf(where, part, expr string) (parser.Expr, Type, []finding.Finding) {
	tree, err := c.parser.ParseExpr(expr)
	if err != nil {
		return nil, unknown(), syntaxFindings(where, part, expr, err)
	}
	w := &walk{Checker: c, where: where, part: part, expr: expr}
	t := w.visit(tree)
	return tree, t, w.done(t)
}

// Series checks an input series of promtool's tests: metric{label="value"} and
// its values.
func (c *Checker) Series(where, series, values string) []finding.Finding {
	_, findings := c.Expr(where, series)
	if len(findings) > 0 {
		return findings
	}
	text := series + " " + values
	if _, _, err := c.parser.ParseSeriesDesc(text); err != nil {
		return syntaxFindings(where, "", text, err)
	}
	return nil
}

func syntaxFindings(where, part, expr string, err error) []finding.Finding {
	var errs parser.ParseErrors
	if !errors.As(err, &errs) {
		return []finding.Finding{{Code: finding.Syntax, Where: where, Part: part, Text: expr, Reason: err.Error()}}
	}
	var out []finding.Finding
	for _, e := range errs {
		out = append(out, finding.Finding{
			Code: finding.Syntax, Where: where, Part: part, Text: expr,
			From: int(e.PositionRange.Start), To: int(e.PositionRange.End), Reason: e.Err.Error(),
		})
	}
	return out
}

// walk checks one expression.
type walk struct {
	*Checker
	where, part, expr string
	findings          []finding.Finding
	always            []finding.Finding // comparisons that always hold
	guard             bool              // inside the right side of and or unless, which does not fire by itself
	histograms        bool              // inside a function of histograms
	records           bool              // the expression of a recording rule
	alerts            bool              // the expression of an alert
}

func (w *walk) report(code finding.Code, pos posrange.PositionRange, suggestion, format string, args ...any) {
	w.findings = append(w.findings, w.finding(code, pos, suggestion, format, args...))
}

func (w *walk) finding(code finding.Code, pos posrange.PositionRange, suggestion, format string, args ...any) finding.Finding {
	return finding.Finding{
		Code: code, Where: w.where, Part: w.part, Text: w.expr, From: int(pos.Start), To: int(pos.End),
		Reason: fmt.Sprintf(format, args...), Suggestion: suggestion,
	}
}

// visit checks a node and its children, and returns the type of its result.
func (w *walk) visit(node parser.Node) Type {
	switch n := node.(type) {
	case *parser.ParenExpr:
		return w.visit(n.Expr)
	case *parser.StepInvariantExpr:
		return w.visit(n.Expr)
	case *parser.NumberLiteral:
		return Type{Scalar: true, constant: true, Range: between(n.Val, n.Val)}
	case *parser.StringLiteral:
		return Type{Scalar: true, constant: true, Range: anything()}
	case *parser.UnaryExpr:
		t := w.visit(n.Expr)
		t.counter, t.family, t.buckets, t.sampled, t.summed = false, nil, false, false, false
		if n.Op == parser.SUB {
			t.Range = between(0, 0).arithmetic(parser.SUB, t.Range)
		}
		return t
	case *parser.VectorSelector:
		return w.selector(n)
	case *parser.MatrixSelector:
		return w.visit(n.VectorSelector)
	case *parser.SubqueryExpr:
		return w.subquery(n)
	case *parser.AggregateExpr:
		return w.aggregate(n)
	case *parser.BinaryExpr:
		return w.binary(n)
	case *parser.Call:
		return w.call(n)
	}
	return Type{Labels: openLabels(), origin: openLabels(), Range: anything()}
}

// subquery reports a subquery whose range holds at most one step.
func (w *walk) subquery(n *parser.SubqueryExpr) Type {
	step := n.Step
	if step == 0 && n.StepExpr == nil {
		step = w.opts.Timing.Evaluation
	}
	if n.Range > 0 && n.RangeExpr == nil && step > n.Range {
		w.report(finding.CoarseStep, n.PositionRange(), "", "the range of %s is shorter than one step of %s: it holds one value at most",
			duration(n.Range), duration(step))
	}
	return w.visit(n.Expr)
}

// find narrows a range to the first occurrence of text as a word.
func (w *walk) find(text string, pos posrange.PositionRange) posrange.PositionRange {
	start, end := max(int(pos.Start), 0), min(int(pos.End), len(w.expr))
	if start >= end || text == "" {
		return pos
	}
	for from := start; from < end; {
		i := strings.Index(w.expr[from:end], text)
		if i < 0 {
			return pos
		}
		at := from + i
		if !wordByte(w.expr, at-1) && !wordByte(w.expr, at+len(text)) {
			return posrange.PositionRange{Start: posrange.Pos(at), End: posrange.Pos(at + len(text))}
		}
		from = at + 1
	}
	return pos
}

func wordByte(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	b := s[i]
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
