package dashgen

import (
	"slices"
	"strings"

	"github.com/alertnative/preflight/metrics"
	"github.com/grafana-tools/sdk"
	"github.com/prometheus/common/model"
)

// What Grafana 12.4 writes into every dashboard it saves.
const (
	schemaVersion = 42
	pluginVersion = "12.4.0" // the panels in use are built in: their version is Grafana's
)

// columns is the width of the grid.
const columns = 24

// datasource names a data source of Grafana.
type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// prometheus is the data source of every query. Grafana's provisioning
// declares it by this uid.
func prometheus() datasource { return datasource{Type: "prometheus", UID: "prometheus"} }

// board is the sdk's board with what Grafana has learned since.
type board struct {
	*sdk.Board
	Annotations          list[annotation] `json:"annotations"`
	Description          string           `json:"description"`
	FiscalYearStartMonth int              `json:"fiscalYearStartMonth"`
	LiveNow              bool             `json:"liveNow"`
	Preload              bool             `json:"preload"`
	Templating           list[variable]   `json:"templating"`
	Timepicker           struct{}         `json:"timepicker"`
	WeekStart            string           `json:"weekStart"`
}

type list[T any] struct {
	List []T `json:"list"`
}

// board makes Grafana's form of the dashboard. It builds the sdk's board by
// hand, as the sdk's constructor numbers boards from a global counter.
func (d Dashboard) board(t metrics.Timing) board {
	b := board{
		Board: &sdk.Board{
			UID:           d.UID,
			Title:         d.Title,
			Tags:          append([]string{}, d.Tags...),
			Timezone:      "browser",
			Editable:      true,
			GraphTooltip:  1, // all panels share the crosshair
			SchemaVersion: schemaVersion,
			Version:       1,
			Links:         []sdk.Link{},
			Time:          sdk.Time{From: "now-" + model.Duration(d.Window).String(), To: "now"},
			Refresh:       &sdk.BoolString{Value: model.Duration(d.Refresh).String()},
		},
		Description: d.Description,
		Annotations: list[annotation]{List: []annotation{handwritten()}},
		Templating:  list[variable]{List: []variable{}},
	}
	for _, p := range d.Panels {
		b.Panels = append(b.Panels, p.sdk(t))
	}
	for _, r := range d.Rows {
		b.Panels = append(b.Panels, r.sdk())
		for _, p := range r.Panels {
			b.Panels = append(b.Panels, p.sdk(t))
		}
	}
	for _, v := range d.Variables {
		b.Templating.List = append(b.Templating.List, v.grafana())
	}
	for _, a := range d.Annotations {
		b.Annotations.List = append(b.Annotations.List, a.grafana(t))
	}
	return b
}

// annotation shares too little with the sdk's to build on it.
type annotation struct {
	BuiltIn     int               `json:"builtIn,omitempty"`
	Datasource  datasource        `json:"datasource"`
	Enable      bool              `json:"enable"`
	Filter      *panelFilter      `json:"filter,omitempty"`
	Hide        bool              `json:"hide"`
	IconColor   Color             `json:"iconColor"`
	Name        string            `json:"name"`
	Target      *annotationTarget `json:"target,omitempty"`
	TextFormat  string            `json:"textFormat,omitempty"`
	TitleFormat string            `json:"titleFormat,omitempty"`
	Type        string            `json:"type,omitempty"`
}

type annotationTarget struct {
	Expr     string `json:"expr"`
	Interval string `json:"interval"`
	RefID    string `json:"refId"`
}

type panelFilter struct {
	Exclude bool  `json:"exclude"`
	IDs     []int `json:"ids"`
}

// handwritten is the query for the annotations that people write into Grafana.
// Without the mark builtIn Grafana would add another one.
func handwritten() annotation {
	return annotation{
		BuiltIn:    1,
		Datasource: datasource{Type: "grafana", UID: "-- Grafana --"},
		Enable:     true,
		Hide:       true,
		IconColor:  "rgba(0, 211, 255, 1)",
		Name:       "Annotations & Alerts",
		Type:       "dashboard",
	}
}

func (a Annotation) grafana(t metrics.Timing) annotation {
	return annotation{
		Datasource:  prometheus(),
		Enable:      true,
		Filter:      &panelFilter{IDs: slices.Clone(a.Panels)},
		IconColor:   a.Color,
		Name:        a.Name,
		Target:      &annotationTarget{Expr: expression(a.Expr, t), RefID: "Anno"},
		TextFormat:  a.Text,
		TitleFormat: a.Title,
	}
}

