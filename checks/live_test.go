package checks_test

import (
	"testing"

	"github.com/alertnative/preflight/checker"
	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// An armed system is ready in a live environment, without positions beyond the
// allowed ones.
func TestArmedSystemIsReadyForLive(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	ready, err := system.New(t.Context(), t.TempDir(), redis.URL(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ready.Close() })
	config, err := checker.ReadConfig(ready.Config(), checks.Shipped()...)
	if err != nil {
		t.Fatal(err)
	}
	live := func(vars []string) checker.Report {
		return checker.Runner{Checks: config.Checks(), Real: true}.Run(t.Context(), config.Env("live", system.Lookup(vars)))
	}
	failed := func(r checker.Report) (names []string) {
		for _, result := range r.Results {
			if result.Status != checker.Pass {
				names = append(names, result.Check)
			}
		}
		return names
	}
	if report := live(ready.LiveVars()); !report.Ready() || len(failed(report)) > 0 {
		t.Errorf("not ready: %+v", report)
	}
	if report := live(ready.Vars()); report.Ready() {
		t.Errorf("ready without armed guards: %+v", report)
	}
	ready.Binance.SetPosition("BTCUSDT", "-0.010")
	if report := live(ready.LiveVars()); report.Ready() || len(failed(report)) != 1 || failed(report)[0] != "Open Positions" {
		t.Errorf("a position is open: %+v", report)
	}
}
