package codegen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/rules"
)

// Check returns every mistake in the pack's definitions: definitions that are
// not complete, and what the checker finds in expressions, texts, routes and
// panels, without what is waived.
func (p Pack) Check(e Endpoints) error {
	_, err := p.check(e)
	return err
}

// check returns the proof of the routes too, nil when there is none because
// of mistakes.
func (p Pack) check(e Endpoints) (*routeProof, error) {
	errs := []error{p.Timing.Validate(), rules.Validate(p.Groups), e.checkJobs(p.Jobs), e.integrations().Validate(), p.checkMetrics(), p.checkPanels()}
	for _, d := range p.Dashboards {
		errs = append(errs, d.Validate(p.Timing))
	}
	findings, rest := coded(errors.Join(errs...))
	checker, err := p.checker()
	if err != nil {
		return nil, errors.Join(append(rest, err)...)
	}
	alerts, found := p.findings(checker, p.context(e))
	routes, broken, err := p.proveRoutes(e, alerts)
	if err != nil {
		rest = append(rest, err)
	}
	for _, f := range p.waive(slices.Concat(findings, found, broken)) {
		rest = append(rest, errors.New(f.String()))
	}
	return routes, errors.Join(rest...)
}

// coded takes the mistakes that have a code out of a joined error.
func coded(err error) (findings []finding.Finding, rest []error) {
	var m finding.Finding
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
	case ok:
		for _, e := range joined.Unwrap() {
			f, r := coded(e)
			findings, rest = append(findings, f...), append(rest, r...)
		}
	case errors.As(err, &m):
		findings = append(findings, finding.Finding{Code: m.Code, Where: m.Where, Reason: m.Reason})
	default:
		rest = append(rest, err)
	}
	return findings, rest
}

// checker knows the pack's catalogue and schedule.
func (p Pack) checker() (*promcheck.Checker, error) {
	catalogue, err := p.Catalogue()
	if err != nil {
		return nil, err
	}
	jobs := map[string]time.Duration{}
	for _, j := range p.Jobs {
		jobs[j.Name] = j.Interval
	}
	return promcheck.NewWith(catalogue, promcheck.Options{
		Complete: true, ClosedLabels: true,
		Schedule:       promcheck.Schedule{Run: p.Timing.Run, Scrape: p.Timing.Scrape, Jobs: jobs, Evaluation: p.Timing.Evaluation},
		ExternalLabels: append([]string{}, slices.Sorted(maps.Keys(p.ExternalLabels))...),
	}), nil
}

// findings checks everything that the pack says in PromQL and templates, and
// how its parts fit. It returns the alerts too.
func (p Pack) findings(c *promcheck.Checker, ctx rules.Context) ([]typedAlert, []finding.Finding) {
	var out []finding.Finding
	for _, g := range p.Groups {
		for _, r := range g.Records {
			rule := p.recordRule(g, r)
			t, found := c.Rule(rule)
			out = append(out, found...)
			c.Define(r.Name, t)
		}
	}
	alerts, found := p.alertFindings(c, ctx)
	out = append(out, found...)
	c.Define("ALERTS", alertsType(alerts))
	out = append(out, p.heldFindings(c, ctx)...)
	out = append(out, p.routingFindings(alerts)...)
	for _, d := range p.Dashboards {
		out = append(out, dashboardFindings(c, p.Timing, d)...)
	}
	out = append(out, p.thresholdFindings(c, ctx)...)
	return alerts, append(out, p.unusedFindings(c, ctx)...)
}

func (p Pack) recordRule(g rules.Group, r rules.Record) *promcheck.Rule {
	return &promcheck.Rule{
		Where: fmt.Sprintf("record %q", r.Name), Record: r.Name, Expr: p.Timing.Expand(r.Expr), Labels: r.Labels, Interval: p.interval(g),
	}
}

// interval is the time between two evaluations of a group.
func (p Pack) interval(g rules.Group) time.Duration {
	if g.Interval != 0 {
		return g.Interval
	}
	return p.Timing.Evaluation
}