// variable is the sdk's with what Grafana has learned since.
type variable struct {
	sdk.TemplateVar
	AllowCustomValue bool          `json:"allowCustomValue"`
	Current          choice        `json:"current"`
	Definition       string        `json:"definition"`
	Description      string        `json:"description"`
	Query            variableQuery `json:"query"`
}

type choice struct {
	Text  string   `json:"text"`
	Value []string `json:"value"`
}

type variableQuery struct {
	QryType int    `json:"qryType"`
	Query   string `json:"query"`
	RefID   string `json:"refId"`
}

// Grafana's numbers for choices that a variable has.
const (
	labelValues      = 1        // the type of the query
	alphabetical     = 1        // the order of the values
	whenTimeRange    = int64(2) // the values are read anew when the time range changes
	variableQueryRef = "PrometheusVariableQueryEditor-VariableQuery"
)

func (v Variable) grafana() variable {
	refresh := whenTimeRange
	return variable{
		TemplateVar: sdk.TemplateVar{
			Name: v.Name, Label: v.Title, Type: "query", Datasource: prometheus(),
			Refresh: sdk.BoolInt{Value: &refresh}, Options: []sdk.Option{}, Sort: alphabetical,
			Multi: true, IncludeAll: true, AllValue: anyValue,
		},
		AllowCustomValue: true,
		Current:          choice{Text: "All", Value: []string{"$__all"}},
		Definition:       v.query(),
		Description:      v.Description,
		Query:            variableQuery{QryType: labelValues, Query: v.query(), RefID: variableQueryRef},
	}
}

// sdk is the heading of the row. Its panels follow it in the board's list:
// only a collapsed row holds them itself.
func (r Row) sdk() *sdk.Panel {
	return &sdk.Panel{
		CommonPanel: commonPanel(r.ID, r.Title, "row", r.grid()),
		CustomPanel: &sdk.CustomPanel{"collapsed": false, "panels": []any{}},
	}
}

func (p Panel) sdk(t metrics.Timing) *sdk.Panel {
	r := p.Show.render()
	body := sdk.CustomPanel{
		"fieldConfig":   p.fieldConfig(t),
		"options":       r.options,
		"pluginVersion": pluginVersion,
		"targets":       p.targets(t),
	}
	if len(r.transformations) > 0 {
		body["transformations"] = r.transformations
	}
	c := commonPanel(p.ID, p.Title, r.plugin, p.Grid)
	c.Datasource = prometheus()
	c.Description = &p.Description
	return &sdk.Panel{CommonPanel: c, CustomPanel: &body}
}

// commonPanel holds what the sdk itself knows of every panel.
func commonPanel(id int, title, plugin string, g Grid) sdk.CommonPanel {
	c := sdk.CommonPanel{OfType: sdk.CustomType, ID: uint(id), Title: title, Type: plugin}
	c.GridPos.X, c.GridPos.Y, c.GridPos.W, c.GridPos.H = &g.X, &g.Y, &g.W, &g.H
	return c
}

// target is a query as Grafana's Prometheus data source saves it.
type target struct {
	Datasource   datasource `json:"datasource"`
	EditorMode   string     `json:"editorMode"`
	Expr         string     `json:"expr"`
	Format       string     `json:"format"`
	Instant      bool       `json:"instant"`
	LegendFormat string     `json:"legendFormat"`
	Range        bool       `json:"range"`
	RefID        string     `json:"refId"`
}

func (p Panel) targets(t metrics.Timing) []target {
	r := p.Show.render()
	out := make([]target, len(p.Targets))
	for i, q := range p.Targets {
		out[i] = target{
			Datasource:   prometheus(),
			EditorMode:   "code",
			Expr:         expression(q.Expr, t),
			Format:       "time_series",
			Instant:      r.instant,
			LegendFormat: q.Legend,
			Range:        !r.instant,
			RefID:        refID(i),
		}
		if _, table := p.Show.(Table); table {
			out[i].Format = "table"
			out[i].LegendFormat = "__auto"
		}
	}
	return out
}

// expression is the text of a query in Grafana: durations are spelled out,
// variables stay.
func expression(expr string, t metrics.Timing) string {
	return t.Expand(strings.TrimSpace(expr))
}
