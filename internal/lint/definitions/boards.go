package definitions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/filter"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/webhook/api"
)

// shownOn is the dashboard and the panel of an alert.
type shownOn struct {
	board site.Dashboard
	panel int
}

// boards draws the panels of alerts on the dashboards of their packs and sets
// the alerts' links. A pack without dashboards gets one with a row per group.
func (c *Checked) boards() []finding.Finding {
	catalogue, err := c.Catalogue()
	if err != nil {
		return []finding.Finding{{Code: finding.Clash, Where: "site", Reason: err.Error()}}
	}
	known := boardCatalogue{catalogue, c.Checker}
	made := c.defaultBoards(known)
	var out []finding.Finding
	all := make([]dashgen.AlertPanel, len(c.Alerts))
	for i, a := range c.Alerts {
		all[i] = c.alertPanel(a)
	}
	for i, d := range c.Dashboards {
		drawn := d.Draw(c.Timing, c.alertPanels(d, all), known)
		if made[d.UID] && !chooses(drawn.Dashboard) {
			drawn.Dashboard.Variables = nil // the variable is generated, and no panel has the label
		}
		out = append(out, slices.DeleteFunc(drawn.Findings, func(f finding.Finding) bool {
			return f.Code == finding.Syntax // the alert has this finding too
		})...)
		c.Dashboards[i].Dashboard = drawn.Dashboard
		for _, alert := range slices.Sorted(maps.Keys(drawn.Panels)) {
			key := c.packOf(d.Pack, alert) + "\x00" + alert
			if _, already := c.shown[key]; !already {
				c.shown[key] = shownOn{c.Dashboards[i], drawn.Panels[alert]}
			}
		}
	}
	for _, a := range c.Alerts {
		_, drawn := c.shown[a.Group.Pack+"\x00"+a.Name]
		if !drawn && a.Group.FromFile == "" && hasSeries(a.Expr) && c.hasBoard(a.Group.Pack) {
			out = append(out, finding.Finding{Code: finding.NotShown, Where: a.Where,
				Reason: "no dashboard of its pack shows it: place it with Place, or add a waiver with the reason"})
		}
	}
	if c.Site.Grafana.URL != "" {
		c.Dashboard = c.link
	}
	return out
}

// link returns the address of the panel of an alert, with the values of its
// labels and the time range of the dashboard.
func (c *Checked) link(g site.Group, a rules.Alert) string {
	at, ok := c.shown[g.Pack+"\x00"+a.Name]
	if !ok {
		return ""
	}
	i := slices.IndexFunc(c.Alerts, func(x Alert) bool { return x.Name == a.Name && x.Group.Name == g.Name })
	if i < 0 {
		return ""
	}
	labels := c.Alerts[i].Labels
	return at.board.Link(c.Site.Grafana.URL, at.panel, c.Timing, func(label string) (can, always bool) { return labels.Can(label), labels.Has(label) })
}

// BoardLink returns the address of the panel of an alert for all values of its
// labels, or "" for an alert without a panel.
func (c *Checked) BoardLink(a Alert) string {
	at, ok := c.shown[a.Group.Pack+"\x00"+a.Name]
	if !ok || c.Site.Grafana.URL == "" {
		return ""
	}
	return at.board.Link(c.Site.Grafana.URL, at.panel, c.Timing, nil)
}

func (c *Checked) hasBoard(pack string) bool {
	return slices.ContainsFunc(c.Dashboards, func(d site.Dashboard) bool { return d.Pack == pack })
}

// hasSeries reports whether an expression reads series that a panel could draw.
func hasSeries(expr string) (found bool) {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(strings.TrimSpace(expr))
	if err != nil {
		return true // an expression in runs or scrapes selects series
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		_, ok := n.(*parser.VectorSelector)
		found = found || ok
		return nil
	})
	return found
}

// chooses reports whether a panel reads a variable of its dashboard.
func chooses(d dashgen.Dashboard) bool {
	for _, q := range d.AllPanels() {
		for _, target := range q.Targets {
			if slices.ContainsFunc(d.Variables, func(v dashgen.Variable) bool { return strings.Contains(target.Expr, "$"+v.Name) }) {
				return true
			}
		}
	}
	return false
}

