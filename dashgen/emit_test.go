package dashgen_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/internal/golden"
	"github.com/alertnative/preflight/metrics"
)

// gallery returns a dashboard with the features that the shipped dashboards do
// not use.
func gallery() dashgen.Dashboard {
	jobs := dashgen.Panel{
		Title: "Jobs", Description: "What runs, by job.", Unit: dashgen.Count,
		Targets: []dashgen.Target{{Expr: `count by (job) (up{env="$env", size=~"$size"})`, Legend: "{{job}}"}},
	}
	stacked, marked, wide := jobs, jobs, jobs
	stacked.Title, stacked.Show = "Jobs stacked", dashgen.TimeSeries{Stacked: true}
	marked.Title, marked.Thresholds = "Jobs, at least two", []dashgen.Threshold{{At: 1.5, Color: dashgen.Red}}
	wide.Title, wide.Width, wide.Height = "Jobs wide", 20, 3
	return dashgen.Dashboard{
		UID: "gallery", Title: "Gallery",
		Variables: []dashgen.Variable{
			{Name: "env", Series: "up", Label: "env", Single: true},
			{Name: "size", Title: "Size", Values: []string{"small", "large, dear"}},
			{Name: "mode", Values: []string{"on", "off"}, Single: true},
		},
		Annotations: []dashgen.Annotation{{Name: "down", Expr: "up == bool 0", Title: "down", Color: dashgen.Red}},
		Panels: []dashgen.Panel{
			{Title: "Read me", Width: 24, Height: 2, Show: dashgen.Text{Markdown: "Sizes are **$size**, mode is $mode."}},
		},
		Rows: []dashgen.Row{
			{Title: "Closed", Collapsed: true, Panels: []dashgen.Panel{jobs, wide}},
			{Title: "Open", Panels: []dashgen.Panel{stacked, marked}},
		},
	}
}

// schedule is the timing of the dashboards here.
var schedule = metrics.Timing{Run: 10 * time.Minute, Scrape: 15 * time.Second, Evaluation: 15 * time.Second}

func TestGalleryGolden(t *testing.T) {
	t.Parallel()
	got, err := gallery().JSON(schedule)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("testdata", "gallery.json"), got)
}

// A collapsed row contains its panels and has one line.
func TestCollapsedRow(t *testing.T) {
	t.Parallel()
	file, err := gallery().JSON(schedule)
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		Title   string
		GridPos struct{ X, Y, W, H int }
		Panels  []struct {
			Title   string
			GridPos struct{ X, Y, W, H int }
		}
	}
	var board struct{ Panels []place }
	if err := json.Unmarshal(file, &board); err != nil {
		t.Fatal(err)
	}
	var got []string
	lines := map[string]int{}
	for _, p := range board.Panels {
		got = append(got, p.Title)
		lines[p.Title] = p.GridPos.Y
		for _, inside := range p.Panels {
			lines[inside.Title] = inside.GridPos.Y
		}
	}
	if diff := cmp.Diff([]string{"Read me", "Closed", "Open", "Jobs stacked", "Jobs, at least two"}, got); diff != "" {
		t.Error(diff)
	}
	want := map[string]int{"Read me": 0, "Closed": 2, "Jobs": 3, "Jobs wide": 11, "Open": 3, "Jobs stacked": 4, "Jobs, at least two": 4}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

// Old messages link to the id, so it must not depend on other panels.
func TestDerivedIDsStay(t *testing.T) {
	t.Parallel()
	ids := func(d dashgen.Dashboard) map[string]int {
		out := map[string]int{}
		for _, p := range d.AllPanels() {
			out[p.Title] = p.ID
		}
		return out
	}
	want := ids(gallery())
	less := gallery()
	less.Panels, less.Rows[0].Panels = nil, less.Rows[0].Panels[1:]
	for title, id := range ids(less) {
		if id != want[title] || id < 1000 {
			t.Errorf("%s has id %d, before %d", title, id, want[title])
		}
	}
	other := gallery()
	other.UID = "other"
	if ids(other)["Jobs"] == want["Jobs"] {
		t.Error("the id does not depend on the dashboard")
	}
}

// A definition always gives the same bytes, also concurrently: the sdk has a
// global counter, and maps have no order.
func TestJSONIsDeterministic(t *testing.T) {
	t.Parallel()
	want, err := gallery().JSON(schedule)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			got, err := gallery().JSON(schedule)
			if err != nil || !bytes.Equal(want, got) {
				t.Errorf("an emission differs from the first (error: %v)", err)
			}
		})
	}
	wg.Wait()
}
