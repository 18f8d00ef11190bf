package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/space"
)

// maxJobKinds limits the combinations of labels of jobs into which an alert is
// divided.
const maxJobKinds = 50

// jobKind is a set of jobs that give their targets the same labels.
type jobKind struct {
	names  []string
	labels map[string][]string // values by label; several for env by ByEnv
}

// byJob divides the instances of an alert by the labels that jobs give to their
// targets: an instance has those of one job. It leaves the box whole where an
// expression may combine labels of two jobs, or a job may change them.
func (p *proof) byJob(a *definitions.Alert, own own, b space.Box) []space.Box {
	var given []string // labels of jobs that the alert has from its targets
	for name := range p.jobLabels() {
		if _, ok := p.space.Label(name); ok && a.Labels.Can(name) && own.fixed[name] == "" && own.templates[name] == "" && len(p.ExternalLabels[name]) == 0 && !(name == "env" && a.PerEnv) {
			given = append(given, name)
		}
	}
	if len(given) < 2 || combines(a.Expr) || slices.ContainsFunc(p.Jobs, relabels) {
		return []space.Box{b}
	}
	slices.Sort(given)
	kinds := p.jobKinds(given)
	if len(kinds) > maxJobKinds {
		return []space.Box{b}
	}
	var out []space.Box
	for _, k := range kinds {
		if one := p.ofJobs(b, given, k); one != nil {
			out = append(out, one)
		}
	}
	if len(out) == 0 {
		return []space.Box{b} // its series come from elsewhere
	}
	return out
}

// ofJobs returns the instances with the labels of some jobs, or nil if there are
// none. A label that an alert may lack may be missing.
func (p *proof) ofJobs(b space.Box, given []string, k jobKind) space.Box {
	b = slices.Clone(b)
	for _, name := range given {
		i, _ := p.space.Label(name)
		values := k.labels[name]
		if name == model.JobLabel {
			values = k.names
		}
		if len(values) == 0 || b[i].Has(0) {
			values = append(slices.Clone(values), "")
		}
		if b[i] = b[i].And(p.space.Only(i, values...)); b[i].Empty() {
			return nil
		}
	}
	return b
}

// combines reports whether the labels of an expression's result may come from
// several series.
func combines(expr string) bool {
	return strings.Contains(expr, "group_left") || strings.Contains(expr, "group_right") || strings.Contains(expr, "label_") || strings.Contains(expr, "info(")
}

// relabels reports whether labels of a job's targets may change.
func relabels(j preflight.Job) bool {
	return strings.Contains(j.YAML, "relabel") || strings.Contains(j.YAML, "honor_labels")
}

// jobLabels returns the labels that only jobs give to targets, by literals.
func (p *proof) jobLabels() map[string]bool {
	out := map[string]bool{}
	for _, j := range p.Jobs {
		out[model.JobLabel] = true
		if len(j.ByEnv) > 0 {
			out["env"] = true
		}
		for name := range j.Labels {
			out[name] = true
		}
	}
	for _, l := range p.TargetLabels {
		delete(out, l.Name)
	}
	maps.DeleteFunc(out, func(name string, _ bool) bool { return p.ofMetrics(name) })
	return out
}

// jobKinds returns the jobs by the values of these labels.
func (p *proof) jobKinds(given []string) []jobKind {
	var out []jobKind
	at := map[string]int{}
	for _, j := range p.Jobs {
		k := jobKind{labels: map[string][]string{}}
		for _, name := range given {
			switch value, ok := j.Labels[name]; {
			case name == model.JobLabel:
			case ok:
				k.labels[name] = []string{value}
			case name == "env":
				k.labels[name] = slices.Sorted(maps.Keys(j.ByEnv))
			}
		}
		key := fmt.Sprint(k.labels)
		i, seen := at[key]
		if !seen {
			i = len(out)
			at[key] = i
			out = append(out, k)
		}
		out[i].names = append(out[i].names, j.Name)
	}
	return out
}
