// Package dashgen writes Grafana dashboards from Go definitions.
//
// A [Dashboard] is a plain struct literal: panels with their place on the
// grid, their PromQL as text, and how they are drawn. [Dashboard.JSON] emits
// the file that Grafana provisions, in the very form in which Grafana itself
// would save it, so that a change of one panel is a change of a few lines.
// [Dashboard.Queries] lists every expression with the place it stands in, so
// that a checker can prove them before anybody looks at an empty panel.
//
// Expressions may use the units "runs" and "scrapes" of [metrics.Timing] for
// durations: a window then follows from the schedule instead of repeating it.
package dashgen

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// Dashboard is a Grafana dashboard over one Prometheus data source.
type Dashboard struct {
	UID         string // the stable part of its URL: letters, digits, "-" and "_", at most 40
	Title       string
	Description string
	Tags        []string
	Window      time.Duration // the time range it opens with, up to now
	Refresh     time.Duration // how often it reloads itself
	Variables   []Variable
	Annotations []Annotation
	Panels      []Panel // those above the first row
	Rows        []Row   // from top to bottom
}

// Row is a heading, which the reader can collapse, with the panels under it.
type Row struct {
	ID     int // unique among panels and rows
	Title  string
	Y      int // the line of the grid that the heading takes
	Panels []Panel
}

// Panel is one picture. What Grafana calls field options (unit, thresholds,
// mappings) is here because it means the same for every kind of picture; what
// belongs to one kind is in Show.
type Panel struct {
	ID          int // unique among panels and rows; links to the panel contain it
	Title       string
	Description string // what is read from it, and what to do about it
	Grid        Grid
	Targets     []Target
	Unit        Unit
	Decimals    *int     // digits after the point; nil lets Grafana choose
	Min, Max    *float64 // ends of the axis; nil follows the data
	Base        Color    // the colour below the first threshold; "" is Green
	Thresholds  []Threshold
	Mappings    []Mapping
	Series      []Series
	Show        Visualization
	Waivers     []finding.Waiver // findings about this panel that are none
}

// Grid is a place on the dashboard's grid, which is 24 columns wide. A line is
// about 30 pixels high.
type Grid struct{ X, Y, W, H int }

// Target is a query of a panel.
type Target struct {
	Expr string
	// Legend names each series; "{{env}}" stands for the value of a label.
	// A [Table] has columns instead.
	Legend string
}

// Variable is a choice at the top of the dashboard: the values that a label
// has in the series of a metric. Several can be chosen at once, or all, so
// expressions use it as a pattern: env=~"$env".
type Variable struct {
	Name        string
	Title       string // shown beside the choice
	Description string
	Series      string // the metric, or a selector
	Label       string // the label whose values are offered
}

// Annotation marks the times at which an expression is above zero: Grafana
// shows no mark for 0.
type Annotation struct {
	Name   string
	Expr   string
	Title  string // of a mark; "{{env}}" stands for the value of a label
	Text   string
	Color  Color
	Panels []int // the ids of the panels that show it
}

// JSON returns the dashboard as a file for Grafana's provisioning. The same
// definition always gives the same bytes. The error is that of
// [Dashboard.Validate].
func (d Dashboard) JSON(t metrics.Timing) ([]byte, error) {
	if err := d.Validate(t); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(d.board(t))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.where(), err)
	}
	file, err := canonical(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.where(), err)
	}
	return file, nil
}

// AllPanels returns the panels in reading order, those of rows included.
func (d Dashboard) AllPanels() []Panel {
	all := slices.Clone(d.Panels)
	for _, r := range d.Rows {
		all = append(all, r.Panels...)
	}
	return all
}

func (d Dashboard) where() string { return fmt.Sprintf("dashboard %q", d.UID) }

func (p Panel) where() string { return fmt.Sprintf("panel %d %q", p.ID, p.Title) }

func (r Row) where() string { return fmt.Sprintf("row %d %q", r.ID, r.Title) }

func (r Row) grid() Grid { return Grid{X: 0, Y: r.Y, W: columns, H: 1} }

// refID is the name of a panel's n-th query: A, B, … Z.
func refID(n int) string { return string(rune('A' + n)) }
