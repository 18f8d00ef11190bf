package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// RecordLabels returns the labels that a recording rule sets: the group's and
// its own.
func (s *Site) RecordLabels(g Group, r rules.Record) map[string]string {
	return withLabels(g.Labels, r.Labels)
}

// labels reports labels of alerts that another field or Prometheus itself sets.
func (r *resolver) labels() {
	for _, name := range []string{model.AlertNameLabel, model.MetricNameLabel} {
		if _, set := r.ExternalLabels[name]; set {
			r.add(finding.BadSite, "site", "ExternalLabels: %s", reserved(name))
		}
	}
	for _, l := range r.TargetLabels {
		if reason := unscraped(l.Name); reason != "" {
			r.add(finding.BadSite, "site", "TargetLabels: %s", reason)
		}
	}
	for _, g := range r.Groups {
		if len(g.Alerts) == 0 {
			continue
		}
		where := fmt.Sprintf("group %q", g.Name)
		if _, set := g.Labels[r.Scale.Label]; set && g.FromFile == "" {
			r.add(finding.Clash, where, "Labels sets %q, which holds the severity: give each alert its Severity", r.Scale.Label)
		}
		r.reservedIn(where, g.Labels)
		for _, a := range g.Alerts {
			r.reservedIn(fmt.Sprintf("alert %q", a.Name), a.Labels)
		}
	}
}

func (r *resolver) reservedIn(where string, labels map[string]string) {
	for _, name := range []string{model.AlertNameLabel, model.MetricNameLabel} {
		if _, set := labels[name]; set {
			r.add(finding.Clash, where, "Labels: %s", reserved(name))
		}
	}
}

func reserved(name string) string {
	of := "the name of the alert"
	if name == model.MetricNameLabel {
		of = "the name of the metric"
	}
	return fmt.Sprintf("%q is %s, which Prometheus sets: choose another name", name, of)
}

// unscraped explains why no scraped series has a label with the name.
func unscraped(name string) string {
	switch {
	case name == "":
		return "a label has no name"
	case name == model.AlertNameLabel:
		return reserved(name)
	case strings.HasPrefix(name, model.ReservedLabelPrefix):
		return fmt.Sprintf("%q: Prometheus drops labels that begin with %q after relabelling", name, model.ReservedLabelPrefix)
	}
	return ""
}

// jobLabels reports labels of a job that its targets do not get.
func (r *resolver) jobLabels(where string, j preflight.Job, relabels bool) {
	for _, name := range slices.Sorted(maps.Keys(j.Labels)) {
		reason := ""
		switch {
		case name == model.JobLabel:
			reason = `"job" is the name of the job: leave it out, or rename the job`
		case name == model.InstanceLabel:
			reason = `"instance" is the address of the target, and would be one for all: leave it out`
		case name == model.AddressLabel:
			reason = `"__address__" is the address of the target: write it in Targets or ByEnv`
		case name == model.SchemeLabel && j.Scheme != "":
			reason = `"__scheme__" and Scheme both give the scheme: leave one out`
		case name == model.MetricsPathLabel && j.Path != "":
			reason = `"__metrics_path__" and Path both give the path: leave one out`
		case name == model.ScrapeIntervalLabel:
			reason = `"__scrape_interval__" is the time between two scrapes: write it in Interval`
		case name == "" || configures(name): // Prometheus refuses an empty name
		case strings.HasPrefix(name, model.ReservedLabelPrefix) && relabels && name != model.MetricNameLabel:
		default:
			reason = unscraped(name)
		}
		if reason != "" {
			r.add(finding.BadJob, where, "Labels: %s", reason)
		}
	}
}

// configures reports whether a label configures the scrape of a target.
func configures(name string) bool {
	return name == model.SchemeLabel || name == model.MetricsPathLabel || name == model.ScrapeTimeoutLabel || strings.HasPrefix(name, model.ParamLabelPrefix)
}
