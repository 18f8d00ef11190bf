package checker

import (
	"os"
	"strings"
	"testing"
	"time"
)

// edit rewrites the file as another version might have written it.
func (f *file) edit(oldnew ...string) {
	f.t.Helper()
	data, err := os.ReadFile(f.Path)
	if err != nil {
		f.t.Fatal(err)
	}
	text := string(data)
	for i := 0; i < len(oldnew); i += 2 {
		if oldnew[i] == "" {
			text += oldnew[i+1]
			continue
		}
		if !strings.Contains(text, oldnew[i]) {
			f.t.Fatalf("the file lacks %q", oldnew[i])
		}
		text = strings.ReplaceAll(text, oldnew[i], oldnew[i+1])
	}
	if err := os.WriteFile(f.Path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// refuses checks that a run fails, explains it, and leaves the file as it is.
func (f *file) refuses(env string, wants ...string) {
	f.t.Helper()
	before, err := os.ReadFile(f.Path)
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = f.Write(f.t.Context(), env, Report{Started: start, Real: true, Results: both()})
	for _, want := range append(wants, f.Path, "give each version a file of its own (--metrics-output)") {
		if err == nil || !strings.Contains(err.Error(), want) {
			f.t.Errorf("error %v lacks %q", err, want)
		}
	}
	if after, err := os.ReadFile(f.Path); err != nil || string(after) != string(before) {
		f.t.Errorf("the file was changed (%v)", err)
	}
}

// both returns passing results of both checks. A took a second.
func both() []Result {
	return []Result{result("A", time.Second, "a1=pass"), result("B", 0, "b1=pass")}
}

func (f *file) notes(want ...string) {
	f.t.Helper()
	if notes := f.write("paper", both()...); strings.Join(notes, "\n") != strings.Join(want, "\n") {
		f.t.Errorf("notes %q, want %q", notes, want)
	}
}

func TestUnknownFamiliesAreCarriedOver(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	const other = `# HELP app_preflight_new_total Another version's.
# TYPE app_preflight_new_total counter
app_preflight_new_total{env="paper"} 7
# HELP app_preflight_new_seconds Another version's histogram.
# TYPE app_preflight_new_seconds histogram
app_preflight_new_seconds_bucket{env="paper",le="0.3"} 1
app_preflight_new_seconds_bucket{env="paper",le="+Inf"} 2
app_preflight_new_seconds_sum{env="paper"} 0.5
app_preflight_new_seconds_count{env="paper"} 2
# HELP app_preflight_summary_seconds A summary.
# TYPE app_preflight_summary_seconds summary
app_preflight_summary_seconds{env="paper",quantile="0.5"} 3
app_preflight_summary_seconds_sum{env="paper"} 6
app_preflight_summary_seconds_count{env="paper"} 2
# TYPE other_untyped untyped
other_untyped 1
`
	f.edit("", other)
	for range 3 {
		f.notes()
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(other) {
		if strings.Count(string(data), line) != 1 {
			t.Errorf("the file has %d times %q", strings.Count(string(data), line), line)
		}
	}
	f.has(map[string]string{`app_preflight_runs_total{env="paper"}`: "4"})
}

// Two versions with other buckets count in the buckets of the file.
func TestOtherBucketsAreKept(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	f.edit(
		`duration_seconds_bucket{check="A",env="paper",le="1"}`, `duration_seconds_bucket{check="A",env="paper",le="0.9"}`, `check="A",env="paper",le="0.9"} 1`, `check="A",env="paper",le="0.9"} 0`,
		`duration_seconds_bucket{check="B",env="paper",le="1"}`, `duration_seconds_bucket{check="B",env="paper",le="0.9"}`,
	)
	for range 4 {
		f.notes("app_preflight_check_duration_seconds keeps the buckets of the file, which another version wrote")
	}
	f.has(map[string]string{
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="0.9"}`:  "0", // A takes a second
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="1"}`:    "-",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="2.5"}`:  "5",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="+Inf"}`: "5",
		`app_preflight_check_duration_seconds_count{check="A",env="paper"}`:            "5",
		`app_preflight_check_duration_seconds_sum{check="A",env="paper"}`:              "5",
		`app_preflight_check_duration_seconds_bucket{check="B",env="paper",le="0.9"}`:  "5",
	})
	// A check that only this version has gets the same buckets.
	f.edit(`check="B"`, `check="Old"`)
	f.write("paper", both()...)
	f.has(map[string]string{
		`app_preflight_check_duration_seconds_bucket{check="B",env="paper",le="0.9"}`:   "1",
		`app_preflight_check_duration_seconds_bucket{check="B",env="paper",le="1"}`:     "-",
		`app_preflight_check_duration_seconds_bucket{check="Old",env="paper",le="0.9"}`: "5",
	})
}

// The counts of a check that only another version has stay. Its status does
// not, so that an alert on a check that was removed ends.
func TestChecksOfAnotherVersion(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("live", both()...)
	f.write("paper", both()...)
	f.edit(`check="B"`, `check="Old"`, "Runs of the preflight.", "Another help.")
	f.notes(`this version has no check "Old": its status is dropped, its counts stay`)
	f.notes()
	f.has(map[string]string{
		`app_preflight_runs_total{env="paper"}`:                               "3",
		`app_preflight_checks_total{check="Old",env="paper",status="pass"}`:   "1",
		`app_preflight_check_duration_seconds_count{check="Old",env="paper"}`: "1",
		`app_preflight_check_status{check="Old",env="paper",status="pass"}`:   "-",
		`app_preflight_check_status{check="Old",env="live",status="pass"}`:    "1", // another environment may run another version
		`app_preflight_checks_total{check="B",env="paper",status="pass"}`:     "2",
	})
	if data, err := os.ReadFile(f.Path); err != nil || !strings.Contains(string(data), "Runs of the preflight.") || strings.Contains(string(data), "Another help.") {
		t.Errorf("help texts are not rewritten from the catalogue (%v)", err)
	}
}

func TestFewerLabelsAreKept(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	f.edit(
		`app_preflight_checks_total{check="A",env="paper",status="pass"} 1`, `app_preflight_checks_total{check="A",env="paper"} 4`,
		`app_preflight_checks_total{check="A",env="paper",status="fail"} 0`, ``, `app_preflight_checks_total{check="A",env="paper",status="warn"} 0`, ``,
	)
	for range 2 {
		f.notes("app_preflight_checks_total keeps the labels of the file, which another version wrote")
	}
	f.has(map[string]string{
		`app_preflight_checks_total{check="A",env="paper"}`:               "6",
		`app_preflight_checks_total{check="A",env="paper",status="pass"}`: "-",
		`app_preflight_checks_total{check="B",env="paper",status="pass"}`: "3",
	})
}

func TestOtherTypesAreKept(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	f.edit("# TYPE app_preflight_runs_total counter", "# TYPE app_preflight_runs_total gauge", "# TYPE app_preflight_checks_total counter\n", "")
	for range 2 {
		f.notes("app_preflight_runs_total stays a gauge as in the file, which another version wrote")
	}
	families := parseFile(t, f.Path)
	if runs := families["app_preflight_runs_total"]; runs.Metric[0].Gauge.GetValue() != 3 {
		t.Errorf("runs_total is %v", runs)
	}
	f.has(map[string]string{`app_preflight_checks_total{check="A",env="paper",status="pass"}`: "3"})
}

// A run that could only restart the counts of another version fails.
func TestUncountableShapes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit []string
		want string
	}{
		"an unknown label": {
			[]string{`app_preflight_runs_total{env="paper"} 1`, `app_preflight_runs_total{env="paper",region="eu"} 1`},
			"app_preflight_runs_total has the label region in the file, which this version does not know",
		},
		"an unknown label of a histogram": {
			[]string{`app_preflight_duration_seconds_bucket{env="paper",`, `app_preflight_duration_seconds_bucket{env="paper",region="eu",`, `app_preflight_duration_seconds_sum{`, `app_preflight_duration_seconds_sum{region="eu",`, `app_preflight_duration_seconds_count{`, `app_preflight_duration_seconds_count{region="eu",`},
			"app_preflight_duration_seconds has the label region in the file",
		},
		"a counter that was a histogram": {
			[]string{"# TYPE app_preflight_runs_total counter\napp_preflight_runs_total{env=\"paper\"} 1\n", "# TYPE app_preflight_runs_total histogram\napp_preflight_runs_total_count{env=\"paper\"} 1\n"},
			"app_preflight_runs_total is a histogram in the file, and a counter in this version",
		},
		"a gauge that was a counter": {
			[]string{"# TYPE app_preflight_last_success gauge", "# TYPE app_preflight_last_success counter"},
			"app_preflight_last_success is a counter in the file, and a gauge in this version",
		},
		"a histogram without its type": {
			[]string{"# TYPE app_preflight_duration_seconds histogram\n", ""},
			"app_preflight_duration_seconds_bucket is a metric of its own in the file, and part of another one in this version",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFile(t)
			f.write("paper", both()...)
			f.edit(test.edit...)
			f.refuses("paper", test.want)
		})
	}
}