// typedAlert is an alert with the labels that Alertmanager gets.
type typedAlert struct {
	rules.Alert
	group  rules.Group
	where  string
	labels promcheck.Labels
}

// alertFindings checks the rules of all alerts, their texts and scenarios.
// What HoldWhileDown adds is left out here: it has the labels of all alerts.
func (p Pack) alertFindings(c *promcheck.Checker, ctx rules.Context) ([]typedAlert, []finding.Finding) {
	var alerts []typedAlert
	var out []finding.Finding
	var all []*promcheck.Rule
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			where := fmt.Sprintf("alert %q", a.Name)
			plain := a
			plain.HoldWhileDown = ""
			typed := typedAlert{Alert: a, group: g, where: where}
			for i, expr := range ctx.Exprs(g, plain) {
				wait, _ := model.ParseDuration(p.Timing.Expand(a.For)) // a wrong one is reported when the rule is written
				r := &promcheck.Rule{
					Where: where, Alert: a.Name, Expr: expr, Labels: g.AlertLabels(a), Annotations: a.Annotations(p.Timing, ctx.Links),
					For: time.Duration(wait), Interval: p.interval(g),
				}
				t, found := c.Rule(r)
				out, all = append(out, found...), append(all, r)
				if i > 0 {
					t.Labels = typed.labels.Union(t.Labels)
				}
				typed.labels = t.Labels
			}
			typed.labels = typed.labels.Set(model.AlertNameLabel, a.Name)
			for name, value := range p.ExternalLabels {
				typed.labels = typed.labels.Set(name, value)
			}
			alerts = append(alerts, typed)
			out = append(out, scenarioFindings(c, where, a)...)
		}
	}
	for _, d := range c.Duplicates(all) {
		out = append(out, d.Finding)
	}
	return alerts, out
}

func scenarioFindings(c *promcheck.Checker, where string, a rules.Alert) []finding.Finding {
	var out []finding.Finding
	for _, s := range a.Scenarios {
		for _, in := range s.Series {
			out = append(out, c.Series(fmt.Sprintf("%s, scenario %q", where, s.Name), in.Name, in.Values)...)
		}
	}
	return out
}

// alertsType is what is known of ALERTS: the labels of all alerts.
func alertsType(alerts []typedAlert) promcheck.Type {
	var labels promcheck.Labels
	for i, a := range alerts {
		l := a.labels.Set("alertstate", "")
		if i > 0 {
			l = labels.Union(l)
		}
		labels = l
	}
	return promcheck.AlertsType(labels)
}

// heldFindings checks what HoldWhileDown adds to expressions.
func (p Pack) heldFindings(c *promcheck.Checker, ctx rules.Context) []finding.Finding {
	var out []finding.Finding
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			plain := a
			plain.HoldWhileDown = ""
			if a.HoldWhileDown == "" {
				continue
			}
			where := fmt.Sprintf("alert %q", a.Name)
			before := map[string]bool{}
			for _, expr := range ctx.Exprs(g, plain) {
				for _, f := range c.Expr(where, expr) {
					before[f.Reason] = true
				}
			}
			for _, expr := range ctx.Exprs(g, a) {
				for _, f := range c.Expr(where+", HoldWhileDown", expr) {
					if !before[f.Reason] {
						out = append(out, f)
					}
				}
			}
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
			if _, ok := p.panel(a.Dashboard, a.Panel); a.Dashboard != "" && !ok {
				errs = append(errs, fmt.Errorf("alert %q: there is no panel %d on a dashboard %q", a.Name, a.Panel, a.Dashboard))
			}
		}
	}
	return errors.Join(errs...)
}

// panel finds a panel; 0 is the dashboard as a whole.
func (p Pack) panel(uid string, id int) (dashgen.Panel, bool) {
	for _, d := range p.Dashboards {
		if d.UID != uid {
			continue
		}
		if id == 0 {
			return dashgen.Panel{}, true
		}
		for _, q := range d.AllPanels() {
			if q.ID == id {
				return q, true
			}
		}
	}
	return dashgen.Panel{}, false
}
