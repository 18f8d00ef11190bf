// Package preflight describes what a system must be watched for, a [Pack], and
// one deployment of it, a [Site].
//
// Both are plain data. A pack is portable: it names metrics, alerts, dashboards
// and the routing that holds everywhere, but no address, environment or person.
// A site says which packs run where, and who is notified. Package codegen proves
// a site and writes its files.
package preflight

import (
	"io/fs"
	"slices"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// Pack is what one system must be watched for: portable, without addresses,
// environments and people.
type Pack struct {
	Name           string
	Metrics        []metrics.Desc // of its own programs
	Exporters      []metrics.Desc // of other programs that its rules read
	Groups         []rules.Group
	SLOs           []rules.SLO
	Dashboards     []dashgen.Dashboard // none: one board with a row for each group
	Routing        routing.Routing     // the part that holds at every site
	RuleFiles      fs.FS               // every .yml and .yaml file in it is a rule file
	DashboardFiles fs.FS               // every .json file in it is a dashboard
	Checks         []spec.Spec         // the runbooks explain them
	Runbooks       []Runbook           // chapters beyond the texts of alerts and checks
	Findings       []finding.Finding   // mistakes in what the pack was made of, reported with the others

	changes []Change
}

// Runbook adds a chapter to the runbook pages of some alerts.
type Runbook struct {
	Alerts   []string
	Markdown string
}

// With returns the pack with changes. The generator applies them in order to a
// copy; a change of something that is not there is a finding.
func (p Pack) With(changes ...Change) Pack {
	p.changes = append(p.changes[:len(p.changes):len(p.changes)], changes...)
	return p
}

// Changes returns the changes of [Pack.With], in order. The generator applies
// them.
func (p Pack) Changes() []Change { return slices.Clone(p.changes) }
