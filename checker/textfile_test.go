package checker

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/checker/spec"
)

// file is a textfile of the checks A and B with the targets a1, a2 and b1.
type file struct {
	t *testing.T
	Textfile
}

func newFile(t *testing.T) *file {
	specs := []spec.Spec{{Name: "A", Reasons: []spec.Reason{{Name: "broken"}, {Name: "slow"}}, Latencies: []spec.Latency{{Target: "a1", Metric: "a1_latency_seconds", Help: "How long a1 took."}}}, {Name: "B", Reasons: []spec.Reason{{Name: "broken"}}}}
	return &file{t, Textfile{
		Path:      filepath.Join(t.TempDir(), "preflight.prom"),
		Namespace: "app",
		Specs:     specs,
	}}
}

// result returns a result with observations like "a1=fail:broken", "a2=pass".
func result(check string, duration time.Duration, observations ...string) Result {
	r := Result{Check: check, Status: Pass, Duration: duration}
	for _, text := range observations {
		target, verdict, _ := strings.Cut(text, "=")
		status, reason, _ := strings.Cut(verdict, ":")
		r.Observations = append(r.Observations, Observation{Target: target, Status: Status(status), Reason: reason})
		if status != "pass" {
			r.Status = Status(status)
		}
	}
	return r
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (f *file) write(env string, results ...Result) (notes []string) {
	f.t.Helper()
	notes, err := f.Write(f.t.Context(), env, Report{Started: start, Duration: 20 * time.Millisecond, Real: true, Results: results})
	if err != nil {
		f.t.Fatal(err)
	}
	return notes
}

// series returns the values of the file by series.
func (f *file) series() map[string]string {
	f.t.Helper()
	data, err := os.ReadFile(f.Path)
	if err != nil {
		f.t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "} "); ok {
			out[name+"}"] = value
		}
	}
	return out
}

// has compares the values of series; "-" stands for a missing series.
func (f *file) has(want map[string]string) {
	f.t.Helper()
	got := f.series()
	for name, value := range want {
		have, ok := got[name]
		if !ok {
			have = "-"
		}
		if have != value {
			f.t.Errorf("%s is %s, want %s", name, have, value)
		}
	}
}

