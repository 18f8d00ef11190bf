package verdict_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/internal/proof/verdict"
)

// shipped reads the tests that the site in this repository generates.
func shipped(tb testing.TB) []verdict.Case {
	tb.Helper()
	paths, err := filepath.Glob("../../../generated/prometheus/tests/*.yml")
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no generated tests: %v", err)
	}
	var out []verdict.Case
	for _, path := range paths {
		file, err := testfile.Read(path)
		if err != nil {
			tb.Fatal(err)
		}
		c := verdict.Case{Name: "alert " + strings.TrimSuffix(filepath.Base(path), ".yml"), Where: path, Tests: file}
		loads, err := file.Loads()
		if err != nil {
			tb.Fatal(err)
		}
		for _, load := range loads {
			data, err := os.ReadFile(load)
			if err != nil {
				tb.Fatal(err)
			}
			var parsed rulefmt.RuleGroups
			if err := yaml.Unmarshal(data, &parsed); err != nil {
				tb.Fatal(err)
			}
			c.Groups = append(c.Groups, parsed.Groups...)
		}
		out = append(out, c)
	}
	return out
}

// mistakes changes the expectation of the case that fires.
var mistakes = map[string]func(c *testfile.AlertCase){
	"wrong label":    func(c *testfile.AlertCase) { c.Expected[0].Labels["source"] = "elsewhere" },
	"label left out": func(c *testfile.AlertCase) { delete(c.Expected[0].Labels, "source") },
	"wrong text":     func(c *testfile.AlertCase) { c.Expected[0].Annotations["summary"] += "!" },
	"text left out":  func(c *testfile.AlertCase) { delete(c.Expected[0].Annotations, "title") },
	"too early":      func(c *testfile.AlertCase) { c.At = max(0, c.At-model.Duration(time.Minute)) },
	"at the start":   func(c *testfile.AlertCase) { c.At = 0 },
	"within a step":  func(c *testfile.AlertCase) { c.At += model.Duration(time.Second) },
	"much later":     func(c *testfile.AlertCase) { c.At += model.Duration(time.Hour) },
	"missing instance": func(c *testfile.AlertCase) {
		c.Expected = c.Expected[1:]
	},
	"extra instance": func(c *testfile.AlertCase) {
		c.Expected = append(c.Expected, testfile.Alert{Labels: map[string]string{"source": "elsewhere"}})
	},
	"no mistake": func(*testfile.AlertCase) {},
}

// planted returns copies of the shipped tests. Each mistake is in a third of
// the tests.
func planted(t *testing.T) []verdict.Case {
	t.Helper()
	var out []verdict.Case
	for i, name := range slices.Sorted(maps.Keys(mistakes)) {
		for j, c := range shipped(t) { // read again, because mistakes change maps
			test := slices.IndexFunc(c.Tests.Tests, func(t testfile.Test) bool { return firing(t) >= 0 })
			if test < 0 || (i+j)%3 != 0 {
				continue
			}
			c.Tests.Tests = c.Tests.Tests[test : test+1]
			mistakes[name](&c.Tests.Tests[0].Alerts[firing(c.Tests.Tests[0])])
			c.Name += ", " + name
			out = append(out, c)
		}
	}
	return out
}

// firing returns the first case with a firing alert.
func firing(t testfile.Test) int {
	return slices.IndexFunc(t.Alerts, func(c testfile.AlertCase) bool { return len(c.Expected) > 0 })
}

func TestVerdictsMatchPromtool(t *testing.T) {
	t.Parallel()
	cases := planted(t)
	failures, stats, err := verdict.Run(t.Context(), cases, verdict.Options{NoCache: true})
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]string{}
	for _, f := range failures {
		failed[f.Case] = f.String()
	}
	passed := promtool(t, cases)
	for _, c := range cases {
		text, got := failed[c.Name]
		if got == passed[c.Name] {
			t.Errorf("%s: promtool passes: %v, in process: %s", c.Name, passed[c.Name], text)
		}
		if got && strings.HasSuffix(c.Name, "no mistake") {
			t.Error(text)
		}
	}
	if stats.Tests != len(cases) || stats.Failed < len(cases)/2 {
		t.Errorf("stats %+v of %d cases", stats, len(cases))
	}
}

// promtool returns the names of the cases that pass under stock promtool.
func promtool(t *testing.T, cases []verdict.Case) map[string]bool {
	t.Helper()
	program, err := filepath.Abs("../../../bin/promtool")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"test", "rules"}
	for i, c := range cases {
		file := c.Tests
		if file.RuleFiles, err = c.Tests.Loads(); err != nil {
			t.Fatal(err)
		}
		for j := range file.RuleFiles {
			if file.RuleFiles[j], err = filepath.Abs(file.RuleFiles[j]); err != nil {
				t.Fatal(err)
			}
		}
		text, err := yaml.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	var stdout bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdout = &stdout
	_ = cmd.Run() // it fails because of the mistakes
	passed := map[string]bool{}
	for i, part := range strings.Split(stdout.String(), "Processing test file: ")[1:] {
		passed[cases[i].Name] = strings.Contains(part, "SUCCESS")
	}
	return passed
}

const rulesText = `
groups:
  - name: g
    rules:
      - {record: "env:jobs:up", expr: "sum by (env) (up)"}
      - alert: Down
        expr: up == 0
        labels: {priority: P0}
        annotations: {summary: "{{ $labels.job }} is down", title: "Down"}
`

