package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/webhook/api"
)

// numbers reports the numbers in an alert's texts that its expressions do not
// have.
func (c *Checked) numbers(a Alert) []finding.Finding {
	known := c.known(c.expressions(a.Group, a.Alert, true), []Alert{a})
	out := known.Check(a.Where, "About", a.About)
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		out = append(out, known.Check(a.Where, fmt.Sprintf("Translations[%q].About", language), a.Translations[language].About)...)
	}
	written := *c.Context
	written.Vars = nil // $threshold, $window and $for are always right
	annotations := written.Annotations(a.Group, a.Alert, c.Conditions(a.Group, a.Alert, false)[0])
	delete(annotations, api.ResolveWithin) // for the webhook, not for people
	delete(annotations, api.ResolveAfter)
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		check := known.Check
		if name == api.Actions || strings.HasPrefix(name, api.Actions+"_") {
			check = known.CheckActions
		}
		out = append(out, check(a.Where, fmt.Sprintf("annotation %q", name), annotations[name])...)
	}
	return out
}

// inRuns matches a duration in runs of the checker.
var inRuns = regexp.MustCompile(`\b[0-9]+runs?\b`)

// known returns the numbers of expressions, of the recording rules that they
// read, and of the waits of alerts.
func (c *Checked) known(exprs []string, alerts []Alert) promcheck.Numbers {
	var written []string // expressions with runs
	exprs = slices.Clone(exprs)
	for _, r := range c.Records {
		if slices.ContainsFunc(exprs, func(e string) bool { return c.Checker.Metrics(e)[r.Name] }) {
			exprs, written = append(exprs, c.Timing.Expand(r.Expr)), append(written, r.Expr)
		}
	}
	known := c.Checker.Numbers(exprs...).With(c.Timing.Run)
	for _, a := range alerts {
		waits := []string{a.For, a.KeepFiringFor}
		written = append(written, a.Expr)
		for _, also := range a.Also {
			waits, written = append(waits, also.For), append(written, also.Expr)
		}
		for _, text := range waits {
			d, _ := c.Duration(text) // another check reports a bad duration
			known, written = known.With(d), append(written, text)
		}
	}
	if slices.ContainsFunc(written, inRuns.MatchString) {
		known = known.InRuns()
	}
	return known
}

// panelNumbers reports the numbers in the titles and descriptions of panels
// that are in neither their queries and thresholds nor their alerts.
func (c *Checked) panelNumbers() []finding.Finding {
	var out []finding.Finding
	for _, d := range c.Dashboards {
		queries := d.Queries(c.Timing)
		for _, q := range d.AllPanels() {
			alerts := c.alertsOn(d, q)
			known := c.ofPanel(d, q, queries, alerts)
			own := func(text func(Alert) string, shown string) bool { // the check of the alert covers its text
				return !slices.ContainsFunc(alerts, func(a Alert) bool { return text(a) != "" && strings.Contains(shown, text(a)) })
			}
			if own(func(a Alert) string { return a.Title }, q.Title) {
				out = append(out, known.Check(d.Where(q), "Title", q.Title)...)
			}
			if own(func(a Alert) string { return c.About(a.Group, a.Alert) }, q.Description) {
				out = append(out, known.Check(d.Where(q), "Description", q.Description)...)
			}
		}
	}
	return out
}

// ofPanel returns the numbers of a panel.
func (c *Checked) ofPanel(d site.Dashboard, q dashgen.Panel, queries []dashgen.Query, alerts []Alert) promcheck.Numbers {
	var exprs []string
	for _, query := range queries {
		if query.Panel == q.ID {
			exprs = append(exprs, query.Expr)
		}
	}
	for _, a := range alerts {
		exprs = append(exprs, c.expressions(a.Group, a.Alert, true)...)
	}
	known := c.known(exprs, alerts)
	var bounds []float64
	for _, t := range q.Thresholds {
		bounds = append(bounds, t.Bound(c.Timing))
		if t.Runs > 0 {
			known = known.InRuns()
		}
	}
	if slices.ContainsFunc(q.Targets, func(t dashgen.Target) bool { return inRuns.MatchString(t.Expr) }) {
		known = known.InRuns()
	}
	since, _ := c.Duration(d.Window)
	return known.With(since).OfPanel(unitsShown[q.Unit], bounds...)
}

// alertsOn returns the alerts of a panel.
func (c *Checked) alertsOn(d site.Dashboard, q dashgen.Panel) []Alert {
	return slices.DeleteFunc(slices.Clone(c.Alerts), func(a Alert) bool {
		at, ok := c.shown[a.Group.Pack+"\x00"+a.Name]
		return !ok || at.board.UID != d.UID || at.panel != q.ID
	})
}
