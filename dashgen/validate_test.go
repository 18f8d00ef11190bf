package dashgen_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
)

// small returns a dashboard without mistakes.
func small() dashgen.Dashboard {
	return dashgen.Dashboard{
		UID:         "small",
		Title:       "Small",
		Description: "For tests.",
		Window:      "1h",
		Refresh:     "1m",
		Variables: []dashgen.Variable{{
			Name: "env", Title: "Environment", Description: "Where.", Series: "up", Label: "env",
		}},
		Annotations: []dashgen.Annotation{{
			Name: "down", Expr: "up == bool 0", Title: "down", Color: dashgen.Red, Panels: []string{"Up"},
		}},
		Panels: []dashgen.Panel{{
			ID: 1, Title: "Up", Description: "What is up.", Width: 12, Height: 4,
			Targets: []dashgen.Target{{Expr: `up{env=~"$env"}`, Legend: "{{env}}"}},
			Unit:    dashgen.Plain, Show: dashgen.TimeSeries{},
		}},
		Rows: []dashgen.Row{{
			ID: 10, Title: "More",
			Panels: []dashgen.Panel{{
				ID: 2, Title: "Jobs", Description: "What there is.", Width: 12, Height: 4,
				Targets: []dashgen.Target{{Expr: "count by (job) (up)"}},
				Unit:    dashgen.Count,
				Show:    dashgen.Table{Columns: []dashgen.Column{{Field: "job", Title: "Job"}}, SortBy: "Job"},
			}},
		}},
	}
}

func TestValidateAcceptsCorrectDashboard(t *testing.T) {
	t.Parallel()
	if found := small().Validate(schedule); len(found) > 0 {
		t.Error(found)
	}
}

// uncoded returns the error without the codes of findings.
func uncoded(err error) string {
	return regexp.MustCompile(`\bGR\d{3}: `).ReplaceAllString(err.Error(), "")
}

// breakages maps an error to a change of the small dashboard that causes it.
type breakages map[string]func(*dashgen.Dashboard)

func (b breakages) run(t *testing.T) {
	t.Helper()
	t.Parallel()
	for want, breakIt := range b {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			d := small()
			breakIt(&d)
			file, err := d.JSON(schedule)
			if err == nil || !strings.Contains(uncoded(err), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if file != nil {
				t.Error("a broken dashboard was written")
			}
		})
	}
}

// panel changes the panel above the row.
func panel(change func(p *dashgen.Panel)) func(*dashgen.Dashboard) {
	return func(d *dashgen.Dashboard) { change(&d.Panels[0]) }
}

// table changes the panel in the row, which is a table.
func table(change func(p *dashgen.Panel, s *dashgen.Table)) func(*dashgen.Dashboard) {
	return func(d *dashgen.Dashboard) {
		p := &d.Rows[0].Panels[0]
		s := p.Show.(dashgen.Table)
		change(p, &s)
		p.Show = s
	}
}

func TestValidateBoard(t *testing.T) {
	breakages{
		`dashboard "a b": a uid has 1 to 40 letters, digits, "-" and "_"`: func(d *dashgen.Dashboard) { d.UID = "a b" },
		`dashboard "small": has no title`:                                 func(d *dashgen.Dashboard) { d.Title = "" },
		`dashboard "small": its window "6 h" is no time: write "6h"`:      func(d *dashgen.Dashboard) { d.Window = "6 h" },
		`dashboard "small": its window "0s" is no time`:                   func(d *dashgen.Dashboard) { d.Window = "0s" },
		`dashboard "small": its refresh "often" is no time`:               func(d *dashgen.Dashboard) { d.Refresh = "often" },
		`dashboard "small": Folder is not yet emitted`:                    func(d *dashgen.Dashboard) { d.Folder = "Teams" },
		`dashboard "small": has no panels`:                                func(d *dashgen.Dashboard) { d.Panels, d.Rows = nil, nil },
	}.run(t)
}

func TestValidateLayout(t *testing.T) {
	breakages{
		`panel -1 "Up": ids start at 1`:                   panel(func(p *dashgen.Panel) { p.ID = -1 }),
		`panel 10 "Up": has the same id as row 10 "More"`: panel(func(p *dashgen.Panel) { p.ID = 10 }),
		`panel "Up": its title gives the same id as panel "Up": set the ID of one of them`: func(d *dashgen.Dashboard) {
			d.Panels[0].ID = 0
			d.Panels = append(d.Panels, d.Panels[0])
		},
		`panel 1 "Up": is 25 columns wide and 4 lines high: a board has 24 columns`: panel(func(p *dashgen.Panel) { p.Width = 25 }),
		`panel 1 "Up": is 12 columns wide and -1 lines high`:                        panel(func(p *dashgen.Panel) { p.Height = -1 }),
		`row 10 "": has no title`:                                                   func(d *dashgen.Dashboard) { d.Rows[0].Title = "" },
		`row 10 "More": Repeat is not yet emitted`:                                  func(d *dashgen.Dashboard) { d.Rows[0].Repeat = "env" },
	}.run(t)
}