// one returns a case with one test.
func one(t *testing.T, expected string) verdict.Case {
	t.Helper()
	var groups rulefmt.RuleGroups
	if err := yaml.Unmarshal([]byte(rulesText), &groups); err != nil {
		t.Fatal(err)
	}
	file, err := testfile.Decode(strings.NewReader(`
evaluation_interval: 1m
tests:
  - name: two jobs fail
    input_series:
      - {series: 'up{job="a",env="x"}', values: '1 0x9'}
      - {series: 'up{job="b",env="x"}', values: '1 1 0x9'}
    ` + expected))
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Case{Name: "alert Down", Where: "pack.go:12", Groups: groups.Groups, Tests: file}
}

const (
	jobA = `{exp_labels: {job: a, env: x, priority: P0}, exp_annotations: {summary: a is down, title: Down}}`
	jobB = `{exp_labels: {job: b, env: x, priority: P0}, exp_annotations: {summary: b is down, title: Down}}`
)

func TestFailuresShowDifferences(t *testing.T) {
	t.Parallel()
	const at = `alert Down, scenario "two jobs fail", at `
	for _, tt := range []struct{ expected, want string }{
		{`alert_rule_test: [{eval_time: 2m, alertname: Down, exp_alerts: [` + jobA + `, ` + jobB + `]}]`, ""},
		{`alert_rule_test: [{eval_time: 1m, alertname: Down}]`,
			at + `1m: got {env="x", job="a", priority="P0"}, want nothing`},
		{`alert_rule_test: [{eval_time: 0m, alertname: Down, exp_alerts: [` + jobA + `]}]`,
			at + `0s: got nothing, want {env="x", job="a", priority="P0"}`},
		{`alert_rule_test: [{eval_time: 1m, alertname: Down, exp_alerts: [` + strings.Replace(jobA, "P0", "P1", 1) + `]}]`,
			at + `1m: {env="x", job="a"} got priority="P0", want priority="P1"`},
		{`alert_rule_test: [{eval_time: 2m, alertname: Down, exp_alerts: [` + jobA + `, ` + strings.Replace(jobB, "b is down", "b rests", 1) + `]}]`,
			at + `2m: {env="x", job="b", priority="P0"} got summary="b is down", want summary="b rests"`},
		{`alert_rule_test: [{eval_time: 2m, alertname: Down, exp_alerts: [` + jobA + `, ` + strings.Replace(jobB, ", title: Down", "", 1) + `]}]`,
			at + `2m: {env="x", job="b", priority="P0"} got title="Down", want no title`},
		{`promql_expr_test: [{expr: 'env:jobs:up', eval_time: 1m, exp_samples: [{labels: 'env:jobs:up{env="x"}', value: 2}]}]`,
			`alert Down: expr env:jobs:up, scenario "two jobs fail", at 1m: env:jobs:up{env="x"} got 1, want 2`},
		{`promql_expr_test: [{expr: 'up == 0', eval_time: 1m, exp_samples: [{labels: 'up{job="b"}', value: 0}]}]`,
			`alert Down: expr up == 0, scenario "two jobs fail", at 1m: got nothing, want up{job="b"} 0; got up{env="x", job="a"} 0, want nothing`},
	} {
		failures, _, err := verdict.Run(t.Context(), []verdict.Case{one(t, tt.expected)}, verdict.Options{NoCache: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range failures {
			got = append(got, f.String())
			if f.Where != "pack.go:12" {
				t.Errorf("the failure is at %q", f.Where)
			}
		}
		if text := strings.Join(got, "\n"); text != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.expected, text, tt.want)
		}
	}
}

func TestUnusableTestFails(t *testing.T) {
	t.Parallel()
	c := one(t, `alert_rule_test: [{eval_time: 1m, alertname: Down}]`)
	c.Groups[0].Rules[1].Expr = "up + on () up"
	d := one(t, `alert_rule_test: [{eval_time: 1m, alertname: Down}]`)
	d.Tests.Tests[0].Series[0].Values = "1 zwei"
	failures, _, err := verdict.Run(t.Context(), []verdict.Case{c, d}, verdict.Options{NoCache: true})
	if err != nil || len(failures) != 2 {
		t.Fatalf("failures %v, error %v", failures, err)
	}
	for i, want := range []string{"found duplicate series for the match group {}", `series up{job="a",env="x"}: `} {
		if text := failures[i].String(); !strings.HasPrefix(text, `alert Down, scenario "two jobs fail", at 0s: `) || !strings.Contains(text, want) {
			t.Errorf("failure %q, want %q in it", text, want)
		}
	}
}

func TestCancelledRunReturnsResultsSoFar(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var cases []verdict.Case
	for range 100 {
		cases = append(cases, one(t, `alert_rule_test: [{eval_time: 1m, alertname: Down}]`))
	}
	failures, stats, err := verdict.Run(ctx, cases, verdict.Options{NoCache: true, Done: func(verdict.Outcome) { cancel() }})
	if err == nil || len(failures) == 0 || len(failures) == len(cases) || stats.Failed != len(failures) {
		t.Errorf("%d failures, stats %+v, error %v", len(failures), stats, err)
	}
}
