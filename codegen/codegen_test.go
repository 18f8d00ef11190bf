package codegen_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/alertnative/preflight/codegen"
	"github.com/alertnative/preflight/rules"
)

// generate runs the command and returns its exit code and output.
func generate(pack codegen.Pack, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = codegen.Main(pack, args, &out, &errs)
	return code, out.String(), errs.String()
}

// tree reads a folder into path → content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

func mustGenerate(t *testing.T, pack codegen.Pack, args ...string) {
	t.Helper()
	if code, stdout, stderr := generate(pack, args...); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestGenerationIsDeterministic(t *testing.T) {
	t.Parallel()
	pack := codegen.Preflight()
	first, err := pack.Generate(pack.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		pack := codegen.Preflight()
		again, err := pack.Generate(pack.Endpoints)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(first, again); d != "" {
			t.Fatalf("(-first +again):\n%s", d)
		}
	}
}

// The folder in the repository is what the shipped pack makes.
func TestGeneratedFolderIsCurrent(t *testing.T) {
	t.Parallel()
	if code, stdout, stderr := generate(codegen.Preflight(), "--out=../generated", "--check"); code != 0 {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestCheckShowsTheDiffAndWritesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "generated")
	pack := codegen.Preflight()
	code, _, stderr := generate(pack, "--out="+dir, "--check")
	if code != 1 || !strings.Contains(stderr, "run make generate") {
		t.Errorf("on an empty folder: exit %d, %s", code, stderr)
	}
	if files := tree(t, dir); len(files) != 0 {
		t.Errorf("--check wrote %v", files)
	}
	mustGenerate(t, pack, "--out="+dir)
	if code, stdout, _ := generate(pack, "--out="+dir, "--check"); code != 0 || stdout != "" {
		t.Errorf("after generating: exit %d, %s", code, stdout)
	}
	rule := filepath.Join(dir, "prometheus/rules/pipeline.yml")
	data, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	edited := bytes.Replace(data, []byte("expr: up == 0"), []byte("expr: up == 2"), 1)
	if err := os.WriteFile(rule, edited, 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := generate(pack, "--out="+dir, "--check")
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
	pack := codegen.Preflight()
	mustGenerate(t, pack, "--out="+dir)
	before := tree(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "prometheus", "rules", "mine.yml"), []byte("groups: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	pack.Groups = slices.DeleteFunc(pack.Groups, func(g rules.Group) bool { return g.Name == "pipeline" })
	gone := map[string]bool{}
	for _, a := range rules.Pipeline().Alerts {
		gone[a.Name] = true
	}
	ofGone := func(ms []rules.Matcher) bool {
		return slices.ContainsFunc(ms, func(m rules.Matcher) bool { return m.Label == "alertname" && gone[m.Value] })
	}
	pack.Routing.Routes = slices.DeleteFunc(pack.Routing.Routes, func(r rules.Route) bool { return ofGone(r.Match) })
	pack.Routing.Promises = slices.DeleteFunc(pack.Routing.Promises, func(x rules.Promise) bool { return ofGone(x.Of) })
	mustGenerate(t, pack, "--out="+dir)
	after := tree(t, dir)
	want := []string{"prometheus/rules/pipeline.yml"}
	for _, a := range rules.Pipeline().Alerts {
		want = append(want, "prometheus/tests/"+a.Name+".yml", "runbooks/"+a.Name+".md")
	}
	slices.Sort(want)
	pruned := slices.DeleteFunc(paths(before), func(path string) bool { _, kept := after[path]; return kept })
	if d := cmp.Diff(want, pruned); d != "" {
		t.Errorf("pruned (-want +got):\n%s", d)
	}
	if after["prometheus/rules/mine.yml"] != "groups: []\n" {
		t.Error("a file of somebody else was touched")
	}
	if d := cmp.Diff(manifestPaths(after), slices.DeleteFunc(paths(after), func(p string) bool {
		return p == "MANIFEST" || p == "prometheus/rules/mine.yml"
	})); d != "" {
		t.Errorf("manifest (-manifest +folder):\n%s", d)
	}
}

func paths(files map[string]string) []string {
	var out []string
	for p := range files {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

func manifestPaths(files map[string]string) []string {
	var out []string
	for line := range strings.Lines(files["MANIFEST"]) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func TestForeignFileInTheWayIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "alertmanager", "alertmanager.yml")
	if err := os.MkdirAll(filepath.Dir(mine), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := generate(codegen.Preflight(), "--out="+dir)
	if code != 2 || !strings.Contains(stderr, "alertmanager.yml is in the way") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if d := cmp.Diff(map[string]string{"alertmanager/alertmanager.yml": "mine\n"}, tree(t, dir)); d != "" {
		t.Errorf("the folder changed (-want +got):\n%s", d)
	}
}

func TestMistakesStopTheGeneration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pack := codegen.Preflight()
	pack.Groups[0].Alerts = append(pack.Groups[0].Alerts, rules.Alert{
		Name: "Typo", Priority: rules.P2,
		Expr:    `max by (evn) (arbitrage_preflight_check_status{status="failed"}) + arbitrage_preflight_last_sucess == 2`,
		Title:   rules.Text{EN: "Typo"},
		Summary: rules.Text{EN: `{{ with query "upp" }}x{{ end }}`},
		Actions: []rules.Text{{EN: "mend it"}},
		About:   "A test.",
		Scenarios: []rules.Scenario{{
			Name:   "s",
			Series: []rules.Series{{Name: `arbitrage_preflight_check_status{env="paper",chek="Database"}`, Values: "1"}},
			Expect: []rules.Expect{{At: "0m"}, {At: "1m", Firing: []rules.Instance{{Texts: map[string]string{"summary": "x"}}}}},
		}},
	})
	pack.Routing.Routes[3].Receiver = "nobody"
	code, stdout, stderr := generate(pack, "--out="+dir)
	if code != 1 || stdout != "" {
		t.Errorf("exit %d, stdout %q", code, stdout)
	}
	for _, want := range []string{
		`alert "Typo", expr: PQ004: label "status" of arbitrage_preflight_check_status is never "failed"`,
		`did you mean "fail"?`,
		`alert "Typo", expr: PQ003: grouped by "evn"`,
		`did you mean "env"?`,
		`PQ002: no metric "arbitrage_preflight_last_sucess" in the catalogue`,
		`did you mean "arbitrage_preflight_last_success"?`,
		`alert "Typo", annotation "summary", query: PQ002: no metric "upp"`,
		`alert "Typo", scenario "s": PQ003: arbitrage_preflight_check_status has no label "chek"`,
		"preflight-gen: nothing was written",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("output lacks %q:\n%s", want, stderr)
		}
	}
	if files := tree(t, dir); len(files) != 0 {
		t.Errorf("wrote %v", paths(files))
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "endpoints.yml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`targets:
  arbitrage_exporter: []
  node_exporter: ["127.0.0.1:19100"]
alertmanagers: ["127.0.0.1:19093"]
webhook: http://127.0.0.1:19917
grafana: ""
`)
	out := filepath.Join(dir, "out")
	mustGenerate(t, codegen.Preflight(), "--out="+out, "--endpoints="+file)
	files := tree(t, out)
	prom := files["prometheus/prometheus.yml"]
	for text, want := range map[string]bool{
		"127.0.0.1:19100": true, "127.0.0.1:19093": true, "prometheus:9090": true,
		"node-exporter:9100": false, "arbitrage_exporter": false,
	} {
		if strings.Contains(prom, text) != want {
			t.Errorf("prometheus.yml contains %q: %v, want %v", text, !want, want)
		}
	}
	if !strings.Contains(files["alertmanager/alertmanager.yml"], "http://127.0.0.1:19917/api/v1/alerts?notify=loud") {
		t.Error("alertmanager.yml does not point to the webhook given")
	}
	if strings.Contains(files["prometheus/rules/preflight.yml"], "dashboard_url") {
		t.Error("links to a Grafana that there is not")
	}
	if am := files["alertmanager/alertmanager.yml"]; strings.Contains(am, "telegram_configs") || strings.Contains(files["alertmanager/route_tests.txt"], "fallback") {
		t.Error("a fallback whose files are on another machine")
	}
	write("fallback: {bot_token_file: /bot, chat_id: -100}\nheartbeat_url_file: /heartbeat\n")
	mustGenerate(t, codegen.Preflight(), "--out="+out, "--endpoints="+file)
	files = tree(t, out)
	for _, want := range []string{"bot_token_file: /bot", "chat_id: -100", "url_file: /heartbeat"} {
		if !strings.Contains(files["alertmanager/alertmanager.yml"], want) {
			t.Errorf("alertmanager.yml lacks %q", want)
		}
	}
	if !strings.Contains(files["alertmanager/route_tests.txt"], `fallback-loud,telegram-loud alertname="TargetDown" instance="webhook:9917"`) {
		t.Error("no route test of the fallback")
	}
	for text, want := range map[string]string{
		"fallback: {chat_id: 7}\n":       "bot_token_file is missing",
		"webhok: x\n":                    "field webhok not found",
		"targets: {node_exportr: [a:1]}": `unknown job "node_exportr"`,
		"targets: [":                     "endpoints.yml",
	} {
		write(text)
		if code, _, stderr := generate(codegen.Preflight(), "--out="+out, "--endpoints="+file); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit %d, %s, want %q", text, code, stderr, want)
		}
	}
}

func TestAnInterruptedWriteIsTakenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pack := codegen.Preflight()
	mustGenerate(t, pack, "--out="+dir)
	want := tree(t, dir)
	// As if it had stopped halfway: some files are missing or old, and the
	// manifest claims one more than there is.
	if err := os.Remove(filepath.Join(dir, "runbooks/Watchdog.md")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "prometheus/prometheus.yml"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "MANIFEST"), []byte(want["MANIFEST"]+"runbooks/Gone.md\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustGenerate(t, pack, "--out="+dir)
	if d := cmp.Diff(want, tree(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A check that preflight.yml declares is in the metrics' labels and the
// runbooks like one that is written in Go.
func TestOwnChecksJoinThePack(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "preflight.yml")
	if err := os.WriteFile(file, []byte("checks: [{name: Order Router, http: {url: 'http://router/health'}}]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	pack, err := codegen.ReadPreflight(file)
	if err != nil {
		t.Fatal(err)
	}
	expr := func(check, reason string) {
		pack.Groups[0].Alerts[0].Expr = fmt.Sprintf(`max by (env, check, target) (arbitrage_preflight_check_problem{check=%q, reason=%q}) == 1`, check, reason)
	}
	expr("Order Router", "unexpected_status")
	if err := pack.Check(pack.Endpoints); err != nil {
		t.Errorf("%v", err)
	}
	expr("Order Rooter", "unexpected_status")
	if err := pack.Check(pack.Endpoints); err == nil || !strings.Contains(err.Error(), `did you mean "Order Router"?`) {
		t.Errorf("error %v", err)
	}
	if pack, err = codegen.ReadPreflight(file); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	mustGenerate(t, pack, "--out="+out)
	runbook := tree(t, out)["runbooks/PreflightCheckFailed.md"]
	for _, want := range []string{"### Order Router\n\nhttp://router/health answers as expected", "| `unexpected_status` |", "### Migrations"} {
		if !strings.Contains(runbook, want) {
			t.Errorf("no %q in the runbook", want)
		}
	}
	// Without the file it is the shipped pack; a broken one is an error.
	if pack, err := codegen.ReadPreflight(file + ".nosuch"); err != nil || len(pack.Checks) != len(codegen.Preflight().Checks) {
		t.Errorf("%d checks, %v", len(pack.Checks), err)
	}
	if err := os.WriteFile(file, []byte("check: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := codegen.ReadPreflight(file); err == nil || !strings.Contains(err.Error(), `did you mean "checks"?`) {
		t.Errorf("error %v", err)
	}
}

func TestManifestCannotLeadOutOfTheFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "MANIFEST"), []byte("../../etc/passwd\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := generate(codegen.Preflight(), "--out="+dir); code != 2 || !strings.Contains(stderr, "is not a path in this folder") {
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
		{[]string{"--help"}, 0, "--endpoints=FILE.yml"},
		{[]string{"--help"}, 0, "\nmutate [<flags>]"},
		{[]string{"mutate", "--help"}, 0, "--floor="},
		{[]string{"--version"}, 0, "preflight-gen"},
		{[]string{"--endpoints=/nosuch/file.yml"}, 2, "/nosuch/file.yml"},
	} {
		code, stdout, stderr := generate(codegen.Preflight(), tt.args...)
		if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%v: exit %d, want %d\n%s%s", tt.args, code, tt.code, stdout, stderr)
		}
	}
}

// BenchmarkGenerate checks the shipped pack and makes its files.
func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		pack := codegen.Preflight()
		if _, err := pack.Generate(pack.Endpoints); err != nil {
			b.Fatal(err)
		}
	}
}
