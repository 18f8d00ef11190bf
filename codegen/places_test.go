package codegen_test

import (
	"testing"
	"testing/fstest"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// Findings on rule files have the file and the line of the rule.
func TestPlacesInRuleFiles(t *testing.T) {
	t.Parallel()
	of := func(group string) preflight.Site {
		p := broker(queueLong())
		p.RuleFiles = fstest.MapFS{
			"a.yml":   {Data: []byte("groups:\n- name: x\n  rules:\n  - record: d:sum\n    expr: sum(queue_dept)\n  - alert: A\n    expr: queue_dept > 1\n    labels: {severity: P1}\n")},
			"d/b.yml": {Data: []byte("groups:\n- name: " + group + "\n  rules:\n  - alert: B\n    expr: sum(queue_depth) > 1\n    labels: {severity: P1}\n    annotations: {summary: '{{ $labels.foo }}'}\n")},
		}
		return mq(p)
	}
	contains(t, findings(t, of("y")),
		`a.yml:4: record "d:sum", expr: PQ002: `, `a.yml:6: alert "A", expr: PQ002: `, `d/b.yml:4: alert "B", annotation "summary": PQ030: `)
	contains(t, findings(t, of("x")), `group "x": DF007: the rule files a.yml and d/b.yml of the pack "queue" both have it`)
}

// The checks of a pack are in the runbooks of its alerts that name a check or a
// reason.
func TestChecksOfPacks(t *testing.T) {
	t.Parallel()
	disk := spec.Spec{Name: "Disk", Looks: "the disk has room", Reasons: []spec.Reason{{Name: "full", Meaning: "it is full", Remedy: "delete files"}}}
	of := func(label string, checks ...spec.Spec) preflight.Site {
		p := broker(rules.Alert{Name: "CheckFails", Severity: "amber", Expr: "sum by (" + label + ") (queue_check_failed) > 0", For: "2m"})
		p.Metrics = append(p.Metrics[1:], metrics.Desc{Name: "queue_check_failed", Type: metrics.Gauge, Help: "Failed checks.", Labels: metrics.Labels("check", "target")})
		p.Checks = checks
		other := broker()
		other.Name, other.Metrics, other.Groups[0].Name = "other", nil, "other"
		other.Groups[0].Alerts = []rules.Alert{{Name: "OtherCheck", Severity: "amber", Expr: "sum by (" + label + ") (queue_check_failed) > 3", For: "2m"}}
		return mq(p, other)
	}
	made := files(t, of("check", disk))
	contains(t, made["runbooks/CheckFails.md"], "| `full` | it is full | delete files |")
	contains(t, made["runbooks/OtherCheck.md"], "delete files") // the checks of all packs
	lacks(t, made["runbooks/BrokerDown.md"], "delete files")

	contains(t, findings(t, of("target", disk)), `check "Disk": DF016: no runbook explains it: no alert of the pack queue shows a Reason`)

	disk.Looks, disk.Timeout = "", -1
	disk.Reasons = append(disk.Reasons, spec.Reason{Name: "full", Meaning: "it is full", Remedy: "delete files"}, spec.Reason{Name: "Too slow"}, spec.Reason{Name: spec.InternalError, Meaning: "a", Remedy: "b"})
	disk.Translations = map[string]spec.Translation{"ko": {Reasons: []spec.Reason{{Name: "fool"}}}}
	contains(t, findings(t, of("check", disk)),
		`check "Disk": DF001: has no Looks`, `check "Disk": DF001: its Timeout -1ns is negative`, `check "Disk", reason "full": DF001: the check has it twice`,
		`check "Disk", reason "Too slow": DF001: the Name is a label's value`, `has no Meaning`, `has no Remedy`, `check "Disk", reason "internal_error": DF001: every check has it`,
		`check "Disk", Translations["ko"]: DF013: it has the reason "fool", which the check does not have`)
}

// Each mistake in a metric has a code, and causes no second finding.
func TestMistakesInMetrics(t *testing.T) {
	t.Parallel()
	p := broker(queueLong())
	p.Metrics = append(p.Metrics,
		metrics.Desc{Name: "bad name", Type: metrics.Gauge}, metrics.Desc{Name: "queue_y", Labels: metrics.Labels("a", "a"), Type: metrics.Gauge, Help: "Y."})
	p.Groups[0].Alerts[1].Expr = "quue_depth > 5"
	text := findings(t, mq(p))
	contains(t, text, `metric "bad name": DF019: not a metric name`, `metric "bad name": DF019: has no help text`, `metric "queue_y": DF019: label "a" is declared twice`)
	lacks(t, text, `metric "queue_depth": DF002`)
}

// Variables without a value are explained.
func TestVariablesWithoutValue(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"for {{ $for }}":         "AM006: $for has no value: the alert has no For",
		"in {{ $window }}":       "AM006: $window has no value: the first condition has no range",
		"above {{ $threshold }}": "AM006: $threshold has no value: the first condition does not compare with one constant",
		"above {{ $treshold }}":  "AM006: there is no variable $treshold\n    above {{ $treshold }}\n             ^^^^^^^^^\n    did you mean \"$threshold\"?",
		"at {{ $vlue }}":         "AM006: there is no variable $vlue\n    at {{ $vlue }}\n          ^^^^^\n    did you mean \"$value\"?",
	} {
		a := queueLong()
		a.For, a.Expr, a.Summary = "", "queue_depth > on (queue) (queue_depth offset 1m)", text
		contains(t, findings(t, mq(broker(a))), `alert "QueueLong", annotation "summary": `+want)
	}
}

// The levels of an alert's conditions differ.
func TestConditionsOfOneLevel(t *testing.T) {
	t.Parallel()
	for want, severities := range map[string][]string{
		`DF001: Also 1 has the level of the alert, amber:`: {"P2"},
		`DF001: Also 2 has the level of Also 1, red:`:      {"red", "page"},
		`DF001: Also 1 has no Severity`:                    {""},
	} {
		a := queueLong()
		for i, severity := range severities {
			a.Also = append(a.Also, rules.Condition{Severity: severity, Expr: "sum by (queue) (queue_depth) > " + []string{"9", "19"}[i]})
		}
		contains(t, findings(t, mq(broker(a))), `alert "QueueLong": `+want)
	}
}

// Definitions with similar names make different files.
func TestFilesOfSimilarNames(t *testing.T) {
	t.Parallel()
	one, two := broker(rules.Alert{Name: "README", Severity: "amber", Expr: "sum by (queue) (queue_depth) > 77", For: "9m"}), broker(queueLong())
	one.Name, two.Name = "bot a", "bot-a"
	two.Groups[0].Name = "other"
	two.Groups[0].Alerts[0].Name, two.Groups[0].Alerts[1].Name = "OtherDown", "OtherLong"
	contains(t, file(t, mq(one, two), "runbooks/README.md"), "README-", "OtherLong.md")
}

// A repeat comes with a flush of the group: at most once in a group interval.
func TestRepeatBelowGroupInterval(t *testing.T) {
	t.Parallel()
	s := mq(broker(queueLong()))
	s.Routing.Route.GroupInterval, s.Routing.Route.RepeatInterval = "5m", "1m"
	contains(t, findings(t, s), "RepeatInterval 1m is shorter than GroupInterval 5m: it repeats after 5m")
}
