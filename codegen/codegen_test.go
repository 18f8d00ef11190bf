package codegen_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/packs/pipeline"
	"github.com/alertnative/preflight/rules"
	"github.com/alertnative/preflight/site"
)

func TestGenerationIsDeterministic(t *testing.T) {
	t.Parallel()
	first := files(t, site.Site())
	for range 3 {
		if d := cmp.Diff(first, files(t, site.Site())); d != "" {
			t.Fatalf("(-first +again):\n%s", d)
		}
	}
}

// The folder in the repository is up to date with the shipped site.
func TestGeneratedFolderIsCurrent(t *testing.T) {
	t.Parallel()
	if code, stdout, stderr := generate(t, site.Site(), "--out=../generated", "--check"); code != 0 {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestCheckShowsDiffAndWritesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "generated")
	code, _, stderr := generate(t, site.Site(), "--out="+dir, "--check")
	if code != 1 || !strings.Contains(stderr, "run make generate") {
		t.Errorf("on an empty folder: exit %d, %s", code, stderr)
	}
	if files := tree(t, dir); len(files) != 0 {
		t.Errorf("--check wrote %v", files)
	}
	mustGenerate(t, site.Site(), "--out="+dir)
	if code, stdout, _ := generate(t, site.Site(), "--out="+dir, "--check"); code != 0 || stdout != "" {
		t.Errorf("after generating: exit %d, %s", code, stdout)
	}
	rule := filepath.Join(dir, "prometheus/rules/pipeline.yml")
	data, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	edited := bytes.Replace(data, []byte("expr: up == 0"), []byte("expr: up == 2"), 1)
	write(t, rule, string(edited))
	code, stdout, _ := generate(t, site.Site(), "--out="+dir, "--check")
	if code != 1 || !strings.Contains(stdout, "-        expr: up == 2\n+        expr: up == 0\n") {
		t.Errorf("after an edit: exit %d\n%s", code, stdout)
	}
	if got, _ := os.ReadFile(rule); !bytes.Equal(got, edited) {
		t.Error("--check changed the file")
	}
}

func TestOnlyOwnedFilesArePruned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := shipped()
	mustGenerate(t, s, "--out="+dir)
	before := tree(t, dir)
	write(t, filepath.Join(dir, "prometheus", "rules", "mine.yml"), "groups: []\n")

	s.Packs[1] = clone(pipeline.Pack(pipeline.Options{})) // without changes of its alerts
	pack := &s.Packs[1]
	want := []string{"prometheus/rules/pipeline.yml"}
	gone := map[string]bool{}
	for _, a := range pack.Groups[0].Alerts {
		gone[a.Name] = true
		want = append(want, "prometheus/tests/"+a.Name+".yml", "runbooks/"+a.Name+".md")
	}
	pack.Groups, pack.Dashboards[0].Rows = pack.Groups[1:], pack.Dashboards[0].Rows[1:]
	panel(&s, 4).Alert = ""
	ofGone := func(match string) bool {
		_, name, _ := strings.Cut(match, `alertname="`)
		name, _, _ = strings.Cut(name, `"`)
		return gone[name]
	}
	dropRoutes(&s, ofGone)
	dropPromises(&s, ofGone)
	mustGenerate(t, s, "--out="+dir)
	after := tree(t, dir)
	slices.Sort(want)
	pruned := slices.DeleteFunc(paths(before), func(path string) bool { _, kept := after[path]; return kept })
	if d := cmp.Diff(want, pruned); d != "" {
		t.Errorf("pruned (-want +got):\n%s", d)
	}
	if after["prometheus/rules/mine.yml"] != "groups: []\n" {
		t.Error("a file of another owner was changed")
	}
	if d := cmp.Diff(manifestPaths(after), slices.DeleteFunc(paths(after), func(p string) bool {
		return p == "MANIFEST" || p == "prometheus/rules/mine.yml"
	})); d != "" {
		t.Errorf("manifest (-manifest +folder):\n%s", d)
	}
}