// defaultBoards adds a dashboard to each pack with alerts and without
// dashboards, and returns the UIDs of the new ones.
func (c *Checked) defaultBoards(known boardCatalogue) map[string]bool {
	made := map[string]bool{}
	for _, g := range c.Groups {
		if g.Pack == "" || c.hasBoard(g.Pack) {
			continue // another check reports a pack without a name
		}
		board := dashgen.Dashboard{UID: site.PlainUID(g.Pack), Title: emit.InWords(strings.ToUpper(g.Pack[:1]) + g.Pack[1:])}
		if env := c.variable(g.Pack, known); env != nil {
			board.Variables = []dashgen.Variable{*env}
		}
		for _, other := range c.Groups {
			if other.Pack != g.Pack {
				continue
			}
			row := dashgen.Row{Title: other.Name}
			for i, a := range other.Alerts {
				again := slices.ContainsFunc(other.Alerts[:i], func(x rules.Alert) bool { return x.Name == a.Name })
				if !again && a.Expr != "" && hasSeries(a.Expr) && len(c.Conditions(other, a, false)) > 0 {
					row.Panels = append(row.Panels, a.Place())
				}
			}
			clash := slices.ContainsFunc(board.Rows, func(r dashgen.Row) bool { return r.Title == row.Title }) // another check reports it
			if len(row.Panels) > 0 && !clash {
				board.Rows = append(board.Rows, row)
			}
		}
		if len(board.Rows) > 0 {
			c.Dashboards = append(c.Dashboards, site.Dashboard{Dashboard: board, Pack: g.Pack})
			made[board.UID] = true
		}
	}
	slices.SortStableFunc(c.Dashboards, func(a, b site.Dashboard) int { return strings.Compare(a.UID, b.UID) })
	return made
}

// variable returns the variable for the environment of a generated dashboard,
// from a metric that the pack's alerts read. It is nil if none has an
// environment.
func (c *Checked) variable(pack string, known boardCatalogue) *dashgen.Variable {
	if len(c.Envs) == 0 {
		return nil
	}
	for g, a := range c.Context.Alerts {
		if g.Pack != pack {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(c.Checker.Metrics(c.Timing.Expand(a.Expr)))) {
			if d, ok := known.Family(name); ok {
				name = d.Series()[0]
			}
			if known.HasLabel(name, api.Env) {
				return &dashgen.Variable{Name: api.Env, Title: "Environment", Series: name, Label: api.Env}
			}
		}
	}
	return nil
}

// packOf returns the pack of an alert on a dashboard: that of the dashboard if
// it has an alert with the name, else the first one that has.
func (c *Checked) packOf(board, alert string) string {
	owner := board
	for _, a := range slices.Backward(c.Alerts) {
		if a.Name == alert {
			owner = a.Group.Pack
			if owner == board {
				return board
			}
		}
	}
	return owner
}

// alertPanels returns the panels that a dashboard can place: those of its
// pack's alerts, and of alerts of other packs that it names.
func (c *Checked) alertPanels(d site.Dashboard, all []dashgen.AlertPanel) []dashgen.AlertPanel {
	placed := map[string]bool{}
	for _, q := range d.AllPanels() {
		if q.Alert != "" {
			placed[c.packOf(d.Pack, q.Alert)+"\x00"+q.Alert] = true
		}
	}
	var out []dashgen.AlertPanel
	for i := range c.Alerts {
		a := &c.Alerts[i]
		if a.Group.Pack == d.Pack || placed[a.Group.Pack+"\x00"+a.Name] {
			out = append(out, all[i])
		}
	}
	return out
}

// alertPanel returns the panel of an alert with its derived values.
func (c *Checked) alertPanel(a Alert) dashgen.AlertPanel {
	conditions := c.Conditions(a.Group, a.Alert, false)
	expr := emit.ForAllEnvs(conditions[0])
	facts := emit.FactsOf(expr)
	compared := dashgen.Compared{Expr: facts.Compared, Fires: facts.Fires, About: c.About(a.Group, a.Alert)}
	if !facts.Has {
		compared.Expr = expr
		if series, ok := emit.Missed(expr); ok {
			compared.Expr = "count(" + series + ")"
			if a.PerEnv {
				compared.Expr = "count by (env) (" + series + ")"
			}
		}
	}
	if !hasSeries(compared.Expr) {
		compared.Expr = ""
	}
	for _, cond := range conditions {
		if f := emit.FactsOf(cond.Expr); f.Has && !slices.Contains(compared.Thresholds, f.Threshold) {
			compared.Thresholds = append(compared.Thresholds, f.Threshold)
		}
	}
	annotations := c.Annotations(a.Group, a.Alert, c.ForAnyEnv(conditions[0]))
	compared.Title = annotations[api.Title]
	if a.Title == "" {
		compared.Title = emit.InWords(a.Name)
	}
	return dashgen.AlertPanel{Panel: a.Place(), Compared: compared}
}

// boardCatalogue provides the metrics for a dashboard.
type boardCatalogue struct {
	metrics.Catalogue
	checker *promcheck.Checker
}

// Filter implements [dashgen.Catalogue].
func (b boardCatalogue) Filter(expr string, variables []dashgen.Variable) (string, error) {
	return filter.Expr(expr, variables, b.HasLabel)
}

// HasLabel reports whether a series can have a label. A recorded series has
// fewer labels than the catalogue lists.
func (b boardCatalogue) HasLabel(series, label string) bool {
	d, ok := b.Series(series)
	if !ok || !slices.Contains(d.SeriesLabels(series), label) {
		return false
	}
	t, _ := b.checker.Expr("", series)
	return t.Labels.Can(label)
}

// Result implements [dashgen.Catalogue].
func (b boardCatalogue) Result(expr string) (metrics.Unit, []string) {
	t, _ := b.checker.Expr(fmt.Sprintf("panel of %s", expr), expr)
	return t.Unit, t.Labels.Names()
}
