package codegen_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
)

const nodeRules = `
groups:
  - name: nodes
    interval: 30s
    labels: {team: infra}
    rules:
      - {record: 'job:disk_used:max', expr: max by (job) (disk_used_ratio)}
      - alert: NodeDiskFull
        expr: job:disk_used:max > 0.95
        for: 10m
        labels: {priority: P2}
        annotations: {summary: '{{ $labels.job }} is full', description: 'Of others.'}
      - alert: NodeDiskFull
        expr: job:disk_used:max > 0.99
        labels: {priority: warning}
`

// withFiles is the site of one alert with rule files in its pack.
func withFiles(files map[string]string) preflight.Site {
	s := diskSite("P2")
	s.Routing.Promises = nil
	held := fstest.MapFS{}
	for path, text := range files {
		held[path] = &fstest.MapFile{Data: []byte(text)}
	}
	s.Packs[0].RuleFiles = held
	return s
}

// What is written as YAML joins rules, tests, routes, runbooks and lineage.
func TestRuleFilesJoinThePack(t *testing.T) {
	t.Parallel()
	s := withFiles(map[string]string{"deep/down/nodes.yaml": nodeRules, "README.md": "no rules"})
	s.Routing.Route.Routes = []routing.Route{{Match: `team="infra"`, GroupBy: []string{"job"}}}
	made := files(t, s)
	contains(t, made["prometheus/rules/nodes.yml"],
		"interval: 30s", "record: job:disk_used:max", "alert: NodeDiskFull", "team: infra", "for: 10m", "description: Of others.",
		"priority: P2", "priority: P1") // P1 takes the word warning
	contains(t, made["prometheus/tests/NodeDiskFull.yml"], "generated:", "alertname: NodeDiskFull")
	contains(t, made["prometheus/tests/job-disk_used-max.yml"], "job:disk_used:max")
	contains(t, made["alertmanager/routes.md"], "[NodeDiskFull](../runbooks/NodeDiskFull.md) | chat")
	contains(t, made["alertmanager/route_tests.txt"], `alertname="NodeDiskFull"`)
	contains(t, made["runbooks/NodeDiskFull.md"], "NodeDiskFull")
	contains(t, made["runbooks/README.md"], "NodeDiskFull")
	contains(t, made["lineage.md"], "NodeDiskFull", "job:disk_used:max")
}

// An override reaches the alerts of a rule file too.
func TestOverrideReachesRuleFiles(t *testing.T) {
	t.Parallel()
	s := withFiles(map[string]string{"nodes.yml": strings.Replace(nodeRules, "priority: warning", "priority: P3", 1)})
	s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "NodeDiskFull", Labels: map[string]string{"owner": "us"}})
	if n := strings.Count(file(t, s, "prometheus/rules/nodes.yml"), "owner: us"); n != 2 {
		t.Errorf("%d of 2 rules have the label", n)
	}
}

func TestRuleFilesAreDecodedStrictly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		strings.Replace(nodeRules, "for: 10m", "fro: 10m", 1):                     "field fro not found",
		strings.Replace(nodeRules, "interval:", "intervall:", 1):                  "field intervall not found",
		strings.Replace(nodeRules, "for: 10m", "for: ten", 1):                     `alert "NodeDiskFull", For: DF019`,
		strings.Replace(nodeRules, "job:disk_used:max > 0.95", "job:disk:max", 1): `alert "NodeDiskFull", expr: PQ002`,
		strings.Replace(nodeRules, "$labels.job }} is", "$labels.jobs }} is", 1):  `alert "NodeDiskFull", annotation "summary": PQ030`,
		strings.Replace(nodeRules, "- alert: NodeDiskFull", "- expr: up", 1):      "mapping key",
		strings.Replace(nodeRules, "{record: 'job:disk_used:max', ", "{", 1):      "a rule needs one of alert and record",
		"groups: []": `pack "disk", RuleFiles: DF019: no rule in it`,
		"groups: [":  `pack "disk", RuleFiles: DF019: nodes.yml:`,
	} {
		if found := findings(t, withFiles(map[string]string{"nodes.yml": text})); !strings.Contains(found, want) {
			t.Errorf("want %s, got:\n%s\nof\n%s", want, found, text)
		}
	}
	contains(t, findings(t, withFiles(map[string]string{"README.md": "no rules"})), "no rule in it: embed .yml or .yaml files")
}

// A group of a rule file and one of Go clash like any two.
func TestRuleFilesClashWithLiterals(t *testing.T) {
	t.Parallel()
	contains(t, findings(t, withFiles(map[string]string{"disk.yml": strings.Replace(nodeRules, "name: nodes", "name: disk", 1)})), `group "disk": DF007`)
}
