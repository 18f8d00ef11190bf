package rules

import "github.com/alertnative/preflight/finding"

// Group is a set of rules that are evaluated together, recording rules first.
type Group struct {
	Name        string
	Interval    string // "": the site's evaluation interval
	QueryOffset string
	Limit       int
	Labels      map[string]string // of every rule of the group; a rule's own label wins
	Records     []Record
	Alerts      []Alert
}

// Record is a recording rule.
type Record struct {
	Name, Expr  string
	Labels      map[string]string
	Scenarios   []Scenario
	Untested    string // why nothing can prove it
	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
}
