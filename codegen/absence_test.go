package codegen_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/rules"
)

// missing adds an alert on the absence of a metric in each environment.
func missing(s *preflight.Site, expr string) {
	s.Envs = []string{"dev", "prod", "dr"}
	s.Jobs = []preflight.Job{{Name: "disk", ByEnv: map[string][]string{"dev": {"d:9000"}, "prod": {"p:9000"}, "dr": {"r:9000"}}}}
	g := &s.Packs[0].Groups[0]
	g.Alerts = append(g.Alerts, rules.Alert{Name: "DiskMissing", Severity: "P2", PerEnv: true, Expr: expr, For: "10m"})
}

// The test of an absence is exact to the minute, in each environment, and
// promtool agrees.
func TestTestsOfAbsence(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	missing(&s, `absent(disk_used_ratio{env="ENV"})`)
	dir := t.TempDir()
	mustGenerate(t, s, "--out="+dir)
	test := filepath.Join(dir, "prometheus/tests/DiskMissing.yml")
	accepted(t, "promtool", "test", "rules", test)
	made := tree(t, dir)
	_, first, _ := strings.Cut(made["prometheus/tests/DiskMissing.yml"], "generated: fires without data and recovers")
	first, others, _ := strings.Cut(first, "generated: fires without data of the other environments")
	contains(t, first, `{env="dev",instance="a",job="disk"}`, `{env="prod",instance="a",job="disk"}`, "eval_time: 14m\n", "eval_time: 15m\n", "env: dev\n")
	lacks(t, first, "env: prod\n", "env: dr\n")
	contains(t, others, "env: prod\n", "env: dr\n")
	lacks(t, others, "env: dev\n")
	// A rule with a longer wait fails the test of the shorter one.
	rulesFile := filepath.Join(dir, "prometheus/rules/disk.yml")
	write(t, rulesFile, replaced(made["prometheus/rules/disk.yml"], "for: 10m", "for: 11m"))
	refused(t, "promtool", "test", "rules", test)
	// So does a rule for another environment.
	write(t, rulesFile, replaced(made["prometheus/rules/disk.yml"], `absent(disk_used_ratio{env="dr"})`, `absent(disk_used_ratio{env="dev"})`))
	refused(t, "promtool", "test", "rules", test)
}

// The coverage lists the tests that could not be made from an expression.
func TestCoverageListsMissingTests(t *testing.T) {
	t.Parallel()
	s := diskSite("P2")
	missing(&s, `changes(disk_used_ratio{env="ENV"}[1h]) > 5`)
	contains(t, findings(t, s), `alert "DiskMissing": DF003: nothing proves it`, "changes cannot be inverted")
	alert(&s, "DiskMissing").Expr = `absent(disk_used_ratio{env="ENV"}) or changes(disk_used_ratio{env="ENV"}[1h]) > 5`
	alert(&s, "DiskMissing").Scenarios = []rules.Scenario{{
		Name: "no data", Series: `disk_used_ratio{env="OTHER", job="disk", instance="a"} 0x20`,
		Expect: []rules.Expect{rules.Quiet("9m"), rules.Fires("10m", `env="ENV"`)},
	}, {
		Name: "data", Series: `disk_used_ratio{env="ENV", job="disk", instance="a"} 0x20`,
		Expect: []rules.Expect{rules.Quiet("9m"), rules.Fires("10m", `env="OTHER"`)},
	}}
	var coverage struct {
		Rules []struct {
			Name         string
			NotGenerated []string `json:"not_generated"`
		}
	}
	if err := json.Unmarshal([]byte(file(t, s, "prometheus/coverage.json")), &coverage); err != nil {
		t.Fatal(err)
	}
	for _, r := range coverage.Rules {
		if got := strings.Join(r.NotGenerated, ""); (r.Name == "DiskMissing") != strings.Contains(got, "changes cannot be inverted") {
			t.Errorf("%s: not generated: %q", r.Name, got)
		}
	}
}