func paths(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

func manifestPaths(files map[string]string) []string {
	var out []string
	for line := range strings.Lines(files["MANIFEST"]) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func TestUnownedFileIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "alertmanager", "alertmanager.yml"), "mine\n")
	code, _, stderr := generate(t, site.Site(), "--out="+dir)
	if code != 2 || !strings.Contains(stderr, "alertmanager.yml exists, but the generator did not write it") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if d := cmp.Diff(map[string]string{"alertmanager/alertmanager.yml": "mine\n"}, tree(t, dir)); d != "" {
		t.Errorf("the folder changed (-want +got):\n%s", d)
	}
}

func TestMistakesStopGeneration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := shipped()
	group := &s.Packs[0].Groups[0]
	group.Alerts = append(group.Alerts, rules.Alert{
		Name: "Typo", Severity: "P2",
		Expr:    `max by (evn) (arbitrage_preflight_check_status{status="failed"}) + arbitrage_preflight_last_sucess == 2`,
		Summary: `{{ with query "upp" }}x{{ end }}`,
		Scenarios: []rules.Scenario{{
			Name:   "s",
			Series: `arbitrage_preflight_check_status{env="paper",chek="Database"} 1`,
			Expect: []rules.Expect{rules.Quiet("0m"), rules.Fires("1m").Says("summary", "x")},
		}},
	})
	s.Routing.Route.Routes[3].Receiver = "no-one"
	code, stdout, stderr := generate(t, s, "--out="+dir)
	if code != 1 || stdout != "" {
		t.Errorf("exit %d, stdout %q", code, stdout)
	}
	contains(
		t, stderr,
		`alert "Typo", expr: PQ004: label "status" of arbitrage_preflight_check_status is never "failed"`,
		`did you mean "fail"?`,
		`alert "Typo", expr: PQ003: grouped by "evn"`,
		`did you mean "env"?`,
		`PQ002: no metric "arbitrage_preflight_last_sucess" in the catalogue`,
		`did you mean "arbitrage_preflight_last_success"?`,
		`alert "Typo", annotation "summary", query: PQ002: no metric "upp"`,
		`alert "Typo", scenario "s": PQ003: arbitrage_preflight_check_status has no label "chek"`,
		`AM003: the receiver "no-one" is not defined`,
		"preflight-gen: nothing was written",
	)
	if files := tree(t, dir); len(files) != 0 {
		t.Errorf("wrote %v", paths(files))
	}
}

func TestInterruptedWriteIsCompleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustGenerate(t, site.Site(), "--out="+dir)
	want := tree(t, dir)
	// The state after an interruption: some files are missing or old, and the
	// manifest lists one file too many.
	if err := os.Remove(filepath.Join(dir, "runbooks/Watchdog.md")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "prometheus/prometheus.yml"), "old")
	write(t, filepath.Join(dir, "MANIFEST"), want["MANIFEST"]+"runbooks/Gone.md\n")
	mustGenerate(t, site.Site(), "--out="+dir)
	if d := cmp.Diff(want, tree(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestManifestCannotLeaveFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "MANIFEST"), "../../etc/passwd\n")
	if code, _, stderr := generate(t, site.Site(), "--out="+dir); code != 2 || !strings.Contains(stderr, "is not a path in this folder") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--nosuch"}, 2, "unknown long flag"},
		{[]string{"--help"}, 0, "--out="},
		{[]string{"--help"}, 0, "mutate [<flags>]"},
		{[]string{"--help"}, 0, "test [<flags>]"},
		{[]string{"mutate", "--help"}, 0, "--min-score="},
		{[]string{"--version"}, 0, "preflight-gen"},
		{[]string{"--endpoints=file.yml"}, 2, "unknown long flag"},
	} {
		code, stdout, stderr := generate(t, site.Site(), tt.args...)
		if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%v: exit %d, want %d\n%s%s", tt.args, code, tt.code, stdout, stderr)
		}
	}
	if code, _, stderr := command(t, nil); code != 2 || !strings.Contains(stderr, "no site") {
		t.Errorf("without a site: exit %d, %s", code, stderr)
	}
}

// BenchmarkGenerate checks and proves the shipped site and generates its files.
func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codegen.Generate(b.Context(), site.Site()); err != nil {
			b.Fatal(err)
		}
	}
}
