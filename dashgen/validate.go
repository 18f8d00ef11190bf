package dashgen

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// Validate returns all mistakes that Grafana would accept silently and display
// wrongly. It does not check the meaning of expressions.
func (d Dashboard) Validate(t metrics.Timing) []finding.Finding {
	d = d.resolved()
	v := &validation{dashboard: d.where()}
	if err := t.Validate(); err != nil {
		v.bad("", "%v", err)
	}
	d.validateSelf(t, v)
	d.validateIDs(v)
	d.validateVariables(t, v)
	d.validateAnnotations(v)
	for _, r := range d.Rows {
		v.need(r.where(), "title", r.Title)
		v.unsupported(r.where(), "Repeat", r.Repeat != "")
	}
	for _, p := range d.panels() {
		p.validate(t, v)
	}
	return v.found
}

// Codes of findings about dashboards.
const (
	duplicateID       = "GR001"
	layout            = "GR002"
	undefinedVariable = "GR003"
	unusedVariable    = "GR004"
	incomplete        = "GR007"
	notExplained      = "GR008"
	notEmitted        = "GR009"
)

// validation collects findings about one dashboard.
type validation struct {
	dashboard string
	found     []finding.Finding
}

// finding adds a mistake at a place in the dashboard, or in the dashboard
// itself if where is "".
func (v *validation) finding(code finding.Code, where, format string, args ...any) {
	place := v.dashboard
	if where != "" {
		place += ", " + where
	}
	v.found = append(v.found, finding.Finding{Code: code, Where: place, Reason: fmt.Sprintf(format, args...)})
}

// bad adds a finding about a part that Grafana would ignore or show
// differently.
func (v *validation) bad(where, format string, args ...any) {
	v.finding(incomplete, where, format, args...)
}

// need adds a finding if a text is missing.
func (v *validation) need(where, name, text string) {
	if text == "" {
		v.bad(where, "has no %s", name)
	}
}

// unsupported adds a finding if a field without effect is set.
func (v *validation) unsupported(where, field string, set bool) {
	if set {
		v.finding(notEmitted, where, "%s is not yet emitted", field)
	}
}

var validUID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func (d Dashboard) validateSelf(t metrics.Timing, v *validation) {
	if !validUID.MatchString(d.UID) {
		v.bad("", `a uid has 1 to 40 letters, digits, "-" and "_"`)
	}
	v.need("", "title", d.Title)
	v.duration("window", d.Window, t)
	v.duration("refresh", d.Refresh, t)
	v.unsupported("", "Folder", d.Folder != "")
	if len(d.panels()) == 0 {
		v.bad("", "has no panels")
	}
}

func (v *validation) duration(name, text string, t metrics.Timing) {
	if d, err := duration(text, t); err != nil || d <= 0 {
		v.bad("", `its %s %q is no time: write "6h" or "3runs"`, name, text)
	}
}

// validateIDs reports panels and rows with equal ids.
func (d Dashboard) validateIDs(v *validation) {
	type box struct {
		id    int
		where string
	}
	var boxes []box
	for _, r := range d.Rows {
		boxes = append(boxes, box{r.ID, r.where()})
	}
	for _, p := range d.panels() {
		boxes = append(boxes, box{p.ID, p.where()})
	}
	first := map[int]string{}
	for _, b := range boxes {
		other, twice := first[b.id]
		switch {
		case b.id < 1:
			v.finding(duplicateID, b.where, "ids start at 1")
		case twice && b.id >= firstDerived:
			v.finding(duplicateID, b.where, "its title gives the same id as %s: set the ID of one of them", other)
		case twice:
			v.finding(duplicateID, b.where, "has the same id as %s", other)
		default:
			first[b.id] = b.where
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
		switch {
		case len(variable.Values) == 0:
			v.need(where, "series to read its values from", variable.Series)
			v.need(where, "label to read its values from", variable.Label)
		case variable.Series != "":
			v.bad(where, "has values and a series to read them from: leave one out")
		}
	}
	d.validateUse(known, v)
}

// validateUse reports variables that are used but not defined, or defined but
// not used.
func (d Dashboard) validateUse(known map[string]string, v *validation) {
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
	for _, r := range d.Rows {
		use(r.where(), r.Title, "$"+r.Repeat)
	}
	for _, p := range d.panels() {
		text, _ := p.Show.(Text)
		use(p.where(), p.Title, p.Description, text.Markdown, "$"+p.Repeat)
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
	var titles []string
	for _, p := range d.panels() {
		titles = append(titles, p.Title)
	}
	for _, a := range d.Annotations {
		v.need(a.where(), "expression", a.Expr)
		v.need(a.where(), "title", a.Title)
		v.need(a.where(), "colour", string(a.Color))
		for _, title := range a.Panels {
			if !slices.Contains(titles, title) {
				v.bad(a.where(), "names the panel %q, which does not exist: %q", title, titles)
			}
		}
	}
}
