package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestKills is a short version of "make chaos".
func TestKills(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"one webhook":   {Kills: 20, Outages: 4},
		"Slack":         {Kills: 20, Outages: 4, Transport: "slack"},
		"both services": {Kills: 10, Outages: 6, Stage: "both"},
		"two replicas":  {Kills: 10, Outages: 4, Replicas: 2, Fanout: true, OneMessage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Dir, c.Webhook, c.Seed, c.Log = openDir(t), build(t), uint64(time.Now().UnixNano()), t.Output()
			report, err := Run(t.Context(), c)
			report.Print(t.Output())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range report.Problems {
				t.Error(p)
			}
			if report.Kills < c.Kills || report.Acknowledged < 20 || report.Messages < 20 {
				t.Errorf("the load was too low to prove anything: %+v", report)
			}
		})
	}
}

// build compiles the webhook from the present sources.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "preflight-webhook")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/alertnative/preflight/cmd/preflight-webhook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// openDir returns a temporary folder that PostgreSQL's user may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "preflight-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
