// Package dashgen writes Grafana dashboards from Go definitions.
//
// A [Dashboard] is a plain literal: panels in reading order with their PromQL
// and their visualization. [Dashboard.Draw] adds the panels of alerts.
// [Dashboard.JSON] returns the file for Grafana's provisioning. It has the form
// in which Grafana saves dashboards, so that a changed panel changes few lines.
// [Dashboard.Queries] returns every expression for a checker.
//
// Expressions, windows and refresh intervals may use the units "runs" and
// "scrapes" of [metrics.Timing].
package dashgen

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// Dashboard is a Grafana dashboard over one Prometheus data source.
type Dashboard struct {
	UID, Title, Description string
	Folder                  string // "": the site's folder
	Tags                    []string
	Window, Refresh         string // time range up to now, and reload interval; "": "6h" and "1m"
	Variables               []Variable
	Annotations             []Annotation
	Panels                  []Panel // panels above the first row
	Rows                    []Row
}

// Row is a heading with the panels under it.
type Row struct {
	ID        int // 0: derived from the title
	Title     string
	Repeat    string // variable with one row per value
	Collapsed bool
	Panels    []Panel
}

// Panel is one panel. In an alert's literal every field may be omitted. Panels
// of a pack with one Title in their literals become one panel.
//
// Panels are placed from left to right. A panel that does not fit on the line
// starts the next one, below the highest panel of the line.
type Panel struct {
	Alert       string // alert of the panel; rules.Alert.Place sets it
	ID          int    // 0: derived from board and title
	Title       string
	Description string // meaning of the panel, and what to do about a problem
	Legend      string // legend of the alert's query; "": its labels
	Targets     []Target
	Repeat      string // variable with one panel per value

	Unit       Unit // "": the metric's unit
	Decimals   *int
	Min, Max   *float64
	Base       Color // colour below the first threshold; "": Green
	Thresholds []Threshold
	Mappings   []Mapping
	Overrides  []FieldOverride

	Width, Height int           // in columns of 24, and in lines; 0: 8
	Show          Visualization // nil: TimeSeries, with the thresholds as lines
	Waivers       []finding.Waiver
}

// Target is a query of a panel. The legend "{{env}}" shows the value of a label.
type Target struct{ Expr, Legend string }

// Variable is a selection at the top of a dashboard: the values of a label, or
// Values. Unless Single is set, users may select several values, so expressions
// match it as a pattern: env=~"$env".
type Variable struct {
	Name, Title, Description string // Title "": Name
	Series, Label            string // metric or selector, and the label with the values
	Values                   []string
	Single                   bool // only one value can be selected
}

// Annotation marks the times at which an expression is greater than zero.
type Annotation struct {
	Name, Expr, Title, Text string
	Color                   Color
	Panels                  []string // titles of panels; empty: all
}

// JSON returns the dashboard as a file for Grafana's provisioning. A definition
// always gives the same bytes. The error joins the findings of
// [Dashboard.Validate].
func (d Dashboard) JSON(t metrics.Timing) ([]byte, error) {
	if found := d.Validate(t); len(found) > 0 {
		errs := make([]error, len(found))
		for i, f := range found {
			errs[i] = f
		}
		return nil, errors.Join(errs...)
	}
	raw, err := json.Marshal(d.resolved().board(t))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.where(), err)
	}
	file, err := canonical(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.where(), err)
	}
	return file, nil
}

// AllPanels returns the panels in reading order, including those in rows, with
// their ids and sizes in Grafana.
func (d Dashboard) AllPanels() []Panel { return d.resolved().panels() }

func (d Dashboard) panels() []Panel {
	all := append([]Panel(nil), d.Panels...)
	for _, r := range d.Rows {
		all = append(all, r.Panels...)
	}
	return all
}

// Where returns the place of a panel in findings.
func (d Dashboard) Where(p Panel) string { return d.where() + ", " + p.where() }

func (d Dashboard) where() string { return fmt.Sprintf("dashboard %q", d.UID) }

func (p Panel) where() string { return numbered("panel", p.ID, p.Title) }

func (r Row) where() string { return numbered("row", r.ID, r.Title) }

// numbered returns a name made of id and title. It omits a derived id.
func numbered(kind string, id int, title string) string {
	if id == 0 || id >= firstDerived {
		return fmt.Sprintf("%s %q", kind, title)
	}
	return fmt.Sprintf("%s %d %q", kind, id, title)
}

// refID is the name of a panel's n-th query: A, B, … Z.
func refID(n int) string { return string(rune('A' + n)) }
