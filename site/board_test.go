package site_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/site"
)

// board returns the site's dashboard System Health for a schedule, with the
// panels of alerts.
func board(t *testing.T, timing metrics.Timing) dashgen.Dashboard {
	t.Helper()
	in := site.Site()
	in.Timing = timing
	resolved, findings := model.New(in)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	checked, err := definitions.Check(&emit.Context{Site: resolved})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range checked.Dashboards {
		if d.UID == "arbitrage-system-health" {
			return d.Dashboard
		}
	}
	t.Fatal("the site has no board System Health")
	return dashgen.Dashboard{}
}

func systemHealth(t *testing.T, timing metrics.Timing) []byte {
	t.Helper()
	file, err := board(t, timing).JSON(timing)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Links and people depend on the position of the preflight's row and its
// panels.
func TestPreflightRow(t *testing.T) {
	t.Parallel()
	type place struct {
		ID            int
		Type, Title   string
		X, Y, W       int
		ThresholdTops []float64
	}
	var got []place
	for _, p := range decode(t, systemHealth(t, site.Site().Timing)).Panels {
		if p.ID < 8 || p.ID > 11 && p.ID != 100 {
			continue
		}
		var tops []float64
		for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
			tops = append(tops, s.Value)
		}
		got = append(got, place{p.ID, p.Type, p.Title, p.GridPos.X, p.GridPos.Y, p.GridPos.W, tops})
	}
	want := []place{
		{100, "row", "Preflight Health", 0, 24, 24, nil},
		{8, "stat", "Preflight Last Success", 0, 25, 6, []float64{0, 1}},
		{9, "stat", "Preflight Duration P95", 6, 25, 6, []float64{0, 0.1, 0.5}},
		{10, "piechart", "Check Status Breakdown", 12, 25, 6, []float64{0}},
		{11, "timeseries", "Redis/Postgres Latency", 18, 25, 6, []float64{0, 0.1, 0.5}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGoldenSignalsComeFirst(t *testing.T) {
	t.Parallel()
	var got []int
	for _, p := range decode(t, systemHealth(t, site.Site().Timing)).Panels {
		if p.GridPos.Y < 24 {
			got = append(got, p.ID)
		}
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7}, got); diff != "" {
		t.Error(diff)
	}
}

// The windows follow from the schedule, in thresholds too.
func TestWindowsFollowRunInterval(t *testing.T) {
	t.Parallel()
	timing := metrics.Timing{Run: time.Minute, Scrape: 5 * time.Second, Evaluation: 5 * time.Second}
	for _, p := range decode(t, systemHealth(t, timing)).Panels {
		switch p.ID {
		case 9:
			want := `histogram_quantile(0.95, sum by (env, le) (rate(arbitrage_preflight_duration_seconds_bucket{env=~"$env"}[6m])))`
			if got := p.Targets[0].Expr; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		case 16:
			steps := p.FieldConfig.Defaults.Thresholds.Steps
			if got, want := steps[1].Value, 120.0; got != want {
				t.Errorf("two runs are %v seconds, want %v", got, want)
			}
		}
	}
}

func TestQueriesParseAndAreFilteredByEnv(t *testing.T) {
	t.Parallel()
	promql := parser.NewParser(parser.Options{})
	d := board(t, site.Site().Timing)
	queries := d.Queries(site.Site().Timing)
	for _, q := range queries {
		if _, err := promql.ParseExpr(q.Expr); err != nil {
			t.Errorf("%s: %v", q.Where, err)
		}
		if strings.Contains(q.Expr, "$") {
			t.Errorf("%s: a variable is left in %s", q.Where, q.Expr)
		}
	}
	for _, p := range d.AllPanels() {
		for _, target := range p.Targets {
			if !strings.Contains(target.Expr, `env=~"$env"`) {
				t.Errorf("panel %d %q is not filtered by $env: %s", p.ID, p.Title, target.Expr)
			}
		}
	}
}

// Grafana finds the data source by its uid, computes $__rate_interval from the
// scrape interval, and reads dashboards from the folder that the stack mounts.
func TestProvisioningAgrees(t *testing.T) {
	t.Parallel()
	const dir = "../monitoring/grafana/provisioning"
	var sources struct {
		Datasources []struct {
			Type, UID, URL string
			JSONData       struct {
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	readYAML(t, filepath.Join(dir, "datasources", "prometheus.yml"), &sources)
	var providers struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	readYAML(t, filepath.Join(dir, "dashboards", "preflight.yml"), &providers)
	if len(sources.Datasources) != 1 || len(providers.Providers) != 1 {
		t.Fatalf("want one data source and one provider, got %+v and %+v", sources, providers)
	}
	source := sources.Datasources[0]
	for _, p := range decode(t, systemHealth(t, site.Site().Timing)).Panels {
		if p.Type != "row" && (p.Datasource.UID != source.UID || p.Datasource.Type != source.Type) {
			t.Errorf("panel %d asks %+v, provisioned is %s of type %s", p.ID, p.Datasource, source.UID, source.Type)
		}
	}
	if source.URL != "http://prometheus:9090" {
		t.Errorf("the stack's Prometheus is not at %s", source.URL)
	}
	if interval, err := time.ParseDuration(source.JSONData.TimeInterval); err != nil || interval != site.Site().Timing.Scrape {
		t.Errorf("timeInterval is %q, scrapes are every %s", source.JSONData.TimeInterval, site.Site().Timing.Scrape)
	}
	if got := providers.Providers[0]; got.Type != "file" || got.Options.Path != "/var/lib/grafana/dashboards" {
		t.Errorf("dashboards are provisioned from %+v", got)
	}
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// saved is the part of a dashboard file that the tests read.
type saved struct {
	Panels []savedPanel
}

type savedPanel struct {
	ID          int
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Datasource  struct{ Type, UID string }
	Targets     []struct{ Expr, RefID string }
	FieldConfig struct {
		Defaults struct {
			Thresholds struct{ Steps []struct{ Value float64 } }
		}
	}
}

func decode(t *testing.T, file []byte) saved {
	t.Helper()
	var s saved
	if err := json.Unmarshal(file, &s); err != nil {
		t.Fatal(err)
	}
	return s
}
