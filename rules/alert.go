// Package rules describes alerting and recording rules, and the scenarios that
// prove them. It only holds definitions: the generator turns them into rule
// files, promtool tests and runbooks.
//
// An [Alert] is one literal: the PromQL condition, its severity, the texts and
// actions for people, the panel, and the scenarios that prove it.
//
// Durations are in Prometheus's notation, or in "3runs" and "2scrapes" of the
// site's timing.
package rules

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
)

// Alert is the definition of an alert.
type Alert struct {
	Name string
	// Severity is a level of the site, or a severity that a level takes. Only
	// an alert that is routed to a watchdog alone has none.
	Severity string
	// Expr is the condition in PromQL. The site replaces ENV, URGENT, "3runs"
	// and "2scrapes".
	Expr          string
	For           string
	KeepFiringFor string
	PerEnv        bool        // one rule per environment; ENV is its name
	HoldWhileDown string      // job without whose targets firing instances keep firing
	Also          []Condition // more conditions with the same name, each with its severity

	Labels      map[string]string
	Annotations map[string]string // additional annotations

	// Texts are Prometheus templates, with {{ $threshold }}, {{ $window }} and
	// {{ $for }} of the expression.
	Title     string   // headline of the message; "": the name in words
	Summary   string   // one line about the instance
	Reason    string   // cause, from a closed set
	Headline  string   // line above the instances: "Preflight failed (6/8 PASS)"
	ListTitle string   // heading of the instances: "Failed Checks"
	Actions   []string // steps to take, in order
	About     string   // meaning, for the runbook

	Translations map[string]Translation // by language: "ko"

	Panel       dashgen.Panel // zero: the compared side of Expr, one line per series
	Scenarios   []Scenario    // empty: generated from the expression
	Untested    string        // reason why it cannot be tested
	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
}

// Place returns the alert's panel for a dashboard.
func (a Alert) Place() dashgen.Panel {
	p := a.Panel
	p.Alert = a.Name
	return p
}

// Condition is an additional condition of an alert: "below 15 %" with severity
// ticket, "below 5 %" with severity page.
type Condition struct{ Severity, Expr, For string }

// Translation holds the texts of an alert in another language. Missing texts
// are shown in English.
type Translation struct {
	Title, Summary, Headline, ListTitle, About string
	Actions                                    []string
}
