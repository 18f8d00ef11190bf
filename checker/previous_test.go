package checker

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/checker/spec"
)

func TestCorruptFileIsRenamed(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if err := os.WriteFile(f.Path, []byte("app_preflight_runs_total{env=\"pap"), 0o644); err != nil {
		t.Fatal(err)
	}
	notes := f.write("paper", result("A", 0, "a1=pass"))
	aside := f.Path + ".corrupt-20260102T030405.000Z"
	if len(notes) != 1 || !strings.Contains(notes[0], aside) {
		t.Errorf("notes %q", notes)
	}
	if data, err := os.ReadFile(aside); err != nil || !strings.HasPrefix(string(data), "app_preflight_runs_total") {
		t.Errorf("the renamed file: %q, %v", data, err)
	}
	f.has(map[string]string{`app_preflight_runs_total{env="paper"}`: "1"})
}

// For any previous file, a run writes a complete one, and no valid counter
// falls. Or it fails and leaves the file as it is.
func FuzzPreviousTextfile(f *testing.F) {
	specs := []spec.Spec{{Name: "A", Reasons: []spec.Reason{{Name: "broken"}}}}
	textfile := Textfile{Namespace: "app", Specs: specs}
	report := Report{Started: start, Real: true, Results: []Result{result("A", time.Millisecond, "a1=fail:broken")}}
	textfile.Path = filepath.Join(f.TempDir(), "seed.prom")
	if _, err := textfile.Write(f.Context(), "paper", report); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(textfile.Path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	for _, seed := range []string{
		"", "\n", "app_preflight_runs_total{env=\"paper\"} 1e308\n", "# TYPE app_preflight_runs_total counter\napp_preflight_runs_total{env=\"paper\"} +Inf\n",
		"# TYPE app_preflight_duration_seconds histogram\napp_preflight_duration_seconds_bucket{env=\"paper\",le=\"NaN\"} 1\n",
		"# TYPE app_preflight_duration_seconds histogram\napp_preflight_duration_seconds_count{env=\"paper\"} 18446744073709551615\n",
		"app_preflight_last_success{env=\"paper\",env=\"paper\"} 1\n", "# HELP app_preflight_runs_total \xff\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, previous []byte) {
		file := textfile
		file.Path = filepath.Join(t.TempDir(), "preflight.prom")
		if err := os.WriteFile(file.Path, previous, 0o644); err != nil {
			t.Fatal(err)
		}
		var last float64
		for range 2 {
			before, err := os.ReadFile(file.Path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.Write(t.Context(), "paper", report); err != nil {
				after, readErr := os.ReadFile(file.Path)
				if !errors.Is(err, errOtherShape) || readErr != nil || !bytes.Equal(before, after) {
					t.Fatalf("%v, %v, the file was changed: %v", err, readErr, !bytes.Equal(before, after))
				}
				return
			}
			families := parseFile(t, file.Path)
			for _, name := range []string{"runs_total", "last_success", "check_status", "target_status", "build_info"} {
				if len(families["app_preflight_"+name].GetMetric()) == 0 {
					t.Errorf("%s is missing", name)
				}
			}
			runs := 0.0
			for _, s := range families["app_preflight_runs_total"].GetMetric() {
				if s.Label[0].GetValue() == "paper" {
					runs = s.Counter.GetValue()
				}
			}
			// From 2^53 on, a float cannot count by one.
			if !(runs >= 1) || math.IsInf(runs, 0) || runs < last || runs == last && runs < 1<<53 {
				t.Errorf("runs_total is %v after %v", runs, last)
			}
			last = runs
		}
	})
}
