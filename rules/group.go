package rules

import "github.com/alertnative/preflight/finding"

// Group is a set of rules that are evaluated together, recording rules first.
type Group struct {
	Name        string
	Interval    string // "": the site's evaluation interval
	QueryOffset string
	Limit       int
	Labels      map[string]string // labels of every rule; a rule's own label takes precedence
	Records     []Record
	Alerts      []Alert
}

// Record is a recording rule.
type Record struct {
	Name, Expr  string
	Labels      map[string]string
	Scenarios   []Scenario
	Untested    string // reason why it cannot be tested
	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
}
