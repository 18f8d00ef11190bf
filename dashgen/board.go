package dashgen

import (
	"slices"
	"strings"

	"github.com/grafana-tools/sdk"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
)

// Constant fields of a dashboard that Grafana 12.4 saves.
const (
	schemaVersion = 42
	pluginVersion = "12.4.0" // built-in panels have Grafana's version
)

// datasource refers to a data source of Grafana.
type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// prometheus returns the data source of every query. Grafana's provisioning
// declares its uid.
func prometheus() datasource { return datasource{Type: "prometheus", UID: "prometheus"} }

// board is the sdk's board with newer fields of Grafana.
type board struct {
	*sdk.Board
	Annotations          list[annotation] `json:"annotations"`
	Description          string           `json:"description"`
	FiscalYearStartMonth int              `json:"fiscalYearStartMonth"`
	LiveNow              bool             `json:"liveNow"`
	Preload              bool             `json:"preload"`
	Templating           list[any]        `json:"templating"`
	Timepicker           struct{}         `json:"timepicker"`
	WeekStart            string           `json:"weekStart"`
}

type list[T any] struct {
	List []T `json:"list"`
}

// board converts a resolved dashboard to Grafana's form. It does not use the
// sdk's constructor, which numbers boards by a global counter.
func (d Dashboard) board(t metrics.Timing) board {
	b := board{
		Board: &sdk.Board{
			UID:           d.UID,
			Title:         d.Title,
			Tags:          append([]string{}, d.Tags...),
			Timezone:      "browser",
			Editable:      true,
			GraphTooltip:  1, // shared crosshair
			SchemaVersion: schemaVersion,
			Version:       1,
			Links:         []sdk.Link{},
			Time:          sdk.Time{From: d.from(t), To: "now"},
			Refresh:       &sdk.BoolString{Value: model.Duration(mustDuration(d.Refresh, t)).String()},
		},
		Description: d.Description,
		Annotations: list[annotation]{List: []annotation{handwritten()}},
		Templating:  list[any]{List: []any{}},
	}
	b.Panels = d.panelsJSON(t)
	for _, v := range d.Variables {
		b.Templating.List = append(b.Templating.List, v.grafana())
	}
	for _, a := range d.Annotations {
		b.Annotations.List = append(b.Annotations.List, a.grafana(d.panelIDs(a.Panels), t))
	}
	return b
}

// annotation is a query of annotations. It shares too little with the sdk's
// type to embed it.
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

// handwritten returns the query for annotations that people add in Grafana.
// Without builtIn, Grafana would add another one.
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

func (a Annotation) grafana(panels []int, t metrics.Timing) annotation {
	out := annotation{
		Datasource:  prometheus(),
		Enable:      true,
		IconColor:   a.Color,
		Name:        a.Name,
		Target:      &annotationTarget{Expr: expression(a.Expr, t), RefID: "Anno"},
		TextFormat:  a.Text,
		TitleFormat: a.Title,
	}
	if len(a.Panels) > 0 {
		out.Filter = &panelFilter{IDs: panels}
	}
	return out
}

// panelIDs returns the ids of the panels with one of the titles, in reading
// order.
func (d Dashboard) panelIDs(titles []string) []int {
	var ids []int
	for _, p := range d.panels() {
		if slices.Contains(titles, p.Title) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// panelsJSON returns the row headings and the panels with their positions. The
// panels of an open row follow its heading. A collapsed row contains its
// panels, and the next row is directly below its heading.
func (d Dashboard) panelsJSON(t metrics.Timing) []*sdk.Panel {
	list, y := panelsFrom(0, d.Panels, t)
	for _, r := range d.Rows {
		panels, next := panelsFrom(y+1, r.Panels, t)
		if r.Collapsed {
			list = append(list, r.sdk(y, panels))
			y++
			continue
		}
		list = append(list, r.sdk(y, []*sdk.Panel{}))
		list = append(list, panels...)
		y = next
	}
	return list
}

func panelsFrom(y int, panels []Panel, t metrics.Timing) ([]*sdk.Panel, int) {
	places, next := flow(panels, y)
	out := make([]*sdk.Panel, len(panels))
	for i, p := range panels {
		out[i] = p.sdk(places[i], t)
	}
	return out, next
}

func (r Row) sdk(y int, inside []*sdk.Panel) *sdk.Panel {
	return &sdk.Panel{
		CommonPanel: commonPanel(r.ID, r.Title, "row", heading(y)),
		CustomPanel: &sdk.CustomPanel{"collapsed": r.Collapsed, "panels": inside},
	}
}

func (p Panel) sdk(g grid, t metrics.Timing) *sdk.Panel {
	r := p.Show.render()
	body := sdk.CustomPanel{"options": r.options, "pluginVersion": pluginVersion}
	c := commonPanel(p.ID, p.Title, r.plugin, g)
	c.Description = &p.Description
	if _, text := p.Show.(Text); text {
		body["fieldConfig"] = emptyFieldConfig()
	} else {
		body["fieldConfig"] = p.fieldConfig(t)
		body["targets"] = p.targets(t)
		c.Datasource = prometheus()
	}
	if len(r.transformations) > 0 {
		body["transformations"] = r.transformations
	}
	return &sdk.Panel{CommonPanel: c, CustomPanel: &body}
}

// commonPanel returns the fields that the sdk knows for every panel.
func commonPanel(id int, title, plugin string, g grid) sdk.CommonPanel {
	c := sdk.CommonPanel{OfType: sdk.CustomType, ID: uint(id), Title: title, Type: plugin}
	c.GridPos.X, c.GridPos.Y, c.GridPos.W, c.GridPos.H = &g.x, &g.y, &g.w, &g.h
	return c
}

// target is a query in the form in which Grafana saves it.
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

// expression returns the text of a query for Grafana. It expands durations and
// keeps variables.
func expression(expr string, t metrics.Timing) string {
	return t.Expand(strings.TrimSpace(expr))
}