func TestValidateVariables(t *testing.T) {
	breakages{
		`variable "env": is used nowhere`:                 panel(func(p *dashgen.Panel) { p.Targets[0].Expr = "up" }),
		`variable "env": is defined twice`:                func(d *dashgen.Dashboard) { d.Variables = append(d.Variables, d.Variables[0]) },
		`variable "__range": a name starts`:               func(d *dashgen.Dashboard) { d.Variables[0].Name = "__range" },
		`variable "env": has no series to read`:           func(d *dashgen.Dashboard) { d.Variables[0].Series = "" },
		`variable "env": has no label to read`:            func(d *dashgen.Dashboard) { d.Variables[0].Label = "" },
		`variable "env": has values and a series to read`: func(d *dashgen.Dashboard) { d.Variables[0].Values = []string{"live"} },
		`panel 1 "Up", query A: uses the variable $envv, which`: panel(func(p *dashgen.Panel) {
			p.Targets[0].Expr = `up{env=~"${envv:regex}"}`
		}),
		`panel 1 "Up", query A: uses the variable $job, which`: panel(func(p *dashgen.Panel) { p.Targets[0].Legend = "[[job]]" }),
		`annotation "down": uses the variable $x, which`:       func(d *dashgen.Dashboard) { d.Annotations[0].Expr = "up == bool $x" },
	}.run(t)
}

func TestValidateAnnotations(t *testing.T) {
	breakages{
		`annotation "down": has no expression`:                                          func(d *dashgen.Dashboard) { d.Annotations[0].Expr = "" },
		`annotation "down": has no title`:                                               func(d *dashgen.Dashboard) { d.Annotations[0].Title = "" },
		`annotation "down": has no colour`:                                              func(d *dashgen.Dashboard) { d.Annotations[0].Color = "" },
		`annotation "down": names the panel "Upp", which does not exist: ["Up" "Jobs"]`: func(d *dashgen.Dashboard) { d.Annotations[0].Panels = []string{"Upp"} },
	}.run(t)
}

func TestValidatePanel(t *testing.T) {
	breakages{
		`panel 1 "": has no title`:                          panel(func(p *dashgen.Panel) { p.Title = "" }),
		`panel 1 "Up": has no description: add its meaning`: panel(func(p *dashgen.Panel) { p.Description = "" }),
		`panel 1 "Up": has no unit`:                         panel(func(p *dashgen.Panel) { p.Unit = "" }),
		`panel 1 "Up": has no query`:                        panel(func(p *dashgen.Panel) { p.Targets = nil }),
		`panel 1 "Up": has 27 queries, the most is 26`:      panel(func(p *dashgen.Panel) { p.Targets = slices.Repeat(p.Targets, 27) }),
		`panel 1 "Up", query A: has no expression`:          panel(func(p *dashgen.Panel) { p.Targets[0].Expr = "" }),
		`panel 1 "Up", query A: has no legend: without`:     panel(func(p *dashgen.Panel) { p.Targets[0].Legend = "" }),
		`panel 1 "Up": Repeat is not yet emitted`:           panel(func(p *dashgen.Panel) { p.Repeat = "env" }),
		`panel "": Raw is not yet emitted`:                  panel(func(p *dashgen.Panel) { *p = dashgen.Raw(`{"type": "heatmap"}`) }),
		`panel 1 "Up": is a text and has queries`:           panel(func(p *dashgen.Panel) { p.Show = dashgen.Text{Markdown: "Read on."} }),
		`panel 1 "Up": has no text`:                         panel(func(p *dashgen.Panel) { p.Show = dashgen.Text{} }),
		`panel 1 "Up": has -1 decimals`:                     panel(func(p *dashgen.Panel) { p.Decimals = new(-1) }),
		`panel 1 "Up": its axis ends (0) before it starts (1)`: panel(func(p *dashgen.Panel) {
			p.Min, p.Max = new(1.0), new(0.0)
		}),
	}.run(t)
}

