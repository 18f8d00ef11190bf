package codegen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/rules"
)

// shown says which units a panel's unit can show.
var shown = map[dashgen.Unit]metrics.Unit{
	dashgen.Seconds: metrics.Seconds, dashgen.BytesPerSecond: promcheck.PerSecond, dashgen.Percent: metrics.Ratio,
	dashgen.Plain: metrics.None, dashgen.Count: metrics.None,
}

// dashboardFindings checks the expressions of a dashboard, the labels that its
// legends and columns need, and the units of its panels.
func dashboardFindings(c *promcheck.Checker, t metrics.Timing, d dashgen.Dashboard) []finding.Finding {
	var out []finding.Finding
	for _, q := range d.Queries(t) {
		typ, found := c.Type(q.Where, q.Expr)
		out = append(out, found...)
		if slices.ContainsFunc(found, func(f finding.Finding) bool { return f.Code == finding.Syntax }) {
			continue
		}
		for _, name := range q.Labels {
			if !typ.Labels.Can(name) {
				out = append(out, finding.Finding{
					Code: finding.NotInResult, Where: q.Where, Suggestion: suggest.Nearest(name, typ.Labels.Names()),
					Reason: fmt.Sprintf("shows the label %q, which is not in the result (it has %s)", name, strings.Join(typ.Labels.Names(), ", ")),
				})
			}
		}
		if unit, ok := shown[q.Unit]; ok && clashes(unit, typ.Unit) {
			out = append(out, finding.Finding{
				Code: finding.OtherUnit, Where: q.Where,
				Reason: fmt.Sprintf("is in %s, and the panel shows it as %q", strings.ReplaceAll(string(typ.Unit), "_", " "), q.Unit),
			})
		}
	}
	return out
}

// clashes says whether values of that unit are shown as something else. What
// has no known unit can be anything.
func clashes(panel, unit metrics.Unit) bool {
	switch unit {
	case metrics.Seconds, metrics.Bytes, promcheck.PerSecond, metrics.Timestamp:
		return panel != unit
	}
	return false
}

// thresholdFindings reports alerts that fire at another value than the one at
// which their panel changes its colour.
func (p Pack) thresholdFindings(c *promcheck.Checker, ctx rules.Context) []finding.Finding {
	var out []finding.Finding
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			panel, ok := p.panel(a.Dashboard, a.Panel)
			if !ok || len(panel.Thresholds) == 0 {
				continue
			}
			plain := a
			plain.HoldWhileDown = ""
			for _, expr := range ctx.Exprs(g, plain) {
				value, ok := threshold(expr)
				if !ok || !p.sameMetric(c, expr, panel) {
					continue
				}
				var bounds []float64
				for _, t := range panel.Thresholds {
					bounds = append(bounds, t.Bound(p.Timing))
				}
				if !slices.Contains(bounds, value) {
					out = append(out, finding.Finding{
						Code: finding.OtherThreshold, Where: fmt.Sprintf("alert %q", a.Name), Part: "expr", Text: expr,
						Reason: fmt.Sprintf("fires at %v, and its panel %d %q changes its colour at %v", value, panel.ID, panel.Title, bounds),
					})
				}
			}
		}
	}
	return out
}

// threshold is the number that an expression is compared with at its top.
func threshold(expr string) (float64, bool) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return 0, false
	}
	n, ok := tree.(*parser.BinaryExpr)
	if !ok || n.Op != parser.GTR && n.Op != parser.GTE && n.Op != parser.LSS && n.Op != parser.LTE {
		return 0, false
	}
	number, ok := n.RHS.(*parser.NumberLiteral)
	if !ok {
		return 0, false
	}
	return number.Val, true
}

// sameMetric says whether an alert and a panel are about the same metric, in
// the same unit.
func (p Pack) sameMetric(c *promcheck.Checker, expr string, panel dashgen.Panel) bool {
	mine := c.Metrics(expr)
	for _, target := range panel.Targets {
		for name := range c.Metrics(p.Timing.Expand(strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))) {
			t, _ := c.Type("", expr)
			if mine[name] && shown[panel.Unit] == t.Unit {
				return true
			}
		}
	}
	return false
}

// unusedFindings reports the pack's own metrics that no rule, text or panel
// reads.
func (p Pack) unusedFindings(c *promcheck.Checker, ctx rules.Context) []finding.Finding {
	used := p.readers(c, ctx)
	var out []finding.Finding
	for _, d := range p.Metrics {
		if len(used[d.Name]) == 0 {
			out = append(out, finding.Finding{
				Code: finding.UnusedMetric, Where: fmt.Sprintf("metric %q", d.Name), Reason: "no rule, text or panel reads it",
			})
		}
	}
	return out
}

// readers returns for each metric the definitions that read it.
func (p Pack) readers(c *promcheck.Checker, ctx rules.Context) map[string][]reader {
	used := map[string][]reader{}
	add := func(r reader, expr string) {
		for name := range c.Metrics(expr) {
			if !slices.Contains(used[name], r) {
				used[name] = append(used[name], r)
			}
		}
	}
	for _, g := range p.Groups {
		for _, r := range g.Records {
			add(reader{record: r.Name}, p.Timing.Expand(r.Expr))
		}
		for _, a := range g.Alerts {
			for _, expr := range ctx.Exprs(g, a) {
				add(reader{alert: a.Name}, expr)
			}
			annotations := a.Annotations(p.Timing, ctx.Links)
			for _, name := range slices.Sorted(maps.Keys(annotations)) {
				for _, q := range c.TemplateQueries(annotations[name]) {
					add(reader{alert: a.Name}, q)
				}
			}
		}
	}
	for _, d := range p.Dashboards {
		for _, q := range d.Queries(p.Timing) {
			add(reader{dashboard: d.UID, panel: q.Panel}, q.Expr)
		}
	}
	return used
}

// reader is a definition that reads a metric.
type reader struct {
	alert, record, dashboard string
	panel                    int
}
