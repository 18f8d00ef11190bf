// Package dashgen writes Grafana dashboards from Go definitions.
//
// A [Dashboard] is a plain literal: panels in reading order, their PromQL as
// text, and how they are drawn. [Dashboard.Draw] adds the panels of alerts.
// [Dashboard.JSON] returns the file for Grafana's provisioning, in the form in
// which Grafana itself saves it, so that a change of one panel is a change of a
// few lines. [Dashboard.Queries] lists every expression for a checker.
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
	Folder                  string // "": that of the site
	Tags                    []string
	Window, Refresh         string // the time range up to now, and the time between two reloads; "": "6h" and "1m"
	Variables               []Variable
	Annotations             []Annotation
	Panels                  []Panel // above the first row
	Rows                    []Row
}

// Row is a heading with the panels under it.
type Row struct {
	ID        int // 0: derived from the title
	Title     string
	Repeat    string // a variable: one row for each of its values
	Collapsed bool
	Panels    []Panel
}

// Panel is one picture. In an alert's literal everything may be left out. Panels
// of a pack whose literals give the same Title are one.
//
// Panels stand side by side from left to right. A panel that does not fit on
// the line starts the next one, below the highest panel of the line.
type Panel struct {
	Alert       string // the alert that it is drawn from; rules.Alert.Place sets it
	ID          int    // 0: derived from board and title
	Title       string
	Description string // what the reader learns from it, and what to do about it
	Legend      string // of the query that comes from the alert; "": its labels
	Targets     []Target
	Repeat      string // a variable: one panel for each of its values

	Unit       Unit // "": that of the metric
	Decimals   *int
	Min, Max   *float64
	Base       Color // below the first threshold; "": Green
	Thresholds []Threshold
	Mappings   []Mapping
	Overrides  []FieldOverride

	Width, Height int           // in columns, of which there are 24, and lines; 0: 8
	Show          Visualization // nil: TimeSeries, with the thresholds as lines
	Waivers       []finding.Waiver
}

// Target is a query of a panel. The legend "{{env}}" shows the value of a label.
type Target struct{ Expr, Legend string }

// Variable is a choice at the top of a dashboard: the values of a label, or
// Values. Without Single, several or all can be chosen, so expressions use it
// as a pattern: env=~"$env".
type Variable struct {
	Name, Title, Description string // Title "": the name
	Series, Label            string // a metric or selector, and the label whose values it offers
	Values                   []string
	Single                   bool // one value at a time
}

// Annotation marks the times at which an expression is above zero.
type Annotation struct {
	Name, Expr, Title, Text string
	Color                   Color
	Panels                  []string // titles; none: all
}

// JSON returns the dashboard as a file for Grafana's provisioning. The same
// definition always gives the same bytes. The error joins the findings of
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

// AllPanels returns the panels in reading order, those of rows included, with
// the ids and sizes that they have in Grafana.
func (d Dashboard) AllPanels() []Panel { return d.resolved().panels() }

func (d Dashboard) panels() []Panel {
	all := append([]Panel(nil), d.Panels...)
	for _, r := range d.Rows {
		all = append(all, r.Panels...)
	}
	return all
}

// Where names a panel of the dashboard as findings about it do.
func (d Dashboard) Where(p Panel) string { return d.where() + ", " + p.where() }

func (d Dashboard) where() string { return fmt.Sprintf("dashboard %q", d.UID) }

func (p Panel) where() string { return numbered("panel", p.ID, p.Title) }

func (r Row) where() string { return numbered("row", r.ID, r.Title) }

// numbered names a thing by its id and title. It leaves out a derived id.
func numbered(kind string, id int, title string) string {
	if id == 0 || id >= firstDerived {
		return fmt.Sprintf("%s %q", kind, title)
	}
	return fmt.Sprintf("%s %d %q", kind, id, title)
}

// refID is the name of a panel's n-th query: A, B, … Z.
func refID(n int) string { return string(rune('A' + n)) }
