// Package model resolves a site: it applies the changes of packs to copies,
// translates their severities, and joins their parts. Proofs and emission read
// the resolved [Site].
package model

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// Site is a site with its packs joined.
type Site struct {
	Name           string
	Envs           []string
	Timing         metrics.Timing
	ExternalLabels map[string][]string
	TargetLabels   []metrics.Label
	Jobs           []preflight.Job
	Scale          routing.Severities // with defaults
	Urgent         []string
	Levels         map[string][]string
	Alertmanager   preflight.Alertmanager
	Webhook        preflight.Webhook
	Grafana        preflight.Grafana
	RunbookURL     string
	Secrets        string // folder of named secrets

	Groups     []Group        // by name
	Metrics    []metrics.Desc // metrics of the packs' own programs, by name
	Exporters  []metrics.Desc // metrics of other programs, by name
	Dashboards []Dashboard    // by UID
	Checks     []Check
	Runbooks   []preflight.Runbook
	Routing    routing.Routing // routing, the packs' routes first
	Promised   bool            // the site itself has promises
	Quieted    bool            // the site itself has quiets

	PackRouting []PackRouting // the parts of Routing that belong to packs

	groupsOf   map[string]int    // number of groups by the name of a rule in them
	groupFiles map[string]string // file names without extension, by group
	rulePages  map[string]string // file names without extension, by full name of the rule
}

// Group is a group of rules with its origin.
type Group struct {
	rules.Group
	Pack     string
	FromFile string // rule file of the group, "" for literals
	lines    fileLines
}

// Dashboard is a dashboard with its pack.
type Dashboard struct {
	dashgen.Dashboard
	Pack string
}

// Check is a check with the packs that explain it.
type Check struct {
	spec.Spec
	Packs []string
}

// PackRouting is the routing of a pack. Routing holds equal parts of several
// packs once.
type PackRouting struct {
	routing.Routing
	Pack string
}

// minute is the default scrape and evaluation interval.
const minute = time.Minute

// New resolves a site. It returns all findings, and the site as complete as the
// findings allow.
func New(in preflight.Site) (*Site, []finding.Finding) {
	s := &Site{
		Name: in.Name, Envs: named(in.Envs), ExternalLabels: in.ExternalLabels,
		Timing: metrics.Timing{
			Run:        cmp.Or(in.Timing.Run, minute),
			Scrape:     cmp.Or(in.Timing.Scrape, minute),
			Evaluation: cmp.Or(in.Timing.Evaluation, minute),
		},
		TargetLabels: in.TargetLabels, Jobs: sortedBy(in.Jobs, func(j preflight.Job) string { return j.Name }),
		Scale: in.Severities.Or(), Urgent: in.Urgent, Levels: in.Levels, Alertmanager: in.Alertmanager, Webhook: in.Webhook, Grafana: in.Grafana,
		RunbookURL: in.RunbookURL, Secrets: "/run/secrets",
	}
	r := &resolver{Site: s, taken: map[string]int{}}
	r.site(in)
	packs := make([]pack, len(in.Packs))
	for i, p := range in.Packs {
		packs[i] = r.open(p)
	}
	r.rename(packs)
	for i := range packs {
		r.change(&packs[i])
		packs[i].forget()
		r.taken[packs[i].name]++
	}
	for _, p := range packs {
		r.join(p)
	}
	r.joinRouting(packs, in.Routing)
	r.severities()
	r.labels()
	r.sort()
	r.clashes()
	s.countNames()
	return s, r.findings
}

// named returns the names of environments, sorted and without duplicates.
func named(envs []string) []string {
	envs = slices.DeleteFunc(slices.Clone(envs), func(env string) bool { return env == "" })
	slices.Sort(envs)
	return slices.Compact(envs)
}

// resolver collects findings during the resolution.
type resolver struct {
	*Site
	findings []finding.Finding
	origins  []origin
	taken    map[string]int // number of packs by name
}

