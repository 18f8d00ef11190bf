// Package preflight describes the monitoring of a system, a [Pack], and one
// deployment of it, a [Site].
//
// Both are plain data. A pack is portable: it has metrics, alerts, dashboards
// and the routing that applies on every site, but no addresses, environments or
// people. A site selects packs, and defines where they run and who is notified.
// Package codegen proves a site and writes its files.
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

// Pack is the monitoring of one system. It is portable, without addresses,
// environments and people.
type Pack struct {
	Name           string
	Metrics        []metrics.Desc // metrics of its own programs
	Exporters      []metrics.Desc // metrics of other programs that its rules read
	Groups         []rules.Group
	SLOs           []rules.SLO
	Dashboards     []dashgen.Dashboard // empty: one dashboard with a row per group
	Routing        routing.Routing     // the part that applies on every site
	RuleFiles      fs.FS               // all its .yml and .yaml files are rule files
	DashboardFiles fs.FS               // all its .json files are dashboards
	Checks         []spec.Spec         // explained in the runbooks
	Envs           []string            // environments that its programs know; empty: any
	Runbooks       []Runbook           // additional chapters of the runbooks
	Findings       []finding.Finding   // mistakes in the pack's sources, reported with the other findings

	changes []Change
}

// Runbook adds a chapter to the runbook pages of some alerts.
type Runbook struct {
	Alerts   []string
	Markdown string
}

// With returns the pack with changes. The generator applies them in order to a
// copy. A change of an unknown definition is a finding.
func (p Pack) With(changes ...Change) Pack {
	p.changes = append(p.changes[:len(p.changes):len(p.changes)], changes...)
	return p
}

// Changes returns the changes of [Pack.With], in order.
func (p Pack) Changes() []Change { return slices.Clone(p.changes) }
