package stack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/stack"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/site"
)

// quickSite returns the shipped site, scraped and evaluated every second. A run
// of the checker may be slow for an hour, so that a busy machine makes no
// alert of its own.
func quickSite() preflight.Site {
	s := site.Site()
	s.Timing.Scrape, s.Timing.Evaluation = time.Second, time.Second
	for i := range s.Jobs {
		s.Jobs[i].Interval = "1s"
	}
	for i := range s.Packs {
		if s.Packs[i].Name == "trading" {
			s.Packs[i] = s.Packs[i].With(preflight.Override{Alert: "PreflightSlow", For: "1h"})
		}
		for g := range s.Packs[i].Groups {
			s.Packs[i].Groups[g].Interval = "1s"
		}
	}
	return s
}

// loop is the checker, its databases, node_exporter and Prometheus, and the
// other parts of the stack that a test requests.
type loop struct {
	t        *testing.T
	stack    *stack.Stack
	dir      string // folder of the stack
	prom     promv1.API
	redis    *testservers.Redis
	postgres *testservers.Postgres
	system   *system.System
}

// newLoop starts the databases and makes a ready system.
func newLoop(t *testing.T) *loop {
	t.Helper()
	l := &loop{t: t, redis: testservers.StartRedis(t), postgres: testservers.StartPostgres(t)}
	var err error
	if l.system, err = system.New(t.Context(), t.TempDir(), l.redis.URL(), l.postgres.DSN()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.system.Close() })
	return l
}

// start builds our programs and starts the parts of the stack.
func (l *loop) start(cfg stack.Config) {
	l.t.Helper()
	l.startSite(quickSite(), cfg)
}

func (l *loop) startSite(s preflight.Site, cfg stack.Config) {
	t := l.t
	t.Helper()
	cfg.Dir, cfg.Generated, cfg.Bin = t.TempDir(), t.TempDir(), t.TempDir()
	l.dir = cfg.Dir
	files, err := codegen.Generate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if err := codegen.Write(cfg.Generated, files); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"preflight", "preflight-webhook"} {
		build := exec.Command("go", "build", "-o", cfg.Bin, "github.com/alertnative/preflight/cmd/"+program)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", program, err, out)
		}
	}
	if l.stack, err = stack.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.stack.Down(); err != nil {
			t.Error(err)
		}
	})
	client, err := api.NewClient(api.Config{Address: l.stack.URL(stack.Prometheus)})
	if err != nil {
		t.Fatal(err)
	}
	l.prom = promv1.NewAPI(client)
}

// check runs the checker and compares its result. vars are added to its
// environment.
func (l *loop) check(want bool, vars ...string) {
	l.t.Helper()
	var out strings.Builder
	ready, err := l.stack.Check(l.t.Context(), stack.Checker{
		Config: l.system.Config(), Env: "paper", Out: &out, Vars: slices.Concat(l.system.Vars(), vars),
	})
	if err != nil || ready != want {
		l.t.Fatalf("the checker finds all well: %v, %v, want %v\n%s", ready, err, want, out.String())
	}
}

// query returns the instant result of an expression.
func (l *loop) query(expr string) model.Vector {
	l.t.Helper()
	v, _, _, err := l.prom.Query(l.t.Context(), expr, time.Now())
	if err != nil {
		l.t.Fatalf("%s: %v", expr, err)
	}
	vector, ok := v.(model.Vector)
	if !ok {
		l.t.Fatalf("%s is a %s", expr, v.Type())
	}
	return vector
}

// eventually waits until the condition holds. If it never does, the test fails
// with the last value seen.
func (l *loop) eventually(what string, condition func() (ok bool, seen any)) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	for {
		ok, seen := condition()
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			l.t.Fatalf("timeout: %s; last seen: %v", what, seen)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *loop) eventuallyHas(expr string) {
	l.t.Helper()
	l.eventually(expr, func() (bool, any) { v := l.query(expr); return len(v) > 0, v })
}

