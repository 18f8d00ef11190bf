package mutate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight/internal/proof/mutate"
)

const filesRules = `
groups:
  - name: g
    rules:
      - {record: 'job:errors:rate5m', expr: 'sum by (job) (rate(errors_total{code=~"5.."}[5m]))'}
      - alert: Errors
        expr: job:errors:rate5m > 0.5
        for: 10m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} fails'}
      - {alert: Down, expr: 'up == 0', for: 2m}
`

const filesTests = `
rule_files: [rules.yml]
tests:
  - input_series: [{series: 'errors_total{job="a",code="500"}', values: '0+60x30'}]
    alert_rule_test:
      - {eval_time: 1m, alertname: Errors}
      - {eval_time: 20m, alertname: Errors, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: a fails}}]}
`

// folder writes files and returns their paths in the order of the names.
func folder(t *testing.T, files ...string) (string, []string) {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return dir, paths
}

func scoreFiles(t *testing.T, paths []string) (mutate.Files, []mutate.Outcome) {
	t.Helper()
	files := mutate.ReadFiles(paths)
	outcomes, err := mutate.Score(t.Context(), files.Proofs, files.Mutable, nil)
	if err != nil {
		t.Fatal(err)
	}
	return files, outcomes
}

// A file that cannot be used is named with its reason, and the others are used.
func TestBadFilesDoNotEndTheRun(t *testing.T) {
	t.Parallel()
	_, paths := folder(t, "rules.yml", filesRules, "good_test.yml", filesTests,
		"fails_test.yml", strings.ReplaceAll(filesTests, "summary: a fails", "summary: wrong"),
		"unknown_test.yml", "tests: []\ntestz: []\n", "none.yml", "a: 1\n", "comments_test.yml", "# later\n", "loads_test.yml", "rule_files: [broken.yml]\ntests: []\n",
		"broken.yml", "groups: [{name: g, rules: [{alert: A, expr: 'up ='}]}]\n", "two_test.yml", filesTests+"---\nother: true\n",
		"lonely.yml", "groups: [{name: l, rules: [{alert: L, expr: up}]}]\n")
	files, outcomes := scoreFiles(t, append(paths[1:7], paths[8], paths[9], filepath.Join(t.TempDir(), "gone_test.yml")))
	var text []string
	for _, r := range files.Refused {
		text = append(text, r.String())
	}
	all := strings.Join(text, "\n")
	for _, want := range []string{"fails_test.yml: a test fails on the unchanged rules", `unknown key "testz"`, "none.yml: neither a rule file", "broken.yml", "no test loads it", "gone_test.yml"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if len(files.Refused) != 6 || len(outcomes) > 0 {
		t.Errorf("%d refused, %d outcomes of a rule file that no test loads:\n%s", len(files.Refused), len(outcomes), all)
	}
	if !strings.Contains(strings.Join(files.Notes, "\n"), "comments_test.yml: no tests in it") {
		t.Errorf("notes: %v", files.Notes)
	}
}

// Suggested tests kill every mutant that some world distinguishes from its rule,
// promtool passes them, and they count apart until a person removes the mark.
func TestSuggestedTestsKillSurvivors(t *testing.T) {
	t.Parallel()
	dir, paths := folder(t, "rules.yml", filesRules, "rules_test.yml", filesTests)
	files, outcomes := scoreFiles(t, paths)
	suggestions, err := mutate.Explore(t.Context(), files.Proofs, outcomes, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := mutate.NewFileReport(outcomes, nil, nil).Total()
	if before.Survivors() < 5 || len(suggestions) == 0 {
		t.Fatalf("%+v, %d suggestions", before, len(suggestions))
	}
	promtool, err := filepath.Abs("../../../bin/promtool")
	if err != nil {
		t.Fatal(err)
	}
	written, err := mutate.WriteSuggestions(t.Context(), suggestions, dir, promtool)
	if err != nil || len(written) != 1 || len(written[0].Refused) > 0 {
		t.Fatalf("%v %+v", err, written)
	}
	if out, err := exec.Command(promtool, "test", "rules", written[0].Path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(written[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range strings.Split(string(text), "# preflight: suggested\n")[1:] {
		if n := strings.Count(test, "\n") - 1; n > 10 {
			t.Errorf("%d lines:\n%s", n, test)
		}
	}
	total := func() mutate.FileTally {
		files, outcomes := scoreFiles(t, append(paths, written[0].Path))
		if len(files.Notes) > 0 {
			t.Errorf("notes: %v", files.Notes)
		}
		if _, err := mutate.Explore(t.Context(), files.Proofs, outcomes, false, nil); err != nil {
			t.Fatal(err)
		}
		return mutate.NewFileReport(outcomes, nil, nil).Total()
	}
	after := total()
	if after.Survivors() > 0 || after.Pinned < before.Survivors() || after.ByHand != before.ByHand || after.Score() != 100 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	unmarked := strings.ReplaceAll(string(text), "  # preflight: suggested\n", "")
	if err := os.WriteFile(written[0].Path, []byte(unmarked), 0o600); err != nil {
		t.Fatal(err)
	}
	if read := total(); read.Pinned != 0 || read.ByHand != after.ByHand+after.Pinned {
		t.Errorf("without marks %+v, with marks %+v", read, after)
	}
}

// The same rules give the same suggestions.
func TestSuggestionsAreDeterministic(t *testing.T) {
	t.Parallel()
	_, paths := folder(t, "rules.yml", filesRules, "rules_test.yml", filesTests)
	var texts []string
	for range 2 {
		files, outcomes := scoreFiles(t, paths)
		list, err := mutate.Explore(t.Context(), files.Proofs, outcomes, true, nil)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, s := range list {
			text += s.Says + strings.Join(s.Mutants, ",") + "\n"
			for _, x := range s.Test().Series {
				text += x.Series + " " + x.Values + "\n"
			}
		}
		texts = append(texts, text)
	}
	if texts[0] != texts[1] {
		t.Errorf("%s\n\n%s", texts[0], texts[1])
	}
}

// What no world distinguishes from its rule is undecided, and does not lower the score.
func TestEquivalentMutantsAreUndecided(t *testing.T) {
	t.Parallel()
	_, paths := folder(t,
		"rules.yml", `groups: [{name: g, rules: [{alert: A, expr: 'a{job=~".*"} == a{job=~".*"}'}]}]`,
		"rules_test.yml", "rule_files: [rules.yml]\ntests: [{input_series: [{series: 'a{job=\"x\"}', values: '1x5'}], alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: [{exp_labels: {job: x}}]}]}]\n")
	files, outcomes := scoreFiles(t, paths)
	if _, err := mutate.Explore(t.Context(), files.Proofs, outcomes, false, nil); err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.From == `job=~".*"` && o.To == "" && !o.Undecided {
			t.Errorf("%s is decided", o.Name())
		}
	}
	if total := mutate.NewFileReport(outcomes, nil, nil).Total(); total.Undecided < 2 {
		t.Errorf("%+v", total)
	}
}

// A baseline accepts known survivors only.
func TestBaseline(t *testing.T) {
	t.Parallel()
	dir, paths := folder(t, "rules.yml", filesRules, "rules_test.yml", filesTests)
	path := filepath.Join(dir, "survivors.txt")
	if _, err := mutate.ReadBaseline(path, false); err == nil || !strings.Contains(err.Error(), "--write-baseline") {
		t.Errorf("error %v", err)
	}
	_, outcomes := scoreFiles(t, paths)
	known, err := mutate.ReadBaseline(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := known.Write(mutate.NewFileReport(outcomes, nil, known)); err != nil {
		t.Fatal(err)
	}
	known, err = mutate.ReadBaseline(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if fresh := mutate.NewFileReport(outcomes, nil, known).Fresh(); len(fresh) > 0 {
		t.Errorf("%d are fresh", len(fresh))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err := os.WriteFile(path, []byte(strings.Join(lines[:len(lines)-1], "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if known, err = mutate.ReadBaseline(path, false); err != nil {
		t.Fatal(err)
	}
	if fresh := mutate.NewFileReport(outcomes, nil, known).Fresh(); len(fresh) != 1 {
		t.Errorf("%d are fresh, want 1", len(fresh))
	}
}

// Waivers in a file need a reason and a mutant that means the same.
func TestWaiverFile(t *testing.T) {
	t.Parallel()
	dir, paths := folder(t, "rules.yml", filesRules, "rules_test.yml", filesTests, "waivers.yml", `
waivers:
  - {rule: Errors, mutant: '> → >=', reason: hoped so}
  - {rule: Gone, mutant: '> → >=', reason: the rule was renamed}
`, "bad.yml", "waivers: [{rule: Errors, mutant: '> → >='}]\n")
	if _, err := mutate.ReadWaivers(filepath.Join(dir, "bad.yml")); err == nil || !strings.Contains(err.Error(), "a waiver has rule, mutant and reason") {
		t.Errorf("error %v", err)
	}
	waivers, err := mutate.ReadWaivers(filepath.Join(dir, "waivers.yml"))
	if err != nil {
		t.Fatal(err)
	}
	files, outcomes := scoreFiles(t, paths[:2])
	if _, err := mutate.Explore(t.Context(), files.Proofs, outcomes, false, nil); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range waivers.Apply(outcomes) {
		codes = append(codes, string(f.Code))
	}
	if got := strings.Join(codes, " "); got != "MU003 MU002" {
		t.Errorf("findings %s", got)
	}
}
