// Package rules says which alerts there are, who is told about them and how
// often, and what proves it.
//
// An [Alert] is one literal: the PromQL condition, its priority, the texts
// that people read, what they should do, and the scenarios that prove the
// condition. The generator makes of it the Prometheus rule, its promtool test,
// its runbook page and its place in Alertmanager's routing tree ([Routing]).
//
// The shipped definitions are in preflight.go, performance.go, pipeline.go,
// webhook.go, checker.go, routes.go and promises.go; the other files are the
// engine.
package rules

import (
	"maps"
	"time"

	"github.com/alertnative/preflight/finding"
)

// Priority says how urgent an alert is; it is the alert's label "priority".
type Priority string

// The priorities, most urgent first.
const (
	P0 Priority = "P0" // critical: trading must not go on, tell at once
	P1 Priority = "P1" // high
	P2 Priority = "P2" // medium
	P3 Priority = "P3" // low: kept in the history
)

// Priorities lists the priorities, most urgent first.
func Priorities() []Priority { return []Priority{P0, P1, P2, P3} }

// Text is what people read, in English and, where given, in Korean.
// It can be a Prometheus template.
type Text struct {
	EN, KO string
}

// Alert is one alerting rule with everything that follows from it.
type Alert struct {
	Name string

	// Priority decides the route. Empty only for an alert that is no
	// message (Watchdog).
	Priority Priority

	// Expr is the condition in PromQL, with the units of
	// [metrics.Timing.Expand].
	Expr string
	// PerEnv makes one rule for each expected environment; ENV in Expr, For
	// example env="ENV", stands for its name.
	PerEnv bool
	// HoldWhileDown names a scrape job. While none of its targets answers,
	// an instance that fires keeps firing: that data stopped coming proves
	// nothing.
	HoldWhileDown string

	// For and KeepFiringFor are durations as Prometheus writes them ("1m"),
	// or in the same units ("1run").
	For           string
	KeepFiringFor string
	Labels        map[string]string

	Title   Text   // "Preflight FAIL": the headline of the message
	Summary Text   // one line about this instance
	Reason  string // why, from a closed set, as a template
	Counts  string // "6/8 PASS, 2 FAIL", as a template
	// EvaluatedAt is the time of the evaluation, as a template: what the webhook
	// reads of a sign of life.
	EvaluatedAt string
	Actions     []Text // what to do, in order

	// About explains in the runbook what the alert means.
	About string
	// Dashboard is the uid of the dashboard to look at, and Panel the id of
	// the panel; both optional.
	Dashboard string
	Panel     int

	// Scenarios prove the rule: series in, firing instances out.
	Scenarios []Scenario
	// Waivers name findings about this alert that are none.
	Waivers []finding.Waiver
	// Equivalents are the mutants of the rule that mean the same.
	Equivalents []finding.Equivalent
	// Untested is why there are no scenarios, of a rule that none can prove.
	Untested string
}

// Record is a recording rule. Its own scenarios prove it, and those of the
// alerts that read it.
type Record struct {
	Name   string
	Expr   string
	Labels map[string]string

	Scenarios   []Scenario
	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
	// Untested is why nothing proves it.
	Untested string
}

// Group is a set of rules that are evaluated together, in order: recording
// rules first.
type Group struct {
	Name     string
	Interval time.Duration     // 0: Prometheus's evaluation interval
	Labels   map[string]string // of every alert of the group
	Records  []Record
	Alerts   []Alert
}

// AlertLabels returns the labels that the rules of the group give an alert:
// the group's, the alert's own, and its priority.
func (g Group) AlertLabels(a Alert) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, g.Labels)
	maps.Copy(labels, a.Labels)
	if a.Priority != "" {
		labels["priority"] = string(a.Priority)
	}
	return labels
}
