package checks_test

import (
	"testing"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/internal/stack/system"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// The same system trades for real when it is armed, and not a position more is
// open than is allowed.
func TestAnArmedSystemIsReadyForLive(t *testing.T) {
	t.Parallel()
	redis, postgres := testservers.StartRedis(t), testservers.StartPostgres(t)
	ready, err := system.New(t.Context(), t.TempDir(), redis.URL(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ready.Close() })
	config, err := checks.ReadConfig(ready.Config())
	if err != nil {
		t.Fatal(err)
	}
	live := func(vars []string) checks.Report {
		all := config.Checks(checks.Setting{Env: "live", Lookup: system.Lookup(vars)})
		return checks.Runner{Checks: all, Real: true}.Run(t.Context())
	}
	failed := func(r checks.Report) (names []string) {
		for _, result := range r.Results {
			if result.Status != checks.Pass {
				names = append(names, result.Check)
			}
		}
		return names
	}
	if report := live(ready.LiveVars()); !report.Ready() || len(failed(report)) > 0 {
		t.Errorf("not ready: %+v", report)
	}
	if report := live(ready.Vars()); report.Ready() {
		t.Errorf("ready although nothing is armed: %+v", report)
	}
	ready.Binance.SetPosition("BTCUSDT", "-0.010")
	if report := live(ready.LiveVars()); report.Ready() || len(failed(report)) != 1 || failed(report)[0] != "Open Positions" {
		t.Errorf("a position is open: %+v", report)
	}
}
