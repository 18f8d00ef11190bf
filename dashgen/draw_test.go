package dashgen_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/filter"
	"github.com/alertnative/preflight/metrics"
)

// series is a catalogue in which every series has the label env, and names
// determine the units.
type series struct{}

func (series) Filter(expr string, variables []dashgen.Variable) (string, error) {
	return filter.Expr(expr, variables, func(_, label string) bool { return label == "env" })
}

func (series) Result(expr string) (metrics.Unit, []string) {
	var labels []string
	if strings.Contains(expr, "env") {
		labels = []string{"env"}
	}
	for _, unit := range []metrics.Unit{metrics.Seconds, metrics.Ratio, metrics.Bytes, metrics.Bool} {
		if strings.Contains(expr, string(unit)) {
			return unit, labels
		}
	}
	return metrics.None, labels
}

// health returns a dashboard with the panels.
func health(panels ...dashgen.Panel) dashgen.Dashboard {
	return dashgen.Dashboard{
		UID: "health", Title: "Health",
		Variables: []dashgen.Variable{{Name: "env", Series: "up", Label: "env"}},
		Rows:      []dashgen.Row{{Title: "Alerts", Panels: panels}},
	}
}

// alert returns an alert with an empty literal and upper thresholds.
func alert(name, expr string, thresholds ...float64) dashgen.AlertPanel {
	return dashgen.AlertPanel{
		Panel:    dashgen.Panel{Alert: name},
		Compared: dashgen.Compared{Expr: expr, Thresholds: thresholds, Fires: dashgen.Above},
	}
}

// draw returns the panels of the drawn dashboard and the result.
func draw(t *testing.T, d dashgen.Dashboard, alerts ...dashgen.AlertPanel) ([]dashgen.Panel, dashgen.Drawn) {
	t.Helper()
	drawn := d.Draw(schedule, alerts, series{})
	var panels []dashgen.Panel
	for _, r := range drawn.Dashboard.Rows {
		panels = append(panels, r.Panels...)
	}
	return panels, drawn
}

