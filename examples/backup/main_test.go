package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/internal/testing/testservers"
)

// The example generates, and promtool agrees with its alert.
func TestPackIsProved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	if code := codegen.Main(pack(), []string{"--out=" + dir}, &out, &out); code != 0 {
		t.Fatalf("exit %d\n%s", code, out.String())
	}
	if code := codegen.Main(pack(), []string{"mutate"}, &out, &out); code != 0 {
		t.Errorf("mutants survive\n%s", out.String())
	}
	promtool := testservers.Binary(t, "promtool")
	for _, args := range [][]string{
		{"check", "config", filepath.Join(dir, "prometheus/prometheus.yml")},
		{"test", "rules", filepath.Join(dir, "prometheus/tests/BackupTooOld.yml")},
	} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
