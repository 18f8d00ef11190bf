// Package rules describes alerting and recording rules, and the scenarios that
// prove them. It holds definitions only: the generator turns them into rule
// files, promtool tests and runbooks.
//
// An [Alert] is one literal: the PromQL condition, its severity, the texts that
// people read, what they should do, the panel that shows it, and the scenarios
// that prove it.
//
// Durations are text as Prometheus writes them, with "3runs" and "2scrapes"
// from the site's timing.
package rules

import (
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
)

// Alert is one alert with everything that follows from it.
type Alert struct {
	Name string
	// Severity is a level of the site, or a word that a level takes. Only an
	// alert that is routed to nothing but a watchdog goes without.
	Severity string
	// Expr is the condition in PromQL. ENV, URGENT, "3runs" and "2scrapes"
	// follow from the site.
	Expr          string
	For           string
	KeepFiringFor string
	PerEnv        bool        // one rule for each environment, which ENV names
	HoldWhileDown string      // a job: while none of its targets answers, firing instances keep firing
	Also          []Condition // further conditions of the same name, each with its severity

	Labels      map[string]string
	Annotations map[string]string // beside those below

	// Texts are Prometheus templates, with {{ $threshold }}, {{ $window }} and
	// {{ $for }} of the expression.
	Title     string   // the headline of the message; "": the name in words
	Summary   string   // one line about this instance
	Reason    string   // why, from a closed set
	Headline  string   // the line above the instances: "Preflight failed (6/8 PASS)"
	ListTitle string   // the heading of the instances: "Failed Checks"
	Actions   []string // what to do, in order
	About     string   // what it means, for the runbook

	Translations map[string]Translation // by language: "ko"

	Panel       dashgen.Panel // zero: the compared side of Expr, a line for each of its series
	Scenarios   []Scenario    // none: generated from the expression
	Untested    string        // why nothing can prove it
	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
}

// Place returns the panel of the alert, for a dashboard.
func (a Alert) Place() dashgen.Panel {
	p := a.Panel
	p.Alert = a.Name
	return p
}

// Condition is a further condition of an alert: "below 15 %" is a ticket,
// "below 5 %" a page.
type Condition struct{ Severity, Expr, For string }

// Translation is the texts of an alert in another language. What is left out is
// shown in English.
type Translation struct {
	Title, Summary, Headline, ListTitle, About string
	Actions                                    []string
}
