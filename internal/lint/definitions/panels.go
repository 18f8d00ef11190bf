package definitions

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/suggest"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
)

// unitsShown maps the units of panels to units of metrics.
var unitsShown = map[dashgen.Unit]metrics.Unit{
	dashgen.Seconds: metrics.Seconds, dashgen.BytesPerSecond: promcheck.PerSecond, dashgen.Ratio: metrics.Ratio,
	dashgen.Plain: metrics.None, dashgen.Count: metrics.None, dashgen.Bytes: metrics.Bytes, dashgen.Percent: "percent",
}

// panels checks the dashboards.
func (c *Checked) panels() []finding.Finding {
	var out []finding.Finding
	for _, d := range c.Dashboards {
		out = append(out, d.Validate(c.Timing)...)
		out = append(out, c.queries(d)...)
	}
	out = append(out, c.panelNumbers()...)
	return slices.Concat(out, c.thresholds(), c.computations(), c.siblings(), c.mappings())
}

// queries checks the expressions of a dashboard, the labels for its legends and
// columns, and the units of its panels.
func (c *Checked) queries(d site.Dashboard) []finding.Finding {
	var out []finding.Finding
	for _, q := range d.Queries(c.Timing) {
		if q.Expr == "" {
			continue // another check reports it
		}
		typ, found := c.Checker.Expr(q.Where, q.Expr)
		out = append(out, slices.DeleteFunc(slices.Clone(found), c.knownOfAlert)...)
		if slices.ContainsFunc(found, func(f finding.Finding) bool { return f.Code == finding.Syntax }) {
			continue
		}
		for _, name := range q.Labels {
			if !typ.Labels.Can(name) {
				out = append(out, finding.Finding{
					Code: finding.NotInResult, Where: q.Where, Suggestion: suggest.Nearest(name, typ.Labels.Names()),
					Reason: fmt.Sprintf("shows the label %q, which is not in the result (it has %s)", name, cmp.Or(strings.Join(typ.Labels.Names(), ", "), "none")),
				})
			}
		}
		if unit, ok := unitsShown[q.Unit]; ok && clashes(unit, typ.Unit) {
			out = append(out, finding.Finding{
				Code: finding.OtherUnit, Where: q.Where,
				Reason: fmt.Sprintf("is in %s, and the panel shows it as %q", strings.ReplaceAll(string(typ.Unit), "_", " "), q.Unit),
			})
		}
		if q.Unit == dashgen.Count && perSecond(q.Expr) {
			out = append(out, finding.Finding{
				Code: finding.OtherUnit, Where: q.Where,
				Reason: "is a rate, per second, and the panel shows a count: use increase, or another unit",
			})
		}
	}
	return out
}

// perSecond reports whether the values of an expression are rates of events.
func perSecond(expr string) bool {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	for err == nil {
		switch n := e.(type) {
		case *parser.ParenExpr:
			e = n.Expr
		case *parser.AggregateExpr:
			if n.Op == parser.COUNT || n.Op == parser.GROUP || n.Op == parser.COUNT_VALUES {
				return false
			}
			e = n.Expr
		case *parser.Call:
			return n.Func.Name == "rate" || n.Func.Name == "irate"
		default:
			return false
		}
	}
	return false
}

// knownOfAlert reports whether the expression of the panel's alert has the same
// finding.
func (c *Checked) knownOfAlert(f finding.Finding) bool {
	return slices.ContainsFunc(c.Findings, func(o finding.Finding) bool {
		return o.Code == f.Code && o.Reason == f.Reason && strings.HasPrefix(o.Where, "alert ") && o.Part == "expr"
	})
}

// clashes reports whether a panel shows values of the unit with another unit.
// An unknown unit never clashes.
func clashes(panel, unit metrics.Unit) bool {
	switch unit {
	case metrics.Seconds, metrics.Bytes, promcheck.PerSecond, metrics.Timestamp:
		return panel != unit
	}
	return false
}

// panelOf returns the panel of an alert.
func (c *Checked) panelOf(a Alert) (dashgen.Panel, bool) {
	at, ok := c.shown[a.Group.Pack+"\x00"+a.Name]
	if !ok {
		return dashgen.Panel{}, false
	}
	panels := at.board.AllPanels()
	i := slices.IndexFunc(panels, func(q dashgen.Panel) bool { return q.ID == at.panel })
	if i < 0 {
		return dashgen.Panel{}, false
	}
	return panels[i], true
}

