package codegen_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
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

// withFiles returns the site of one alert with rule files in its pack.
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

// Rules in YAML are part of rules, tests, routes, runbooks and lineage.
func TestRuleFilesJoinPack(t *testing.T) {
	t.Parallel()
	s := withFiles(map[string]string{"deep/down/nodes.yaml": nodeRules, "README.md": "no rules"})
	s.Routing.Route.Routes = []routing.Route{{Match: `team="infra"`, GroupBy: []string{"job"}}}
	made := files(t, s)
	contains(t, made["prometheus/rules/nodes.yml"],
		"interval: 30s", "record: job:disk_used:max", "alert: NodeDiskFull", "team: infra", "for: 10m", "description: Of others.",
		"priority: P2", "priority: P1") // P1 takes warning
	contains(t, made["prometheus/tests/NodeDiskFull.yml"], "generated:", "alertname: NodeDiskFull")
	contains(t, made["prometheus/tests/job-disk_used-max.yml"], "job:disk_used:max")
	contains(t, made["alertmanager/routes.md"], "| [NodeDiskFull](../runbooks/NodeDiskFull.md) | infra | chat |")
	contains(t, made["alertmanager/route_tests.txt"], `alertname="NodeDiskFull"`)
	contains(t, made["runbooks/NodeDiskFull.md"], "NodeDiskFull")
	contains(t, made["runbooks/README.md"], "NodeDiskFull")
	contains(t, made["lineage.md"], "NodeDiskFull", "job:disk_used:max")
}

// An override also changes alerts of a rule file.
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
		strings.Replace(nodeRules, "for: 10m", "fro: 10m", 1):                     `nodes.yml:10: unknown key "fro" in groups[0].rules[1] (did you mean "for"?)`,
		strings.Replace(nodeRules, "interval:", "intervall:", 1):                  `nodes.yml:4: unknown key "intervall" in groups[0] (did you mean "interval"?)`,
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

// A group of a rule file clashes with an equal name in Go.
func TestRuleFilesClashWithLiterals(t *testing.T) {
	t.Parallel()
	contains(t, findings(t, withFiles(map[string]string{"disk.yml": strings.Replace(nodeRules, "name: nodes", "name: disk", 1)})), `group "disk": DF007`)
}

// oneRule returns a rule file with one alert and these fields.
func oneRule(fields string) map[string]string {
	return map[string]string{"a.yml": "groups: [{name: a, rules: [{alert: NodeFull, " + fields + "}]}]"}
}

// The severity of a rule file is a level of the site, in its label or in the
// label severity, of the rule or of its group. An unknown severity is a
// finding.
func TestSeveritiesOfRuleFiles(t *testing.T) {
	t.Parallel()
	site := func(files map[string]string) preflight.Site {
		s := withFiles(files)
		s.Severities = mq().Severities
		return s
	}
	const expr = "expr: disk_used_ratio > 0.9"
	for text, want := range map[string]string{
		expr + ", labels: {severity: critical}":             "sev: red",
		expr + ", labels: {sev: amber, severity: critical}": "sev: amber",
	} {
		contains(t, file(t, site(oneRule(text)), "prometheus/rules/a.yml"), want)
	}
	for labels, want := range map[string]string{"severity: info": "sev: grey", "sev: page": "sev: red"} { // labels of the group
		text := "groups: [{name: a, labels: {" + labels + "}, rules: [{alert: NodeFull, " + expr + "}]}]"
		contains(t, file(t, site(map[string]string{"a.yml": text}), "prometheus/rules/a.yml"), want)
	}
	for text, want := range map[string]string{
		expr + ", labels: {severity: critcal}":   `alert "NodeFull": DF006: no level of the site has or takes the severity "critcal"`,
		expr + ", labels: {sev: purple}":         `alert "NodeFull": DF006: no level of the site has or takes the severity "purple"`,
		expr + ", labels: {severity: none}":      `alert "NodeFull": DF006: it has no Severity: give it in the rule file the label sev, or with preflight.Override one of red, amber, grey`,
		expr:                                     `alert "NodeFull": DF006: it has no Severity`,
		expr + ", labels: {sev: red, sevv: red}": "",
	} {
		if found := findings(t, site(oneRule(text))); !strings.Contains(found, want) || want == "" && found != "" {
			t.Errorf("%s: want %s, got\n%s", text, want, found)
		}
	}
	// An override sets one.
	s := site(oneRule(expr))
	s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "NodeFull", Severity: "P2"})
	contains(t, file(t, s, "prometheus/rules/a.yml"), "sev: amber")
	// On the default scale too.
	s.Severities = routing.Severities{}
	s.Packs[0].Groups[0].Alerts[0].Severity = "warning"
	s.Packs[0].RuleFiles = withFiles(oneRule(expr + ", labels: {severity: nonsense}")).Packs[0].RuleFiles
	s.Packs[0] = withoutChanges(s.Packs[0])
	contains(t, findings(t, s), `alert "NodeFull": DF006: no level of the site has or takes the severity "nonsense"`)
	// A heartbeat that goes only to a watchdog needs none.
	s = site(oneRule("expr: vector(1), labels: {severity: none}"))
	s.Routing.Receivers = append(s.Routing.Receivers, routing.Receiver{Name: "beat", Watchdog: true, FiringOnly: true})
	s.Routing.Route.Routes = []routing.Route{{Match: `alertname="NodeFull"`, Receiver: "beat", GroupWait: "0s", GroupInterval: "5s", RepeatInterval: "12s"}}
	lacks(t, findings(t, s), "DF006")
}

// withoutChanges returns a pack without the changes of With.
func withoutChanges(p preflight.Pack) preflight.Pack {
	return preflight.Pack{Name: p.Name, Metrics: p.Metrics, Groups: p.Groups, RuleFiles: p.RuleFiles}
}

// Rule files are proved like literals, and their texts are checked.
func TestRuleFilesAreProved(t *testing.T) {
	t.Parallel()
	hard := "expr: disk_used_ratio / disk_used_ratio offset 1h > 3, labels: {priority: P2}"
	contains(t, findings(t, withFiles(oneRule(hard))), `alert "NodeFull": DF003: nothing proves it`)
	s := withFiles(oneRule(hard))
	s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "NodeFull", Edit: func(a *rules.Alert) { a.Untested = "other people's" }})
	if found := findings(t, s); found != "" {
		t.Error(found)
	}
	s = withFiles(oneRule("expr: disk_used_ratio > 0.9, labels: {priority: P2}"))
	s.Packs[0] = s.Packs[0].With(preflight.Override{Alert: "NodeFull", Scenarios: []rules.Scenario{{Name: "no", Series: "disk_used_ratio 0.1x9", Expect: []rules.Expect{rules.Quiet("5m")}}}})
	contains(t, findings(t, s), `alert "NodeFull": DF003: no scenario makes it fire`)

	contains(t, findings(t, withFiles(oneRule(`expr: disk_used_ratio > 0.9, labels: {priority: P2}, annotations: {description: "over 80 % of {{ $labels.job }}"}`))),
		`alert "NodeFull", annotation "description": DF010`)
	if found := findings(t, withFiles(oneRule(`expr: disk_used_ratio > 0.9, labels: {priority: P2}, annotations: {description: "over 90 % of {{ $labels.job }}"}`))); found != "" {
		t.Error(found)
	}
}
