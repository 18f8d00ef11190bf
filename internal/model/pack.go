package model

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// pack is a copy of a pack for its changes.
type pack struct {
	preflight.Pack
	name   string
	groups []Group
	gone   []string // removed alerts
	unread bool     // one of its rule files could not be read
}

// open copies a pack with its rule files.
func (r *resolver) open(p preflight.Pack) pack {
	out := pack{Pack: p, name: p.Name}
	for _, g := range p.Groups {
		out.groups = append(out.groups, Group{Group: copyGroup(g), Pack: p.Name})
	}
	out.Metrics = slices.Clone(p.Metrics)
	out.Exporters = slices.Clone(p.Exporters)
	out.Runbooks = slices.Clone(p.Runbooks)
	out.Dashboards = nil
	for _, d := range p.Dashboards {
		out.Dashboards = append(out.Dashboards, copyDashboard(d))
	}
	where := fmt.Sprintf("pack %q", p.Name)
	if p.Name == "" {
		r.add(finding.BadSite, "pack without a name", "give it a Name: findings and generated files refer to it")
	}
	if p.RuleFiles != nil {
		r.ruleFiles(&out, p.RuleFiles)
	}
	if len(p.SLOs) > 0 {
		r.notYet(where, "SLOs")
	}
	if p.DashboardFiles != nil && holdsFile(p.DashboardFiles, ".json") {
		r.notYet(where, "DashboardFiles")
	}
	if p.Routing.YAML != "" {
		r.add(finding.NotYetEmitted, where, "Routing.YAML is that of the site alone: write the pack's receivers, routes and time intervals as literals, with routing.Raw for a subtree")
	}
	if p.Routing.Templates != nil {
		r.add(finding.NotYetEmitted, where, "Routing.Templates is that of the site alone: leave it out")
	}
	return out
}

// holdsFile reports whether the file system has a file with that suffix.
func holdsFile(files fs.FS, suffix string) (found bool) {
	_ = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error { // an unreadable folder counts as empty
		found = found || err == nil && !d.IsDir() && strings.HasSuffix(strings.ToLower(path), suffix)
		return nil
	})
	return found
}

func (r *resolver) notYet(where, field string) {
	r.add(finding.NotYetEmitted, where, "%s is not yet emitted: leave it out", field)
}

func copyGroup(g rules.Group) rules.Group {
	g.Labels = maps.Clone(g.Labels)
	g.Records = slices.Clone(g.Records)
	for i, rec := range g.Records {
		g.Records[i].Labels = maps.Clone(rec.Labels)
		g.Records[i].Equivalents = slices.Clone(rec.Equivalents)
		g.Records[i].Scenarios = copyScenarios(rec.Scenarios)
	}
	g.Alerts = slices.Clone(g.Alerts)
	for i, a := range g.Alerts {
		g.Alerts[i] = copyAlert(a)
	}
	return g
}

func copyAlert(a rules.Alert) rules.Alert {
	a.Also = slices.Clone(a.Also)
	a.Labels = maps.Clone(a.Labels)
	a.Annotations = maps.Clone(a.Annotations)
	a.Actions = slices.Clone(a.Actions)
	a.Translations = maps.Clone(a.Translations)
	for language, t := range a.Translations {
		t.Actions = slices.Clone(t.Actions)
		a.Translations[language] = t
	}
	a.Scenarios = copyScenarios(a.Scenarios)
	a.Waivers = slices.Clone(a.Waivers)
	a.Equivalents = slices.Clone(a.Equivalents)
	a.Panel = copyPanel(a.Panel)
	return a
}

func copyScenarios(list []rules.Scenario) []rules.Scenario {
	list = slices.Clone(list)
	for i, s := range list {
		list[i].Expect = slices.Clone(s.Expect)
		for j, e := range s.Expect {
			list[i].Expect[j].Instances = slices.Clone(e.Instances)
			for k, x := range e.Instances {
				list[i].Expect[j].Instances[k].Texts = maps.Clone(x.Texts)
			}
		}
	}
	return list
}

func copyDashboard(d dashgen.Dashboard) dashgen.Dashboard {
	d.Variables = slices.Clone(d.Variables)
	d.Annotations = slices.Clone(d.Annotations)
	d.Panels = copyPanels(d.Panels)
	d.Rows = slices.Clone(d.Rows)
	for i, row := range d.Rows {
		d.Rows[i].Panels = copyPanels(row.Panels)
	}
	return d
}

func copyPanels(list []dashgen.Panel) []dashgen.Panel {
	list = slices.Clone(list)
	for i, p := range list {
		list[i] = copyPanel(p)
	}
	return list
}

func copyPanel(p dashgen.Panel) dashgen.Panel {
	p.Targets = slices.Clone(p.Targets)
	p.Thresholds = slices.Clone(p.Thresholds)
	p.Mappings = slices.Clone(p.Mappings)
	p.Overrides = slices.Clone(p.Overrides)
	return p
}

// EachPanel calls f with every panel of a dashboard, in reading order. f may
// change the panel.
func EachPanel(d *dashgen.Dashboard, f func(*dashgen.Panel)) {
	for i := range d.Panels {
		f(&d.Panels[i])
	}
	for r := range d.Rows {
		for i := range d.Rows[r].Panels {
			f(&d.Rows[r].Panels[i])
		}
	}
}
