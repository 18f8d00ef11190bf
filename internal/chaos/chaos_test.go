package chaos

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestTwentyKills is the beginning of what "make chaos" does at length.
func TestTwentyKills(t *testing.T) {
	t.Parallel()
	report, err := Run(t.Context(), Config{
		Dir: openDir(t), Webhook: build(t), Seed: uint64(time.Now().UnixNano()), Kills: 20, Outages: 4, Log: t.Output(),
	})
	report.Print(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Error(p)
	}
	if report.Kills < 20 || report.Acknowledged < 20 || report.Messages < 20 {
		t.Errorf("the load was too low to prove anything: %+v", report)
	}
}

// build builds the webhook as it is now.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "preflight-webhook")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/alertnative/preflight/cmd/preflight-webhook").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// openDir is a temporary folder that PostgreSQL's user may enter.
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
