package codegen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/internal/promcheck"
	"github.com/alertnative/preflight/rules"
)

// findings looks up every expression of the pack in its catalogue.
func (p Pack) findings(c *promcheck.Checker, ctx rules.Context) []promcheck.Finding {
	var out []promcheck.Finding
	for _, g := range p.Groups {
		for _, r := range g.Records {
			out = append(out, c.Expr(fmt.Sprintf("record %q, expr", r.Name), p.Timing.Expand(r.Expr))...)
		}
		for _, a := range g.Alerts {
			out = append(out, alertFindings(c, ctx, g, a)...)
		}
	}
	for _, d := range p.Dashboards {
		for _, q := range d.Queries(p.Timing) {
			out = append(out, c.Expr(q.Where, q.Expr)...)
		}
	}
	return out
}

func alertFindings(c *promcheck.Checker, ctx rules.Context, g rules.Group, a rules.Alert) []promcheck.Finding {
	where := fmt.Sprintf("alert %q", a.Name)
	var out []promcheck.Finding
	for _, expr := range ctx.Exprs(g, a) {
		out = append(out, c.Expr(where+", expr", expr)...)
	}
	annotations := a.Annotations(ctx.Timing, ctx.Links)
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		out = append(out, c.Template(fmt.Sprintf("%s, annotation %q", where, name), annotations[name])...)
	}
	for _, s := range a.Scenarios {
		for _, in := range s.Series {
			out = append(out, c.Series(fmt.Sprintf("%s, scenario %q", where, s.Name), in.Name, in.Values)...)
		}
	}
	return out
}

// checkMetrics reports descriptions of the pack's own metrics that do not keep
// to the naming rules, or to the pack's namespace.
func (p Pack) checkMetrics() error {
	var errs []error
	for _, d := range p.Metrics {
		errs = append(errs, d.Validate())
		if !strings.HasPrefix(d.Name, p.Namespace+"_") {
			errs = append(errs, fmt.Errorf("metric %q: does not start with the pack's namespace %q", d.Name, p.Namespace))
		}
	}
	return errors.Join(errs...)
}

// checkPanels reports alerts that point to a dashboard or panel that the pack
// does not have.
func (p Pack) checkPanels() error {
	var errs []error
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			if a.Dashboard != "" && !p.hasPanel(a.Dashboard, a.Panel) {
				errs = append(errs, fmt.Errorf("alert %q: there is no panel %d on a dashboard %q", a.Name, a.Panel, a.Dashboard))
			}
		}
	}
	return errors.Join(errs...)
}

func (p Pack) hasPanel(uid string, panel int) bool {
	i := slices.IndexFunc(p.Dashboards, func(d dashgen.Dashboard) bool { return d.UID == uid })
	if i < 0 {
		return false
	}
	return panel == 0 || slices.ContainsFunc(p.Dashboards[i].AllPanels(), func(q dashgen.Panel) bool { return q.ID == panel })
}