// An environment of another version does not stop this one.
func TestShapesOfOtherEnvironments(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("live", both()...)
	f.edit(
		`app_preflight_runs_total{env="live"} 1`, `app_preflight_runs_total{env="live",region="eu"} 1`,
		`app_preflight_check_duration_seconds_bucket{check="A",env="live",le="1"}`, `app_preflight_check_duration_seconds_bucket{check="A",env="live",le="0.9"}`,
	)
	f.notes()
	f.notes()
	f.has(map[string]string{
		`app_preflight_runs_total{env="live",region="eu"}`:                            "1",
		`app_preflight_runs_total{env="paper"}`:                                       "2",
		`app_preflight_check_duration_seconds_bucket{check="A",env="live",le="0.9"}`:  "1",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="1"}`:   "2",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="0.9"}`: "-",
	})
	f.refuses("live", "app_preflight_runs_total has the label region")
}

// node_exporter rejects a file with timestamps.
func TestTimestampsAreRemoved(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	f.edit(`app_preflight_runs_total{env="paper"} 1`, `app_preflight_runs_total{env="paper"} 1 1700000000000`, "", "other{x=\"y\"} 1 1700000000000\n")
	f.notes()
	f.has(map[string]string{`app_preflight_runs_total{env="paper"}`: "2", `other{x="y"}`: "1"})
}

// An empty label is the same series as none, so it is no other shape.
func TestEmptyLabels(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	f.edit(`app_preflight_runs_total{env="paper"} 1`, `app_preflight_runs_total{env="paper",region=""} 1`)
	f.notes()
	f.has(map[string]string{`app_preflight_runs_total{env="paper",region=""}`: "2"})
}

// build_info of a version that had no label env is replaced.
func TestBuildInfoWithoutEnv(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", both()...)
	f.edit(`app_preflight_build_info{env="paper",`, `app_preflight_build_info{`)
	f.notes()
	n := 0
	for name := range f.series() {
		if strings.HasPrefix(name, "app_preflight_build_info") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d series of build_info", n)
	}
}