func TestValidateFieldOptions(t *testing.T) {
	breakages{
		`panel 1 "Up": its thresholds must rise: 1 follows 1800`: panel(func(p *dashgen.Panel) {
			p.Thresholds = []dashgen.Threshold{{Runs: 3, Color: dashgen.Red}, {At: 1, Color: dashgen.Red}}
		}),
		`panel 1 "Up": has no colour for one of its thresholds`: panel(func(p *dashgen.Panel) {
			p.Thresholds = []dashgen.Threshold{{At: 1}}
		}),
		`panel 1 "Up": draws lines for thresholds that it does not have`: panel(func(p *dashgen.Panel) {
			p.Show = dashgen.TimeSeries{Lines: true}
		}),
		`panel 1 "Up": maps the value 1 twice`: panel(func(p *dashgen.Panel) {
			one := dashgen.Mapping{Value: 1, Text: "ONE", Color: dashgen.Red}
			p.Mappings = []dashgen.Mapping{one, one}
		}),
		`panel 1 "Up": has no text for one of its mappings`: panel(func(p *dashgen.Panel) {
			p.Overrides = []dashgen.FieldOverride{{Name: "a", Mappings: []dashgen.Mapping{{Value: 1, Color: dashgen.Red}}}}
		}),
		`panel 1 "Up": overrides nothing in the series "a"`: panel(func(p *dashgen.Panel) { p.Overrides = []dashgen.FieldOverride{{Name: "a"}} }),
		`panel 1 "Up": an override names either a series or a query`: panel(func(p *dashgen.Panel) {
			p.Overrides = []dashgen.FieldOverride{{Color: dashgen.Red}}
		}),
		`panel 1 "Up": changes query B, which it does not have`: panel(func(p *dashgen.Panel) {
			p.Overrides = []dashgen.FieldOverride{{Query: "B", Color: dashgen.Red}}
		}),
		`panel 1 "Up": only a table has cells to fill`: panel(func(p *dashgen.Panel) {
			p.Overrides = []dashgen.FieldOverride{{Name: "a", Fill: true}}
		}),
	}.run(t)
}

func TestValidateTable(t *testing.T) {
	breakages{
		`panel 2 "Jobs": a table shows one query, it has 2`: table(func(p *dashgen.Panel, _ *dashgen.Table) {
			p.Targets = slices.Repeat(p.Targets, 2)
		}),
		`panel 2 "Jobs": has no columns`: table(func(_ *dashgen.Panel, s *dashgen.Table) { s.Columns = nil }),
		`panel 2 "Jobs": has no title for one of its columns`: table(func(_ *dashgen.Panel, s *dashgen.Table) {
			s.Columns = []dashgen.Column{{Field: "job"}}
		}),
		`panel 2 "Jobs": has no field for one of its columns`: table(func(_ *dashgen.Panel, s *dashgen.Table) {
			s.Columns = []dashgen.Column{{Title: "Job"}}
		}),
		`panel 2 "Jobs": shows "job" in two columns`: table(func(_ *dashgen.Panel, s *dashgen.Table) {
			s.Columns = append(s.Columns, dashgen.Column{Field: "job", Title: "Other"})
		}),
		`panel 2 "Jobs": has two columns titled "Job"`: table(func(_ *dashgen.Panel, s *dashgen.Table) {
			s.Columns = append(s.Columns, dashgen.Column{Field: dashgen.Value, Title: "Job"})
		}),
		`panel 2 "Jobs": sorts by "Value", which is the title of no column: ["Job"]`: table(func(_ *dashgen.Panel, s *dashgen.Table) {
			s.SortBy = dashgen.Value
		}),
		`panel 2 "Jobs": changes "job", which is the title of no column: ["Job"]`: table(func(p *dashgen.Panel, _ *dashgen.Table) {
			p.Overrides = []dashgen.FieldOverride{{Name: "job", Fill: true}}
		}),
	}.run(t)
}

func TestFindingsNameThePanel(t *testing.T) {
	t.Parallel()
	d := small()
	d.Rows[0].Panels[0].ID = 0
	d.Rows[0].Panels[0].Description = ""
	p := d.AllPanels()[1]
	found := d.Validate(schedule)
	if want := `dashboard "small", panel "Jobs"`; len(found) != 1 || found[0].Where != want || d.Where(p) != want {
		t.Errorf("want %s, the panel is %s, found %v", want, d.Where(p), found)
	}
}

func TestValidateReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	d := small()
	d.Title = ""
	d.Panels[0].Unit = ""
	d.Rows[0].Panels[0].ID = 1
	_, err := d.JSON(metrics.Timing{})
	for _, want := range []string{
		"timing: Run is 0s", `dashboard "small": has no title`, `panel 1 "Up": has no unit`, `panel 1 "Jobs": has the same id as panel 1 "Up"`,
	} {
		if err == nil || !strings.Contains(uncoded(err), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
}