func TestCountersAndHistogramsContinue(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", result("A", 3*time.Millisecond, "a1=pass"), result("B", time.Second, "b1=pass"))
	f.has(map[string]string{
		`app_preflight_runs_total{env="paper"}`:                                         "1",
		`app_preflight_checks_total{check="A",env="paper",status="pass"}`:               "1",
		`app_preflight_checks_total{check="A",env="paper",status="fail"}`:               "0", // from the first run
		`app_preflight_checks_total{check="B",env="paper",status="warn"}`:               "0",
		`app_preflight_a1_latency_seconds_count{env="paper"}`:                           "0",
		`app_preflight_last_run_timestamp_seconds{env="paper"}`:                         "1.76732304502e+09",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="0.005"}`: "1",
	})
	f.write("paper", result("A", 30*time.Millisecond, "a1=fail:broken"), result("B", time.Second, "b1=pass"))
	f.has(map[string]string{
		`app_preflight_runs_total{env="paper"}`:                                         "2",
		`app_preflight_checks_total{check="A",env="paper",status="pass"}`:               "1",
		`app_preflight_checks_total{check="A",env="paper",status="fail"}`:               "1",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="0.005"}`: "1",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="0.05"}`:  "2",
		`app_preflight_check_duration_seconds_bucket{check="A",env="paper",le="+Inf"}`:  "2",
		`app_preflight_check_duration_seconds_count{check="A",env="paper"}`:             "2",
		`app_preflight_check_duration_seconds_sum{check="A",env="paper"}`:               "0.033",
		`app_preflight_last_success{env="paper"}`:                                       "0",
		`app_preflight_ready_for_live{env="paper"}`:                                     "0",
	})
}

func TestRunReplacesExecutedChecks(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", result("A", 0, "a1=fail:broken", "a2=warn:slow"), result("B", 0, "b1=pass"))
	f.has(map[string]string{
		`app_preflight_check_status{check="A",env="paper",status="warn"}`:                              "1",
		`app_preflight_target_status{check="A",env="paper",status="fail",target="a1"}`:                 "1",
		`app_preflight_target_status{check="A",env="paper",status="skip",target="a1"}`:                 "0",
		`app_preflight_check_problem{check="A",env="paper",reason="broken",status="fail",target="a1"}`: "1",
		`app_preflight_check_problem{check="A",env="paper",reason="slow",status="warn",target="a2"}`:   "1",
	})
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=pass"))
	f.has(map[string]string{
		`app_preflight_target_status{check="A",env="paper",status="fail",target="a1"}`:                 "0",
		`app_preflight_target_status{check="A",env="paper",status="pass",target="a1"}`:                 "1",
		`app_preflight_target_status{check="A",env="paper",status="warn",target="a2"}`:                 "-", // no longer looked at
		`app_preflight_check_problem{check="A",env="paper",reason="broken",status="fail",target="a1"}`: "-",
		`app_preflight_ready_for_live{env="paper"}`:                                                    "1",
	})
}

func TestSkippedCheckKeepsResult(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=skip"))
	f.has(map[string]string{ // never executed
		`app_preflight_check_status{check="B",env="paper",status="skip"}`:              "1",
		`app_preflight_target_status{check="B",env="paper",status="skip",target="b1"}`: "1",
		`app_preflight_checks_total{check="B",env="paper",status="pass"}`:              "0",
	})
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=fail:broken"))
	before := f.series()
	f.write("paper", result("A", 0, "a1=fail:broken"), result("B", 0, "b1=skip"))
	after := f.series()
	for name, value := range before {
		if strings.Contains(name, `check="B"`) && after[name] != value {
			t.Errorf("%s was %s and is %q after a run that skipped the check", name, value, after[name])
		}
	}
	f.has(map[string]string{
		`app_preflight_target_status{check="A",env="paper",status="fail",target="a1"}`: "1",
		`app_preflight_ready_for_live{env="paper"}`:                                    "0",
		`app_preflight_runs_total{env="paper"}`:                                        "3",
	})
}

func TestEnvironmentsShareFile(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.write("live", result("A", 0, "a1=fail:broken"), result("B", 0, "b1=pass"))
	live := f.series()
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=pass"))
	f.write("paper", result("A", 0, "a1=pass"), result("B", 0, "b1=pass"))
	after := f.series()
	for name, value := range live {
		if strings.Contains(name, `env="live"`) && after[name] != value {
			t.Errorf("%s was %s and is %q after a run of another environment", name, value, after[name])
		}
	}
	f.has(map[string]string{`app_preflight_runs_total{env="paper"}`: "2", `app_preflight_runs_total{env="live"}`: "1"})
	n := 0
	for name := range after {
		if strings.HasPrefix(name, "app_preflight_build_info{env=") {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d series of build_info, want one for each environment: it is replaced", n)
	}
}

func TestFileIsReadableByAllAndAlone(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	dir := filepath.Dir(f.Path)
	// The first is the temporary file of a killed checker, the second an
	// editor's.
	for _, name := range []string{".preflight.prom123456", ".preflight.prom.swp"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.write("paper", result("A", 0, "a1=pass"))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Name() != ".preflight.prom.swp" || entries[1].Name() != "preflight.prom" {
		t.Errorf("the folder holds %v", entries)
	}
	info, err := os.Stat(f.Path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestUnusableFolderIsAnError(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if err := os.WriteFile(f.Path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f.Path = filepath.Join(f.Path, "below", "preflight.prom")
	if _, err := f.Write(t.Context(), "paper", Report{}); err == nil || !strings.HasPrefix(err.Error(), "metrics: ") {
		t.Errorf("error %v", err)
	}
}

func TestEmptyFileIsReported(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if err := os.WriteFile(f.Path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if notes := f.write("paper", result("A", 0, "a1=pass")); len(notes) != 1 || !strings.Contains(notes[0], "was empty") {
		t.Errorf("notes %q", notes)
	}
}

func TestInvalidCountersRestart(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	nonsense := `# TYPE app_preflight_runs_total counter
app_preflight_runs_total{env="paper"} NaN
# TYPE app_preflight_checks_total counter
app_preflight_checks_total{check="A",env="paper",status="pass"} -7
`
	if err := os.WriteFile(f.Path, []byte(nonsense), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"app_preflight_checks_total had an invalid value: it restarts",
		"app_preflight_runs_total had an invalid value: it restarts",
	}
	if notes := f.write("paper", result("A", 0, "a1=pass")); !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	f.has(map[string]string{
		`app_preflight_runs_total{env="paper"}`:                           "1",
		`app_preflight_checks_total{check="A",env="paper",status="pass"}`: "1",
	})
}

// A run includes the counts that another checker wrote after the file was read
// ahead.
func TestReadAheadLosesNoCounts(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	run := func() { f.write("paper", result("A", 0, "a1=pass", "a2=pass"), result("B", 0, "b1=pass")) }
	runs := func(want string) {
		t.Helper()
		f.has(map[string]string{`app_preflight_runs_total{env="paper"}`: want})
	}
	f.Textfile = f.readAhead() // no file yet
	run()
	f.Textfile = f.readAhead()
	run()
	runs("2")
	run() // the file has changed since readAhead
	runs("3")
	if err := os.WriteFile(f.Path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f.Textfile = f.readAhead()
	if notes := f.write("paper", result("A", 0, "a1=pass", "a2=pass")); len(notes) != 1 {
		t.Errorf("an empty file is not reported: %q", notes)
	}
	runs("1")
}

// The wait is in fake time.
func TestLockTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		holder := flock.New(filepath.Dir(f.Path), flock.SetFlag(os.O_RDONLY))
		if ok, err := holder.TryLock(); !ok || err != nil {
			t.Fatal(ok, err)
		}
		_, err := f.Write(t.Context(), "paper", Report{Started: start})
		if err == nil || !strings.Contains(err.Error(), "has been held by another program for over 10s") {
			t.Errorf("error %v", err)
		}
		if err := holder.Unlock(); err != nil {
			t.Fatal(err)
		}
		f.write("paper", result("A", 0, "a1=pass"))
	})
}

// parseFile reads a file as node_exporter does.
func parseFile(t testing.TB, path string) map[string]*dto.MetricFamily {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return families
}

// A file has the same bytes when the library writes what it reads from it.
func TestBytesOfTheLibrary(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	f.Specs[1].Name = "B \"quoted\" \\ name"
	for _, env := range []string{"paper", "live", "paper"} {
		f.write(env, result("A", time.Second/3, "a1=fail:broken", "a2=skip"), result(f.Specs[1].Name, time.Millisecond, "b\xff=warn:broken"))
	}
	families := parseFile(t, f.Path)
	var want bytes.Buffer
	for _, d := range spec.NewRunFamilies(f.Namespace, f.Specs...).All() {
		if _, err := expfmt.MetricFamilyToText(&want, families[d.Name]); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want.String(), f.content()); d != "" {
		t.Errorf("(-library +file):\n%s", d)
	}
}

func BenchmarkTextfileWrite(b *testing.B) {
	var specs []spec.Spec
	report := Report{Started: start, Real: true}
	for i := range 8 {
		s := spec.Spec{Name: fmt.Sprintf("Check %d", i), Reasons: []spec.Reason{{Name: "broken"}}}
		specs = append(specs, s)
		report.Results = append(report.Results, result(s.Name, time.Millisecond, fmt.Sprintf("t%d=pass", i)))
	}
	f := Textfile{Path: filepath.Join(b.TempDir(), "preflight.prom"), Namespace: "app", Specs: specs}
	for b.Loop() {
		if _, err := f.Write(b.Context(), "paper", report); err != nil {
			b.Fatal(err)
		}
	}
}