// firing returns the firing instances of an alert.
func (l *loop) firing(alert string) []promv1.Alert {
	l.t.Helper()
	all, err := l.prom.Alerts(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	var out []promv1.Alert
	for _, a := range all.Alerts {
		if string(a.Labels[model.AlertNameLabel]) == alert && a.State == promv1.AlertStateFiring {
			out = append(out, a)
		}
	}
	return out
}

// evaluated waits for n more evaluations of the preflight group.
func (l *loop) evaluated(n int) {
	l.t.Helper()
	count := func() float64 {
		v := l.query(`prometheus_rule_group_iterations_total{rule_group=~".*;preflight"}`)
		if len(v) == 0 {
			return 0
		}
		return float64(v[0].Value)
	}
	start := count()
	l.eventually(fmt.Sprintf("%d evaluations", n), func() (bool, any) { c := count(); return c >= start+float64(n), c })
}

func TestFailureFiresHoldsAndResolves(t *testing.T) {
	t.Parallel()
	l := newLoop(t)
	l.start(stack.Config{Parts: []string{stack.NodeExporter, stack.Prometheus}})
	l.check(true)
	l.eventuallyHas(`arbitrage_preflight_ready_for_live{env="paper"} == 1`)
	l.evaluated(2)
	if got := l.firing("PreflightCheckFailed"); len(got) != 0 {
		t.Fatalf("fires although all passes: %v", got)
	}

	l.redis.Stop()
	l.check(false)
	l.eventually("PreflightCheckFailed fires", func() (bool, any) { f := l.firing("PreflightCheckFailed"); return len(f) == 1, f })
	alert := l.firing("PreflightCheckFailed")[0]
	want := model.LabelSet{
		"alertname": "PreflightCheckFailed", "priority": "P0", "source": "system",
		"env": "paper", "check": "Database", "target": "redis",
	}
	if d := cmp.Diff(want, alert.Labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
	for name, want := range map[model.LabelName]model.LabelValue{
		"reason": "connection_refused", "headline": "Preflight failed (7/8 PASS, 1 FAIL)", "summary": "Database: redis failed",
	} {
		if got := alert.Annotations[name]; got != want {
			t.Errorf("annotation %s is %q, want %q", name, got, want)
		}
	}
	since := alert.ActiveAt

	l.stack.Kill(stack.NodeExporter)
	l.eventuallyHas(`up{job="node_exporter"} == 0`)
	l.eventually("the series go stale", func() (bool, any) {
		v := l.query("arbitrage_preflight_target_status")
		return len(v) == 0, v
	})
	l.evaluated(3)
	held := l.firing("PreflightCheckFailed")
	if len(held) != 1 || !held[0].ActiveAt.Equal(since) {
		t.Fatalf("while node_exporter is dead: %v, want the alert that has fired since %s", held, since)
	}

	l.redis.Start()
	l.check(true)
	if err := l.stack.Start(t.Context(), stack.NodeExporter); err != nil {
		t.Fatal(err)
	}
	l.eventually("PreflightCheckFailed resolves", func() (bool, any) { f := l.firing("PreflightCheckFailed"); return len(f) == 0, f })
	if v := l.query(`arbitrage_preflight_last_success{env="paper"} == 1`); len(v) != 1 {
		t.Errorf("resolved without a successful run: %v", v)
	}
}

func TestEveryPreflightPanelHasData(t *testing.T) {
	t.Parallel()
	l := newLoop(t)
	l.start(stack.Config{Parts: []string{stack.NodeExporter, stack.Prometheus}})
	for range 3 { // rates need runs between scrapes
		before := l.query(`arbitrage_preflight_runs_total{env="paper"}`)
		l.check(true)
		want := 1.0
		if len(before) > 0 {
			want = float64(before[0].Value) + 1
		}
		l.eventuallyHas(fmt.Sprintf(`arbitrage_preflight_runs_total{env="paper"} == %v`, want))
	}
	l.evaluated(2)
	queries := l.panelQueries("arbitrage-system-health")
	for id := 8; id <= 11; id++ {
		if len(queries[id]) == 0 {
			t.Errorf("panel %d has no query", id)
		}
		for _, expr := range queries[id] {
			if !strings.Contains(expr, "env=~") {
				t.Errorf("panel %d is not filtered by env: %s", id, expr)
			}
			v := l.query(strings.NewReplacer("$env", ".+", "$__rate_interval", "1m").Replace(expr))
			if len(v) == 0 || math.IsNaN(float64(v[0].Value)) {
				t.Errorf("panel %d returns %v: %s", id, v, expr)
			}
		}
	}
}

// panelQueries returns the queries of a generated dashboard by panel.
func (l *loop) panelQueries(uid string) map[int][]string {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(l.dir, "generated", "grafana", "dashboards", uid+".json"))
	if err != nil {
		l.t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		l.t.Fatal(err)
	}
	queries := map[int][]string{}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			queries[p.ID] = append(queries[p.ID], target.Expr)
		}
	}
	return queries
}
