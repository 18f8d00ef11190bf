package preflight

import "github.com/alertnative/preflight/rules"

// Change is an [Override], [Without], [Labels], [Rename] or [As].
type Change interface{ change() }

// Override changes the alerts with one name, including those of SLOs and rule
// files, in their first condition. Omitted fields are unchanged. If the
// condition or delay changes, the pack's scenarios no longer apply: the
// override's scenarios and generated tests prove the alert.
type Override struct {
	Alert         string
	Threshold     string // "0.25", "2runs"; the expression must have exactly one threshold
	Severity      string
	For           string // "0s" removes it
	KeepFiringFor string
	Labels        map[string]string            // added to the alert's
	Translations  map[string]rules.Translation // its texts replace the pack's
	Scenarios     []rules.Scenario             // added to the generated ones
	Edit          func(*rules.Alert)           // any other change, made last
}

// Without removes an alert.
type Without struct{ Alert, Why string }

// Labels adds labels to every alert of the pack. They replace those of the
// series.
type Labels map[string]string

// Rename gives the pack's metrics another namespace, in every pack of the site
// that reads them. If a site uses a pack twice with different namespaces, other
// packs read the metrics whose names all uses share.
type Rename struct{ From, To string }

// As gives the pack another name, so that a site can use it twice. Its groups
// and dashboards get that name; names of alerts stay.
type As string

func (Override) change() {}
func (Without) change()  {}
func (Labels) change()   {}
func (Rename) change()   {}
func (As) change()       {}
