package dashgen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/metrics"
)

// Compared holds the values that an alert's condition compares, and its
// thresholds.
type Compared struct {
	Expr       string    // compared side as PromQL; "": the condition reads no series
	Thresholds []float64 // empty: no comparison with a number
	Fires      Side      // side of the thresholds on which the alert fires
	Title      string    // title of the alert; "" or a template: its name
	About      string    // meaning of the alert, without template actions
}

// Side is the side of its threshold on which an alert fires.
type Side int

// Sides of a threshold. The threshold itself belongs to Below and Above,
// because a panel cannot show the difference.
const (
	Below Side = iota
	Above
	Equal
	Unequal
)

// AlertPanel is the panel literal of an alert with its compared values.
type AlertPanel struct {
	Panel    Panel // Panel.Alert names the alert
	Compared Compared
}

// drawn reports whether the panel shows the compared side of the alert.
func (a AlertPanel) drawn() bool { return len(a.Panel.Targets) == 0 && a.Compared.Expr != "" }

// Catalogue provides the series for [Dashboard.Draw].
type Catalogue interface {
	// Filter restricts a query to the variables: each selector gets env=~"$env"
	// if its series has the label of the variable.
	Filter(expr string, variables []Variable) (string, error)
	// Result returns the unit and the labels of a query's result.
	Result(expr string) (metrics.Unit, []string)
}

// Codes of findings about panels of alerts.
const (
	notDrawn    = "GR010"
	otherFields = "GR011"
)

// Drawn is a dashboard with the panels of alerts.
type Drawn struct {
	Dashboard Dashboard
	Panels    map[string]int // id of each alert's panel
	Findings  []finding.Finding
}

// Draw completes the panels of alerts that the dashboard places, and omitted
// units and legends of other panels. alerts are the pack's alerts, in order.
// Alerts with one title share a panel at the position of the first.
//
// The query of an alert is its compared side, filtered by the dashboard's
// variables. Its thresholds are red.
func (d Dashboard) Draw(t metrics.Timing, alerts []AlertPanel, c Catalogue) Drawn {
	dr := &drawing{board: d, timing: t, catalogue: c, values: d.resolved().values(t), out: Drawn{Panels: map[string]int{}}}
	dr.place(alerts)
	d.Panels = dr.panels(d.Panels)
	d.Rows = slices.Clone(d.Rows)
	for i := range d.Rows {
		d.Rows[i].Panels = dr.panels(d.Rows[i].Panels)
	}
	dr.out.Dashboard = d
	return dr.out
}

// drawing is one call of Draw.
type drawing struct {
	board     Dashboard
	timing    metrics.Timing
	catalogue Catalogue
	values    map[string]string       // values of the variables in expressions
	byTitle   map[string][]AlertPanel // alerts that share a panel, by its title
	titles    map[string]string       // title of each alert's panel
	out       Drawn
}

func (dr *drawing) finding(code finding.Code, where, format string, args ...any) {
	dr.out.Findings = append(dr.out.Findings, finding.Finding{
		Code: code, Where: dr.board.where() + ", " + where, Reason: fmt.Sprintf(format, args...),
	})
}

// place groups the alerts by the titles of their panels, placed ones first. The
// placed literal takes precedence over the alert's own: its size may differ,
// for example.
func (dr *drawing) place(alerts []AlertPanel) {
	alerts = slices.Clone(alerts)
	byName := map[string]int{}
	for i, a := range alerts {
		byName[a.Panel.Alert] = i
	}
	placed := map[string]bool{}
	for _, p := range dr.board.panels() {
		i, known := byName[p.Alert]
		switch {
		case p.Alert == "":
		case !known && p.whole() && !suggest.Slip(p.Alert, slices.Collect(maps.Keys(byName))):
			// The alert belongs to an absent pack. The panel stays, without a
			// link.
		case !known:
			dr.finding(notDrawn, p.where(), "is the panel of the alert %q, which the site does not have: name an alert, or give the panel a Title and Targets of its own%s", p.Alert, didYouMean(p.Alert, byName))
		case placed[p.Alert]:
			dr.finding(notDrawn, p.where(), "is the panel of the alert %q, which the dashboard has twice", p.Alert)
		default:
			placed[p.Alert] = true
			alerts[i].Panel = p
		}
	}
	slices.SortStableFunc(alerts, func(a, b AlertPanel) int { return btoi(placed[b.Panel.Alert]) - btoi(placed[a.Panel.Alert]) })
	dr.titles, dr.byTitle = titles(alerts), map[string][]AlertPanel{}
	for _, a := range alerts {
		a.Panel.Title = dr.titles[a.Panel.Alert]
		dr.byTitle[a.Panel.Title] = append(dr.byTitle[a.Panel.Title], a)
	}
}

