package checker

import (
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

func TestIncompatibleSeriesRestartWithNote(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", result("A", time.Second, "a1=pass"), result("B", 0, "b1=pass"))
	data, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	old := string(data) + "# TYPE app_preflight_gone_total counter\napp_preflight_gone_total{env=\"paper\"} 7\n"
	old = strings.Replace(old, "Runs of the preflight.", "Another help.", 1)
	old = strings.ReplaceAll(old, `check_duration_seconds_bucket{check="A",env="paper",le="0.25"}`, `check_duration_seconds_bucket{check="A",env="paper",le="0.3"}`)
	old = strings.ReplaceAll(old, `check="B"`, `check="Old"`)
	if err := os.WriteFile(f.Path, []byte(old), 0o644); err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(f.write("paper", result("A", time.Second, "a1=pass"), result("B", 0, "b1=pass")), "\n")
	for _, want := range []string{
		"app_preflight_gone_total is no longer a metric of the preflight: it is dropped",
		"app_preflight_check_duration_seconds had other buckets before: it restarts",
		`the check "Old" no longer exists: its series are dropped`,
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
	f.has(map[string]string{
		`app_preflight_runs_total{env="paper"}`:                             "2",
		`app_preflight_check_duration_seconds_count{check="A",env="paper"}`: "1",
		`app_preflight_checks_total{check="Old",env="paper",status="pass"}`: "-",
		`app_preflight_checks_total{check="B",env="paper",status="pass"}`:   "1",
	})
	data, err = os.ReadFile(f.Path)
	if err != nil || !strings.Contains(string(data), "Runs of the preflight.") || strings.Contains(string(data), "Another help.") {
		t.Errorf("help texts are not rewritten from the catalogue (%v)", err)
	}
}

// For any previous file, a run writes a complete one, and no valid counter
// falls.
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
			if _, err := file.Write(t.Context(), "paper", report); err != nil {
				t.Fatal(err)
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
