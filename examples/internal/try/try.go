// Package try generates sites in tests and checks the files with Prometheus's
// and Alertmanager's own tools.
package try

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/codegen"
)

// Generate returns the folder with the generated files of a site. Findings fail
// the test.
func Generate(t *testing.T, site preflight.Site) string {
	t.Helper()
	dir := t.TempDir()
	if code, text := run(t, site, dir); code != 0 {
		t.Fatalf("exit %d\n%s", code, text)
	}
	return dir
}

// Findings returns the generator's findings on a site with mistakes.
func Findings(t *testing.T, site preflight.Site) string {
	t.Helper()
	code, text := run(t, site, t.TempDir())
	if code != 1 {
		t.Fatalf("exit %d, want 1\n%s", code, text)
	}
	return text
}

func run(t *testing.T, site preflight.Site, dir string) (code int, text string) {
	t.Helper()
	var out bytes.Buffer
	code = codegen.Run(t.Context(), []string{"--out=" + dir}, &out, &out, site)
	return code, out.String()
}

// Accepted runs promtool and amtool on the generated files.
func Accepted(t *testing.T, dir string) {
	t.Helper()
	if config := filepath.Join(dir, "prometheus/prometheus.yml"); exists(config) { // a site without jobs has none
		tool(t, "promtool", "check", "config", config)
	}
	tool(t, "promtool", append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files(t, dir, "prometheus/rules")...)...)
	tool(t, "promtool", append([]string{"test", "rules"}, files(t, dir, "prometheus/tests")...)...)
	tool(t, "amtool", "check-config", filepath.Join(dir, "alertmanager/alertmanager.yml"))
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func files(t *testing.T, dir, folder string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, folder, "*.yml"))
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: no files (%v)", folder, err)
	}
	return list
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(binary(t, name), args...).CombinedOutput(); err != nil {
		t.Errorf("%s %v: %v\n%s", name, args[:2], err, out)
	}
}

// binary returns the path of a tool in the folder PREFLIGHT_BIN, or in bin of
// the repository above this module.
func binary(t *testing.T, name string) string {
	t.Helper()
	folders := []string{os.Getenv("PREFLIGHT_BIN")}
	if folders[0] == "" {
		folders = []string{"../../bin", "../../../bin"}
	}
	for _, dir := range folders {
		path, err := filepath.Abs(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not in %v: run make tools", name, folders)
	return ""
}