// whole reports whether the literal is a complete panel without its alert.
func (p Panel) whole() bool { return p.Title != "" && len(p.Targets) > 0 }

func didYouMean(name string, alerts map[string]int) string {
	if near := suggest.Nearest(name, slices.Sorted(maps.Keys(alerts))); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// titles returns the title of each alert's panel: that of the literal, else
// that of the alert, else the alert's name. A title with a template action does
// not count. Other alerts have no influence, because the panel's id, to which
// old messages link, is derived from the title.
func titles(alerts []AlertPanel) map[string]string {
	out := map[string]string{}
	for _, a := range alerts {
		own := a.Compared.Title
		if strings.Contains(own, "{{") {
			own = ""
		}
		out[a.Panel.Alert] = cmp.Or(a.Panel.Title, own, a.Panel.Alert)
	}
	return out
}

func (dr *drawing) panels(panels []Panel) []Panel {
	var out []Panel
	for _, p := range panels {
		if p.Alert == "" {
			out = append(out, dr.completed(p))
			continue
		}
		title, known := dr.titles[p.Alert]
		if !known && p.whole() {
			out = append(out, dr.completed(p))
			continue
		}
		if _, drawn := dr.out.Panels[p.Alert]; drawn || !known {
			continue
		}
		out = append(out, dr.shared(dr.byTitle[title]))
	}
	return out
}

// shared returns the panel of one or more alerts.
func (dr *drawing) shared(alerts []AlertPanel) Panel {
	literals := make([]Panel, len(alerts))
	for i, a := range alerts {
		literals[i] = a.Panel
		literals[i].Targets = dr.targets(a, len(alerts) > 1)
	}
	p, differing := merge(literals)
	for _, field := range differing {
		dr.finding(otherFields, p.where(), "the alerts that share it, which have one title, differ in %s: give the panel of one another Title", field)
	}
	if len(p.Targets) == 0 {
		dr.finding(notDrawn, p.where(), "the alert %q reads no series and has no Targets: there is nothing to draw", p.Alert)
	}
	if p.Description == "" {
		p.Description = description(alerts)
	}
	if len(p.Thresholds) == 0 && p.Base == "" {
		p.Base, p.Thresholds = dr.thresholdsOf(alerts)
	}
	dr.checkUnits(p, alerts)
	for _, a := range alerts {
		dr.out.Panels[a.Panel.Alert] = cmp.Or(p.ID, derivedID(dr.board.UID, "panel", p.Title))
	}
	return dr.completed(p)
}

// targets returns the queries of the literal, or else the compared side of the
// alert. If several alerts share the panel, the legend contains the alert's
// name.
func (dr *drawing) targets(a AlertPanel, several bool) []Target {
	if !a.drawn() {
		return a.Panel.Targets
	}
	expr, err := dr.catalogue.Filter(a.Compared.Expr, dr.board.Variables)
	if err != nil {
		dr.finding(finding.Syntax, fmt.Sprintf("alert %q", a.Panel.Alert), "%v", err)
		expr = a.Compared.Expr
	}
	text := a.Panel.Legend
	if text == "" && several {
		_, labels := dr.result(expr)
		text = strings.TrimSpace(a.Panel.Alert + " " + legendOf(labels))
	}
	return []Target{{Expr: expr, Legend: text}}
}

// checkUnits reports compared sides with different units, which cannot share an
// axis.
func (dr *drawing) checkUnits(p Panel, alerts []AlertPanel) {
	var first string
	var unit Unit
	for _, a := range alerts {
		if !a.drawn() || a.Panel.Unit != "" {
			continue
		}
		result, _ := dr.result(a.Compared.Expr)
		switch mine := unitOf(result); {
		case first == "":
			first, unit = a.Panel.Alert, mine
		case mine != unit:
			dr.finding(finding.OtherUnit, p.where(), "the alerts that share it, which have one title, have different units: %s %q, %s %q; give the panel of one another Title", first, unit, a.Panel.Alert, mine)
		}
	}
}

// completed sets the omitted unit and legends of a panel.
func (dr *drawing) completed(p Panel) Panel {
	p.Targets = slices.Clone(p.Targets)
	_, table := p.Show.(Table)
	for i := range p.Targets {
		target := &p.Targets[i]
		unit, labels := dr.result(target.Expr)
		if p.Unit == "" {
			p.Unit = unitOf(unit)
		}
		if target.Legend == "" && !table {
			target.Legend = cmp.Or(legendOf(labels), p.Title)
		}
	}
	return p
}

// result returns the catalogue's result for a query in the form for Prometheus.
func (dr *drawing) result(expr string) (metrics.Unit, []string) {
	return dr.catalogue.Result(substitute(expression(expr, dr.timing), dr.values))
}
