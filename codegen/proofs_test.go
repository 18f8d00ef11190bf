package codegen_test

import (
	"encoding/xml"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

// A failing scenario stops generation. The finding has the moment, the expected
// and the actual result.
func TestFailingScenarioStopsGeneration(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--check"}, {"--no-cache"}} {
		s := diskSite("P2")
		alert(&s, "DiskFull").Scenarios[0].Expect = []rules.Expect{
			rules.Quiet("4m"), rules.Fires("5m", `job="disk", instance="b"`),
		}
		dir := t.TempDir()
		code, stdout, stderr := generate(t, s, append(args, "--out="+dir)...)
		if code != 1 || stdout != "" {
			t.Errorf("%v: exit %d\n%s", args, code, stdout)
		}
		contains(t, stderr, `alert "DiskFull": DF014:`, `scenario "fires when full", at 5m: `, `got instance="a", want instance="b"`, "nothing was written")
		if made := tree(t, dir); len(made) > 0 {
			t.Errorf("%v: wrote %v", args, paths(made))
		}
	}
}

func TestScenarioNeedsTextsOfTemplates(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	a := alert(&s, "DiskFull")
	a.Summary = "{{ $value | humanizePercentage }} of {{ $labels.instance }}"
	contains(t, findings(t, s), "add it with Says")
	a.Scenarios[0].Expect[1] = a.Scenarios[0].Expect[1].Says("summary", "99% of a")
	contains(t, findings(t, s), "DF014", "100% of a")
	a.Scenarios[0].Expect[1] = rules.Fires("5m", `job="disk", instance="a"`).Says("summary", "100% of a")
	if found := findings(t, s); found != "" {
		t.Error(found)
	}
	a.Scenarios[0].Expect[1] = a.Scenarios[0].Expect[1].Says("sumary", "100% of a")
	contains(t, findings(t, s), `Says names the text "sumary", which the alert does not have: did you mean "summary"?`)
}

type junit struct {
	Suites []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Cases    []struct {
			Class   string   `xml:"classname,attr"`
			Name    string   `xml:"name,attr"`
			Failure []string `xml:"failure"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// The command test shows each proof, and writes them as JUnit.
func TestCommandTest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "junit.xml")
	read := func() junit {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var out junit
		if err := xml.Unmarshal(data, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	sites := []preflight.Site{named("north"), named("south")}
	code, stdout, stderr := command(t, sites, "test", "--junit="+path)
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	contains(t, stdout, `ok    alert "DiskFull": fires when full`, `ok    alert "DiskFull": generated: `, " passed, 0 failed\n")
	report := read()
	if len(report.Suites) != 2 || report.Suites[1].Name != "south" || report.Suites[0].Tests < 2 || report.Suites[0].Failures != 0 {
		t.Errorf("report %+v", report)
	}
	alert(&sites[1], "DiskFull").Scenarios[0].Expect[0].At = "5m"
	code, stdout, stderr = command(t, sites, "test", "--junit="+path)
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	contains(t, stdout, `FAIL  alert "DiskFull": fires when full`, " passed, 1 failed\n")
	contains(t, stderr, `alert "DiskFull": DF014`)
	report = read()
	if len(report.Suites) != 2 || report.Suites[0].Failures != 0 || report.Suites[1].Failures != 1 {
		t.Fatalf("report %+v", report)
	}
	failed := 0
	for _, c := range report.Suites[1].Cases {
		if len(c.Failure) > 0 {
			failed++
			contains(t, c.Class+" "+c.Name+" "+c.Failure[0], `alert "DiskFull" fires when full`, "5m")
		}
	}
	if failed != 1 {
		t.Errorf("%d cases have a failure", failed)
	}
}

// A second run has the same result, with cached verdicts and without.
func TestVerdictsAreSameWithCache(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	wrong := diskSite("P2")
	alert(&wrong, "DiskFull").Scenarios[0].Expect[0].At = "5m"
	for _, s := range []preflight.Site{diskSite("P2"), wrong} {
		var first string
		var made map[string]string
		for i, args := range [][]string{{}, {}, {"--no-cache"}} {
			dir := t.TempDir()
			_, stdout, stderr := generate(t, s, append(args, "--out="+dir)...)
			said := stdout + stderr
			if i == 0 {
				first, made = said, tree(t, dir)
			}
			if said != first {
				t.Errorf("run %d says %q, the first %q", i, said, first)
			}
			if d := cmp.Diff(made, tree(t, dir)); d != "" {
				t.Errorf("run %d (-first +again):\n%s", i, d)
			}
		}
	}
	// The cache is not in the generated files, and a broken cache is no error.
	err := filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.WriteFile(path, []byte("broken"), 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := generate(t, diskSite("P2"), "--out="+t.TempDir()); code != 0 {
		t.Errorf("with a broken cache: exit %d, %s", code, stderr)
	}
	t.Setenv("XDG_CACHE_HOME", "/dev/null")
	if code, _, stderr := generate(t, diskSite("P2"), "--out="+t.TempDir()); code != 0 {
		t.Errorf("without a cache: exit %d, %s", code, stderr)
	}
	if code, _, stderr := generate(t, wrong, "--out="+t.TempDir()); code != 1 || !strings.Contains(stderr, "DF014") {
		t.Errorf("without a cache, false: exit %d, %s", code, stderr)
	}
}
