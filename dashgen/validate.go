package dashgen

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// Validate reports, all at once, what Grafana would accept without a word and
// then show wrong or not at all. What the expressions mean is not judged here.
func (d Dashboard) Validate(t metrics.Timing) error {
	v := &validation{dashboard: d.where()}
	if err := t.Validate(); err != nil {
		v.bad("", "%w", err)
	}
	d.validateSelf(v)
	d.validateLayout(v)
	d.validateVariables(t, v)
	d.validateAnnotations(v)
	for _, p := range d.AllPanels() {
		p.validate(t, v)
	}
	return errors.Join(v.errs...)
}

// The codes of mistakes in dashboards.
const (
	duplicateID       = "GR001"
	overlap           = "GR002"
	undefinedVariable = "GR003"
	unusedVariable    = "GR004"
	legacyPanel       = "GR007"
	notExplained      = "GR008"
)

// validation collects errors about one dashboard.
type validation struct {
	dashboard string
	errs      []error
}

// bad adds an error about a place in the dashboard, or about the whole of it
// when where is empty.
func (v *validation) bad(where, format string, args ...any) {
	place := v.dashboard
	if where != "" {
		place += ", " + where
	}
	v.errs = append(v.errs, fmt.Errorf("%s: %w", place, fmt.Errorf(format, args...)))
}

// finding adds a mistake that has a code.
func (v *validation) finding(code finding.Code, where, format string, args ...any) {
	place := v.dashboard
	if where != "" {
		place += ", " + where
	}
	v.errs = append(v.errs, finding.Finding{Code: code, Where: place, Reason: fmt.Sprintf(format, args...)})
}

// need adds an error for a text that is missing.
func (v *validation) need(where, name, text string) {
	if text == "" {
		v.bad(where, "has no %s", name)
	}
}

var validUID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func (d Dashboard) validateSelf(v *validation) {
	if !validUID.MatchString(d.UID) {
		v.bad("", `a uid has 1 to 40 letters, digits, "-" and "_"`)
	}
	v.need("", "title", d.Title)
	v.need("", "description", d.Description)
	if d.Window <= 0 {
		v.bad("", "has no window: say how much time it shows when it is opened")
	}
	if d.Refresh <= 0 {
		v.bad("", "has no refresh: say how often it reloads itself")
	}
	if len(d.AllPanels()) == 0 {
		v.bad("", "has no panels")
	}
}

// box is what takes a place on the grid: a panel or the heading of a row.
type box struct {
	id    int
	where string
	grid  Grid
}

func (d Dashboard) boxes() []box {
	var boxes []box
	for _, r := range d.Rows {
		boxes = append(boxes, box{r.ID, r.where(), r.grid()})
	}
	for _, p := range d.AllPanels() {
		boxes = append(boxes, box{p.ID, p.where(), p.Grid})
	}
	return boxes
}

func (d Dashboard) validateLayout(v *validation) {
	boxes := d.boxes()
	for i, b := range boxes {
		if b.id < 1 {
			v.finding(duplicateID, b.where, "ids start at 1")
		}
		if g := b.grid; g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > columns {
			v.finding(overlap, b.where, "does not fit on the grid of %d columns: %+v", columns, g)
		}
		for _, other := range boxes[:i] {
			if b.id == other.id {
				v.finding(duplicateID, b.where, "has the same id as %s", other.where)
			}
			if b.grid.overlaps(other.grid) {
				v.finding(overlap, b.where, "overlaps %s: %+v and %+v", other.where, b.grid, other.grid)
			}
		}
	}
	// Grafana gives a row all panels between its heading and the next one.
	from := Row{Y: -1}
	for i := 0; i <= len(d.Rows); i++ {
		panels := d.Panels
		if i > 0 {
			from, panels = d.Rows[i-1], d.Rows[i-1].Panels
			v.need(from.where(), "title", from.Title)
		}
		for _, p := range panels {
			if p.Grid.Y <= from.Y {
				v.finding(overlap, p.where(), "stands above its %s", from.where())
			}
			if i < len(d.Rows) && p.Grid.Y >= d.Rows[i].Y {
				v.finding(overlap, p.where(), "stands below %s, to which it does not belong", d.Rows[i].where())
			}
		}
		v.readingOrder(panels)
	}
}

func (g Grid) overlaps(o Grid) bool {
	return g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H
}

// readingOrder wants panels line by line, as Grafana saves them.
func (v *validation) readingOrder(panels []Panel) {
	for i := 1; i < len(panels); i++ {
		a, b := panels[i-1].Grid, panels[i].Grid
		if cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X)) > 0 {
			v.finding(overlap, panels[i].where(), "comes before %s on the grid, so it must in the definition", panels[i-1].where())
		}
	}
}

var validName = regexp.MustCompile(`^[A-Za-z]\w*$`)

func (d Dashboard) validateVariables(t metrics.Timing, v *validation) {
	known := d.builtins(t)
	for _, variable := range d.Variables {
		where := variable.where()
		if !validName.MatchString(variable.Name) {
			v.bad(where, "a name starts with a letter and has letters, digits and underscores")
		}
		if _, twice := known[variable.Name]; twice {
			v.finding(duplicateID, where, "is defined twice")
		}
		known[variable.Name] = ""
		v.need(where, "title", variable.Title)
		v.need(where, "description", variable.Description)
		v.need(where, "series to read its values from", variable.Series)
		v.need(where, "label to read its values from", variable.Label)
	}
	used := map[string]bool{}
	use := func(where string, texts ...string) {
		for _, text := range texts {
			for _, name := range references(text) {
				used[name] = true
				if _, ok := known[name]; !ok {
					v.finding(undefinedVariable, where, "uses the variable $%s, which the dashboard does not define", name)
				}
			}
		}
	}
	for _, variable := range d.Variables {
		use(variable.where(), variable.Series)
	}
	for _, a := range d.Annotations {
		use(a.where(), a.Expr, a.Title, a.Text)
	}
	for _, p := range d.AllPanels() {
		use(p.where(), p.Title, p.Description)
		for i, target := range p.Targets {
			use(p.where()+", query "+refID(i), target.Expr, target.Legend)
		}
	}
	for _, variable := range d.Variables {
		if !used[variable.Name] {
			v.finding(unusedVariable, variable.where(), "is used nowhere")
		}
	}
}

func (d Dashboard) validateAnnotations(v *validation) {
	for _, a := range d.Annotations {
		v.need(a.where(), "expression", a.Expr)
		v.need(a.where(), "title", a.Title)
		v.need(a.where(), "colour", string(a.Color))
		if len(a.Panels) == 0 {
			v.bad(a.where(), "names no panel that shows it")
		}
		for _, id := range a.Panels {
			if !slices.ContainsFunc(d.AllPanels(), func(p Panel) bool { return p.ID == id }) {
				v.bad(a.where(), "names panel %d, which does not exist", id)
			}
		}
	}
}
