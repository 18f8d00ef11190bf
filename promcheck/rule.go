package promcheck

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/metrics"
)

// Rule is an alerting or recording rule as Prometheus reads it.
type Rule struct {
	Where         string // `alert "X"`
	File          string // "" if unknown
	Alert, Record string // name; one of them is set
	Expr          string
	Labels        map[string]string
	Annotations   map[string]string
	For           time.Duration
	Interval      time.Duration // evaluation interval; 0: unknown
	Vmalert       bool          // vmalert expands the texts, not Prometheus

	tree parser.Expr // parsed Expr
	err  error
}

// Parse parses the expression once for all checks of the rule.
func (c *Checker) Parse(r *Rule) {
	if r.tree == nil && r.err == nil {
		r.tree, r.err = c.parser.ParseExpr(r.Expr)
	}
}

// Err returns the error of parsing the expression.
func (r *Rule) Err() error { return r.err }

// Result returns the type of a rule's result.
func (c *Checker) Result(r *Rule) Type {
	_, t, _ := c.typeOfRule(r)
	return r.result(t).public()
}

func (c *Checker) typeOfRule(r *Rule) (parser.Expr, Type, []finding.Finding) {
	c.Parse(r)
	if r.err != nil {
		return nil, unknown(), syntaxFindings(r.Where, "expr", r.Expr, r.err)
	}
	w := &walk{Checker: c, where: r.Where, part: "expr", expr: r.Expr, records: r.Record != "", alerts: r.Alert != ""}
	t := w.visit(r.tree)
	return r.tree, t, w.done(t)
}

// Rule checks a rule and returns the type of its result.
func (c *Checker) Rule(r *Rule) (Type, []finding.Finding) {
	tree, t, findings := c.typeOfRule(r)
	if tree == nil {
		return t.public(), graded(findings)
	}
	if r.Alert != "" {
		findings = append(findings, c.condition(r, tree, t, findings)...)
		findings = append(findings, c.wait(r, tree)...)
		findings = append(findings, c.brief(r, tree)...)
	}
	findings = append(findings, c.clobbered(r, t)...)
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		findings = append(findings, c.text(r, fmt.Sprintf("label %q", name), r.Labels[name], t.Labels)...)
		findings = append(findings, movingLabel(r, name)...)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Annotations)) {
		part := fmt.Sprintf("annotation %q", name)
		findings = append(findings, c.text(r, part, r.Annotations[name], t.Labels)...)
		if r.Alert != "" {
			findings = append(findings, wrongScale(r.Where, part, r.Annotations[name], tree, t)...)
		}
	}
	return r.result(t).public(), graded(findings)
}

// result adds the rule's labels to the type of the expression's result.
func (r *Rule) result(t Type) Type {
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		if v := r.Labels[name]; strings.Contains(v, "{{") {
			t.Labels = t.Labels.with(name)
		} else {
			t.Labels = t.Labels.set(name, v)
		}
	}
	t.origin, t.constant = t.Labels, false
	t.family, t.counter, t.scraped = r.family(t), t.counter && (t.sampled || t.summed), false
	t.idle, t.spoiled, t.by = false, false, nil
	return t
}

// family returns the metric that a recording rule makes of samples of a counter
// or gauge, or of sums of them. It is nil for any other result.
func (r *Rule) family(t Type) *metrics.Desc {
	if r.Record == "" || t.family == nil || !t.sampled && !t.summed || t.buckets || t.native || t.quantile {
		return nil
	}
	kind := t.family.Type
	switch {
	case t.counter:
		kind = metrics.Counter
	case kind != metrics.Gauge:
		return nil
	}
	return &metrics.Desc{Name: r.Record, Type: kind, Unit: metrics.None}
}

// condition reports an alert that fires whenever its series exist.
func (c *Checker) condition(r *Rule, tree parser.Expr, t Type, found []finding.Finding) []finding.Finding {
	if t.conditional || t.constant || slices.ContainsFunc(found, func(f finding.Finding) bool { return f.Code == finding.AlwaysFires }) {
		return nil
	}
	if !c.always(tree) {
		return nil
	}
	f := finding.Finding{
		Code: finding.AlwaysFires, Where: r.Where, Part: "expr", Text: r.Expr,
		From: int(tree.PositionRange().Start), To: int(tree.PositionRange().End),
		Reason: "no comparison: it fires for every existing series, whatever its value",
	}
	if _, plain := unparen(tree).(*parser.VectorSelector); plain && c.outside(tree) {
		f.Severity = finding.Warning // it may exist only in case of a problem
	}
	return []finding.Finding{f}
}

// always reports whether a part of the expression always has a result. A bare
// selector of an unknown metric does not count: the series may exist only in
// case of a problem, like a recorded condition or {state="down"} of an _info.
func (c *Checker) always(e parser.Expr) bool {
	e = unparen(e)
	if n, ok := e.(*parser.BinaryExpr); ok && n.Op == parser.LOR {
		return c.always(n.LHS) || c.always(n.RHS)
	}
	t := (&walk{Checker: c}).visit(e)
	if n, ok := e.(*parser.AggregateExpr); ok && n.Op == parser.GROUP && c.outside(n) {
		return false // group is for tests of presence
	}
	if v, ok := e.(*parser.VectorSelector); ok && t.family == nil {
		if _, recorded := c.recorded.get(v.Name); !recorded && (strings.Contains(v.Name, ":") || len(v.LabelMatchers) > 1) {
			return false
		}
	}
	return !t.conditional
}

// clobbered reports labels of a rule that overwrite the label that
// distinguishes its series.
func (c *Checker) clobbered(r *Rule, t Type) []finding.Finding {
	ofTargets := t.Labels.Can(model.JobLabel) && t.Labels.Can(model.InstanceLabel)
	var out []finding.Finding
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		value := r.Labels[name]
		if strings.Contains(value, "{{") || t.Labels.Open || !t.Labels.Can(name) || ofTargets && slices.Contains(c.opts.TargetLabels, name) {
			continue
		}
		if pinned := t.Labels.sure[name]; pinned != "" || len(t.Labels.Values(name)) == 1 {
			continue
		}
		out = append(out, finding.Finding{
			Code: finding.ClobberedLabel, Where: r.Where, Part: fmt.Sprintf("label %q", name), Text: value, To: len(value),
			Reason: fmt.Sprintf("overwrites the label that distinguishes the series of the result (%s): with several series the rule fails",
				strings.Join(t.Labels.Names(), ", ")),
		})
	}
	return out
}

// movingLabel reports a label of an alert whose value changes while the alert
// fires. Labels identify an alert, so each change makes a new one.
func movingLabel(r *Rule, name string) []finding.Finding {
	text := r.Labels[name]
	m, err := texts.Moves(text)
	if r.Alert == "" || err != nil { // an error is reported as BadTemplate
		return nil
	}
	f := finding.Finding{Code: finding.MovingLabel, Where: r.Where, Part: fmt.Sprintf("label %q", name), Text: text, To: len(text)}
	switch {
	case m.Shows:
		f.Reason = "its value changes while the alert fires: each change makes a new alert and restarts \"for\": use an annotation"
	case m.Tests && r.For > 0:
		f.Reason = fmt.Sprintf("depends on the value: when its condition changes, a new alert waits %s anew, and one that swings never fires: write one rule for each value of the label",
			duration(r.For))
	default:
		return nil
	}
	return []finding.Finding{f}
}