// thresholds reports alerts whose threshold differs from that of their panel.
func (c *Checked) thresholds() []finding.Finding {
	var out []finding.Finding
	for _, a := range c.Alerts {
		panel, ok := c.panelOf(a)
		if !ok || len(panel.Thresholds) == 0 {
			continue
		}
		for _, expr := range c.expressions(a.Group, a.Alert, false) {
			facts := emit.FactsOf(expr)
			drawn := len(a.Panel.Targets) == 0 // the panel draws the compared side
			if !facts.Has || !drawn && !c.sameMetric(expr, panel) {
				continue
			}
			var bounds []float64
			for _, t := range panel.Thresholds {
				bounds = append(bounds, t.Bound(c.Timing))
			}
			if !slices.Contains(bounds, facts.Threshold) {
				out = append(out, finding.Finding{
					Code: finding.OtherThreshold, Where: a.Where, Part: "expr", Text: expr,
					Reason: fmt.Sprintf("fires at %v, and its panel %d %q changes its colour at %v", facts.Threshold, panel.ID, panel.Title, bounds),
				})
			}
		}
	}
	return out
}

// sameMetric reports whether an expression and a panel use the same metric with
// the same unit.
func (c *Checked) sameMetric(expr string, panel dashgen.Panel) bool {
	mine := c.Checker.Metrics(expr)
	t, _ := c.Checker.Expr("", expr)
	for _, target := range panel.Targets {
		for name := range c.Checker.Metrics(c.Timing.Expand(strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))) {
			if mine[name] && unitsShown[panel.Unit] == t.Unit {
				return true
			}
		}
	}
	return false
}

// unused reports the packs' own metrics that no rule, text or panel reads.
func (c *Checked) unused() []finding.Finding {
	used := c.Readers()
	var out []finding.Finding
	for _, d := range c.Metrics {
		if _, broken := d.Problem(); !broken && len(used[d.Name]) == 0 && !c.suggested(d.Name) {
			out = append(out, finding.Finding{
				Code: finding.UnusedMetric, Where: fmt.Sprintf("metric %q", d.Name), Reason: "no rule, text or panel reads it",
			})
		}
	}
	return out
}

// suggested reports whether a finding suggests the metric for a misspelled one.
func (c *Checked) suggested(name string) bool {
	return slices.ContainsFunc(c.Findings, func(f finding.Finding) bool {
		return f.Code == finding.UnknownMetric && f.Suggestion == strconv.Quote(name)
	})
}

// Reader is a definition that reads a metric.
type Reader struct {
	Alert, Record, Dashboard string
	Panel                    int
}

// String names the reader: alert "X", panel 3 of the dashboard "y".
func (r Reader) String() string {
	switch {
	case r.Alert != "":
		return fmt.Sprintf("alert %q", r.Alert)
	case r.Record != "":
		return fmt.Sprintf("record %q", r.Record)
	}
	return fmt.Sprintf("panel %d of the dashboard %q", r.Panel, r.Dashboard)
}

// Readers returns the definitions that read each metric.
func (c *Checked) Readers() map[string][]Reader {
	used := map[string][]Reader{}
	add := func(r Reader, expr string) {
		for name := range c.Checker.Metrics(expr) {
			if !slices.Contains(used[name], r) {
				used[name] = append(used[name], r)
			}
		}
	}
	for _, r := range c.Records {
		add(Reader{Record: r.Name}, c.Timing.Expand(r.Expr))
	}
	for g, a := range c.Context.Alerts {
		for _, expr := range c.expressions(g, a, true) {
			add(Reader{Alert: a.Name}, expr)
		}
		for _, cond := range first(c.Conditions(g, a, false)) {
			annotations := c.Annotations(g, a, cond)
			for _, name := range slices.Sorted(maps.Keys(annotations)) {
				for _, q := range c.Checker.TemplateQueries(annotations[name]) {
					add(Reader{Alert: a.Name}, q)
				}
			}
		}
	}
	for _, d := range c.Dashboards {
		for _, q := range d.Queries(c.Timing) {
			add(Reader{Dashboard: d.UID, Panel: q.Panel}, q.Expr)
		}
	}
	return used
}
