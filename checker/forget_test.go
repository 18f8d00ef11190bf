package checker

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestForget(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("live", result("A", 0, "a1=fail:broken"), result("B", 0, "b1=pass"))
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=pass"))
	before := f.series()
	if _, err := f.forget(t.Context(), "live"); err != nil {
		t.Fatal(err)
	}
	after := f.series()
	for name, value := range before {
		if got, ok := after[name]; ok == strings.Contains(name, `env="live"`) || ok && got != value {
			t.Errorf("%s was %s and is %q", name, value, got)
		}
	}
	if _, err := f.forget(t.Context(), "live"); err == nil || !strings.Contains(err.Error(), `has no environment "live": it has paper`) {
		t.Errorf("a second time: %v", err)
	}
	// The counters of other environments continue. Forgetting the last
	// environment removes the file.
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=pass"))
	f.has(map[string]string{`app_preflight_runs_total{env="paper"}`: "2"})
	if _, err := f.forget(t.Context(), "paper"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file still exists: %v", err)
	}
	if _, err := f.forget(t.Context(), "paper"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}