func (r *resolver) add(code finding.Code, where, format string, args ...any) {
	r.findings = append(r.findings, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
}

// join adds a changed pack to the site.
func (r *resolver) join(p pack) {
	r.Groups = append(r.Groups, p.groups...)
	for _, d := range p.Metrics {
		r.describe(p.name, d)
	}
	r.Exporters = append(r.Exporters, p.Exporters...)
	for _, d := range p.Dashboards {
		r.Dashboards = append(r.Dashboards, Dashboard{d, p.name})
	}
	for _, env := range r.Envs {
		if len(p.Envs) > 0 && !slices.Contains(p.Envs, env) {
			r.add(finding.BadSite, fmt.Sprintf("pack %q", p.name), "its programs do not know the environment %q of the site (they know %s): add it to their configuration, as envs or live_envs of preflight.yml",
				env, strings.Join(p.Envs, ", "))
		}
	}
	for _, check := range p.Checks {
		r.explain(p.name, check)
	}
	r.Runbooks = append(r.Runbooks, p.Runbooks...)
	r.findings = append(r.findings, p.Findings...)
}

// joinRouting puts the packs' routing before the site's. Equal parts of two
// packs, or of a pack that is used twice, become one.
func (r *resolver) joinRouting(packs []pack, site routing.Routing) {
	out := site
	r.Promised, r.Quieted = len(site.Promises) > 0, len(site.Quiet) > 0
	var pre routing.Routing
	for _, p := range packs {
		where := fmt.Sprintf("pack %q, routing", p.name)
		if rt := p.Routing.Route; rt.Match != "" || rt.Receiver != "" || rt.GroupBy != nil || rt.GroupWait+rt.GroupInterval+rt.RepeatInterval != "" || rt.Continue || len(rt.Mute)+len(rt.Active) > 0 {
			r.add(finding.NothingChanged, where, "a pack's Route has only Routes: the root route is the site's")
		}
		r.PackRouting = append(r.PackRouting, PackRouting{p.Routing, p.name})
		pre.Receivers = union(pre.Receivers, p.Routing.Receivers)
		pre.Route.Routes = union(pre.Route.Routes, p.Routing.Route.Routes)
		pre.TimeIntervals = union(pre.TimeIntervals, p.Routing.TimeIntervals)
		pre.Inhibit = union(pre.Inhibit, p.Routing.Inhibit)
		pre.Promises = union(pre.Promises, p.Routing.Promises)
		pre.Quiet = union(pre.Quiet, p.Routing.Quiet)
		pre.Others = union(pre.Others, p.Routing.Others)
		pre.Waivers = union(pre.Waivers, p.Routing.Waivers)
		pre.Equivalents = union(pre.Equivalents, p.Routing.Equivalents)
	}
	out.Receivers = slices.Concat(pre.Receivers, site.Receivers)
	out.Route.Routes = slices.Concat(pre.Route.Routes, site.Route.Routes)
	out.TimeIntervals = slices.Concat(pre.TimeIntervals, site.TimeIntervals)
	out.Inhibit = slices.Concat(pre.Inhibit, site.Inhibit)
	out.Promises = slices.Concat(pre.Promises, site.Promises)
	out.Quiet = slices.Concat(pre.Quiet, site.Quiet)
	out.Others = slices.Concat(pre.Others, site.Others)
	out.Waivers = slices.Concat(pre.Waivers, site.Waivers)
	out.Equivalents = slices.Concat(pre.Equivalents, site.Equivalents)
	r.Routing = out
}

// union appends the elements that the list lacks.
func union[T any](list, more []T) []T {
	for _, x := range more {
		if !slices.ContainsFunc(list, func(y T) bool { return reflect.DeepEqual(x, y) }) {
			list = append(list, x)
		}
	}
	return list
}

// sort sorts everything whose order is irrelevant, so that moving a definition
// changes no file. Routes, recording rules, panels and actions keep their
// order.
func (r *resolver) sort() {
	r.Metrics = sortedBy(r.Metrics, func(d metrics.Desc) string { return d.Name })
	r.Exporters = sortedBy(r.Exporters, func(d metrics.Desc) string { return d.Name })
	r.Groups = sortedBy(r.Groups, func(g Group) string { return g.Name })
	for i, g := range r.Groups {
		r.Groups[i].Alerts = sortedBy(g.Alerts, func(a rules.Alert) string { return a.Name })
	}
	r.Routing.Receivers = sortedBy(r.Routing.Receivers, func(x routing.Receiver) string { return x.Name })
	r.Routing.TimeIntervals = sortedBy(r.Routing.TimeIntervals, func(x routing.TimeInterval) string { return x.Name })
	r.Routing.Inhibit = sortedBy(r.Routing.Inhibit, func(x routing.Inhibit) string { return x.Target + "\x00" + x.Source })
	r.Dashboards = sortedBy(r.Dashboards, func(d Dashboard) string { return d.UID })
}

// Alerts yields every alert with its group, in order.
func (s *Site) Alerts(yield func(Group, rules.Alert) bool) {
	for _, g := range s.Groups {
		for _, a := range g.Alerts {
			if !yield(g, a) {
				return
			}
		}
	}
}

// Records yields every recording rule with its group, in order.
func (s *Site) Records(yield func(Group, rules.Record) bool) {
	for _, g := range s.Groups {
		for _, rec := range g.Records {
			if !yield(g, rec) {
				return
			}
		}
	}
}

// External returns the external labels of the site's first Prometheus server.
func (s *Site) External() map[string]string {
	out := map[string]string{}
	for name, values := range s.ExternalLabels {
		if len(values) > 0 {
			out[name] = values[0]
		}
	}
	return out
}

// ExternalNames returns the names of the external labels, sorted.
func (s *Site) ExternalNames() []string { return slices.Sorted(maps.Keys(s.ExternalLabels)) }

// sortedBy returns a copy sorted by the keys.
func sortedBy[T any](list []T, key func(T) string) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return list
}