func TestDrawCompletesAnEmptyLiteral(t *testing.T) {
	t.Parallel()
	slow := alert("Slow", `max by (env) (max_over_time(run_seconds[3runs]))`, 0.5)
	slow.Compared.Title, slow.Compared.About = "Runs are slow", "A run takes long."
	got, drawn := draw(t, health(slow.Panel), slow)
	want := []dashgen.Panel{{
		Alert: "Slow", Title: "Runs are slow", Description: "A run takes long.", Unit: dashgen.Seconds,
		Targets: []dashgen.Target{{
			Expr: `max by (env) (max_over_time(run_seconds{env=~"$env"}[3runs]))`, Legend: "{{env}}",
		}},
		Thresholds: []dashgen.Threshold{{At: 0.5, Color: dashgen.Red}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || len(drawn.Findings) > 0 {
		t.Errorf("%v\n%s", drawn.Findings, diff)
	}
	if found := drawn.Dashboard.Validate(schedule); len(found) > 0 {
		t.Error(found)
	}
	if id := drawn.Dashboard.AllPanels()[0].ID; drawn.Panels["Slow"] != id || id < 1000 {
		t.Errorf("the alert has panel %d, the dashboard %d", drawn.Panels["Slow"], id)
	}
}

func TestDrawKeepsTheLiteral(t *testing.T) {
	t.Parallel()
	failed := alert("Failed", `status{status="fail"}`, 1)
	failed.Panel = dashgen.Panel{
		Alert: "Failed", ID: 8, Title: "Verdict", Description: "PASS or FAIL.", Unit: dashgen.Plain, Base: dashgen.Red,
		Targets: []dashgen.Target{{Expr: "last_success", Legend: "now"}}, Show: dashgen.Stat{},
	}
	got, drawn := draw(t, health(failed.Panel), failed)
	if diff := cmp.Diff([]dashgen.Panel{failed.Panel}, got); diff != "" || len(drawn.Findings) > 0 {
		t.Errorf("%v\n%s", drawn.Findings, diff)
	}
	if drawn.Panels["Failed"] != 8 {
		t.Errorf("the alert has panel %d", drawn.Panels["Failed"])
	}
}

func TestDrawColoursValuesThatFire(t *testing.T) {
	t.Parallel()
	low, veryLow, high := alert("Low", "free_bytes", 20), alert("VeryLow", "free_bytes", 5), alert("High", "free_bytes", 90)
	low.Compared.Fires, veryLow.Compared.Fires = dashgen.Below, dashgen.Below
	for _, a := range []*dashgen.AlertPanel{&low, &veryLow, &high} {
		a.Panel.Title = "Free"
	}
	got, _ := draw(t, health(low.Panel), low, veryLow, high)
	want := []dashgen.Threshold{{At: 5, Color: dashgen.Red}, {At: 20, Color: dashgen.Green}, {At: 90, Color: dashgen.Red}}
	if diff := cmp.Diff(want, got[0].Thresholds); diff != "" || got[0].Base != dashgen.Red || got[0].Unit != dashgen.Bytes {
		t.Errorf("base %s, unit %s\n%s", got[0].Base, got[0].Unit, diff)
	}
	if len(got[0].Targets) != 1 {
		t.Errorf("one expression is drawn as %v", got[0].Targets)
	}
}

func TestDrawSharesPanelByTitle(t *testing.T) {
	t.Parallel()
	redis, postgres := alert("RedisSlow", "redis_seconds", 0.5), alert("PostgresSlow", "postgres_seconds", 0.5)
	redis.Panel.Title, redis.Panel.ID, redis.Panel.Legend = "Latency", 11, "Redis {{env}}"
	postgres.Panel.Title, postgres.Panel.Width = "Latency", 6
	got, drawn := draw(t, health(postgres.Panel, redis.Panel), redis, postgres)
	want := []dashgen.Panel{{
		Alert: "RedisSlow", ID: 11, Title: "Latency", Legend: "Redis {{env}}", Width: 6, Unit: dashgen.Seconds,
		Description: "The alert RedisSlow watches these values.\n\nThe alert PostgresSlow watches these values.",
		Targets: []dashgen.Target{
			{Expr: `redis_seconds{env=~"$env"}`, Legend: "Redis {{env}}"},
			{Expr: `postgres_seconds{env=~"$env"}`, Legend: "PostgresSlow {{env}}"},
		},
		Thresholds: []dashgen.Threshold{{At: 0.5, Color: dashgen.Red}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || len(drawn.Findings) > 0 {
		t.Errorf("%v\n%s", drawn.Findings, diff)
	}
	if diff := cmp.Diff(map[string]int{"RedisSlow": 11, "PostgresSlow": 11}, drawn.Panels); diff != "" {
		t.Error(diff)
	}
}

// A title with a template does not name a panel. Alerts with one title share a
// panel, whether it is their own title or that of their panel. A title that
// another alert gets later does not move a panel to which messages link.
func TestDrawNamesPanelsByTheirAlerts(t *testing.T) {
	t.Parallel()
	a, b, c, d := alert("A", "a_seconds", 1), alert("B", "b_seconds", 2), alert("C", "c"), alert("D", "d_seconds", 3)
	a.Compared.Title, b.Compared.Title, c.Compared.Title, d.Panel.Title = "Slow", "Slow", "{{ $labels.env }} is slow", "Slow"
	_, alone := draw(t, health(a.Panel), a)
	got, drawn := draw(t, health(a.Panel, b.Panel, c.Panel, d.Panel), a, b, c, d)
	var titles []string
	for _, p := range got {
		titles = append(titles, p.Title)
	}
	if diff := cmp.Diff([]string{"Slow", "C"}, titles); diff != "" || len(drawn.Findings) > 0 {
		t.Errorf("%v\n%s", drawn.Findings, diff)
	}
	id := alone.Panels["A"]
	if diff := cmp.Diff(map[string]int{"A": id, "B": id, "C": drawn.Panels["C"], "D": id}, drawn.Panels); diff != "" || drawn.Panels["C"] == id {
		t.Error(diff)
	}
}

func TestDrawColoursValuesThatAreEqual(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expr string
		at   float64
		side dashgen.Side
		base dashgen.Color
		want []dashgen.Threshold
	}{
		{"up_bool", 0, dashgen.Equal, dashgen.Green, []dashgen.Threshold{{At: 0, Color: dashgen.Red}, {At: 1, Color: dashgen.Green}}},
		{"error_bool", 1, dashgen.Equal, dashgen.Green, []dashgen.Threshold{{At: 1, Color: dashgen.Red}}},
		{"up_bool", 1, dashgen.Unequal, dashgen.Red, []dashgen.Threshold{{At: 1, Color: dashgen.Green}}},
		{"state", 2, dashgen.Equal, dashgen.Green, []dashgen.Threshold{{At: 2, Color: dashgen.Red}, {At: 3, Color: dashgen.Green}}},
		{"state", 2, dashgen.Unequal, dashgen.Red, []dashgen.Threshold{{At: 2, Color: dashgen.Green}, {At: 3, Color: dashgen.Red}}},
	} {
		a := alert("A", c.expr, c.at)
		a.Compared.Fires = c.side
		got, _ := draw(t, health(a.Panel), a)
		if diff := cmp.Diff(c.want, got[0].Thresholds); diff != "" || got[0].Base != c.base {
			t.Errorf("%+v: base %s\n%s", c, got[0].Base, diff)
		}
	}
}

func TestDrawFillsInUnitsAndLegends(t *testing.T) {
	t.Parallel()
	got, _ := draw(t, health(
		dashgen.Panel{Title: "Share", Targets: []dashgen.Target{{Expr: `errors_ratio{env=~"$env"}`}, {Expr: "total"}}},
		dashgen.Panel{Title: "List", Targets: []dashgen.Target{{Expr: "env"}}, Unit: dashgen.Count, Show: dashgen.Table{}},
	))
	want := []dashgen.Panel{
		{Title: "Share", Unit: dashgen.Ratio, Targets: []dashgen.Target{{Expr: `errors_ratio{env=~"$env"}`, Legend: "{{env}}"}, {Expr: "total", Legend: "Share"}}},
		{Title: "List", Unit: dashgen.Count, Targets: []dashgen.Target{{Expr: "env"}}, Show: dashgen.Table{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDrawFindings(t *testing.T) {
	t.Parallel()
	slow, full := alert("Slow", "a_seconds", 1), alert("Full", "b_bytes", 2)
	titled := func(a dashgen.AlertPanel) dashgen.AlertPanel {
		a.Panel.Title = "Host"
		return a
	}
	small, large := titled(slow), titled(alert("Other", "c_seconds", 2))
	small.Panel.Width, large.Panel.Width = 6, 12
	for want, test := range map[string]struct {
		board  dashgen.Dashboard
		alerts []dashgen.AlertPanel
		code   finding.Code
	}{
		`panel "": is the panel of the alert "Gone", which the site does not have: name an alert`: {
			health(dashgen.Panel{Alert: "Gone"}), nil, "GR010",
		},
		`panel "Own": is the panel of the alert "Slov", which the site does not have: name an alert, or give the panel a Title and Targets of its own; did you mean "Slow"?`: {
			health(dashgen.Panel{Alert: "Slov", Title: "Own", Targets: []dashgen.Target{{Expr: "a_seconds"}}}), []dashgen.AlertPanel{slow}, "GR010",
		},
		`panel "": is the panel of the alert "Slow", which the dashboard has twice`: {
			health(slow.Panel, slow.Panel), []dashgen.AlertPanel{slow}, "GR010",
		},
		`panel "Watchdog": the alert "Watchdog" reads no series and has no Targets`: {
			health(alert("Watchdog", "").Panel), []dashgen.AlertPanel{alert("Watchdog", "")}, "GR010",
		},
		`panel "Host": the alerts that share it, which have one title, have different units: Slow "s", Full "bytes"`: {
			health(titled(slow).Panel), []dashgen.AlertPanel{titled(slow), titled(full)}, "GR005",
		},
		`panel "Host": the alerts that share it, which have one title, differ in Width`: {
			health(small.Panel), []dashgen.AlertPanel{small, large}, "GR011",
		},
		`alert "Broken": sum(:`: {
			health(alert("Broken", "sum(").Panel), []dashgen.AlertPanel{alert("Broken", "sum(")}, "PQ001",
		},
	} {
		_, drawn := draw(t, test.board, test.alerts...)
		if len(drawn.Findings) != 1 {
			t.Errorf("%d findings, want %s: %v", len(drawn.Findings), want, drawn.Findings)
			continue
		}
		f := drawn.Findings[0]
		if got := f.Where + ": " + f.Reason; f.Code != test.code || !strings.Contains(got, want) {
			t.Errorf("got  %s %s\nwant %s %s", f.Code, got, test.code, want)
		}
	}
}

// A panel that is complete without its alert stays on a site that does not have
// the alert.
func TestAPanelOfAnAlertOfAnotherPack(t *testing.T) {
	t.Parallel()
	own := dashgen.Panel{Alert: "TargetDown", Title: "Scrapes", Description: "Failed.", Targets: []dashgen.Target{{Expr: "a_seconds"}}}
	data, drawn := draw(t, health(own), alert("Slow", "b_seconds", 1))
	if len(drawn.Findings) > 0 || !strings.Contains(fmt.Sprint(data), "Scrapes") {
		t.Errorf("%v\n%v", drawn.Findings, data)
	}
}
