package preflight

import "github.com/alertnative/preflight/rules"

// Change is an [Override], [Without], [Labels], [Rename] or [As].
type Change interface{ change() }

// Override changes the alerts of one name, those of SLOs and rule files too, in
// their first condition. What is left out stays.
// When its condition or delay changes, the scenarios of the pack no longer
// apply to it: those of the override and those generated prove it.
type Override struct {
	Alert         string
	Threshold     string // "0.25", "2runs"; the expression must have exactly one
	Severity      string
	For           string // "0s": none
	KeepFiringFor string
	Labels        map[string]string            // added
	Translations  map[string]rules.Translation // its texts replace those of the pack
	Scenarios     []rules.Scenario             // added
	Edit          func(*rules.Alert)           // any other change, after those above
}

// Without leaves an alert out.
type Without struct{ Alert, Why string }

// Labels adds labels to every alert of the pack, in place of those of the series.
type Labels map[string]string

// Rename gives the metrics of the pack another namespace, in every pack of the site that reads them.
// A pack that is taken twice has a namespace for each taking; others read the one that all of them have.
type Rename struct{ From, To string }

// As gives the pack another name, so that a site can take it twice. Groups and
// dashboards are named after it; names of alerts stay.
type As string

func (Override) change() {}
func (Without) change()  {}
func (Labels) change()   {}
func (Rename) change()   {}
func (As) change()       {}
