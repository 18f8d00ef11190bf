package routes

import (
	"fmt"
	"maps"
	"slices"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/lint/suggest"
)

// lists compares the alerts with the site's lists of them. A list states each
// severity a second time, so that an accidental change is noticed.
func (p *proof) lists() {
	p.urgent()
	for _, level := range slices.Sorted(maps.Keys(p.Levels)) {
		if _, _, ok := p.Level(level); !ok {
			p.findings = append(p.findings, finding.Finding{
				Code: finding.NotUrgent, Where: fmt.Sprintf("site, Levels %q", level),
				Reason: "no level has this name", Suggestion: suggest.Nearest(level, p.LevelNames()),
			})
			continue
		}
		for _, name := range p.Levels[level] {
			p.ofLevel(level, name)
		}
	}
}

// ofLevel reports an alert that the site lists at one level and that has
// another. If several alerts have the name, one of them must have the level.
func (p *proof) ofLevel(level, name string) {
	var names []string
	var other *definitions.Alert
	for i := range p.Alerts {
		a := &p.Alerts[i]
		names = append(names, a.Name)
		if a.Name != name {
			continue
		}
		if slices.Contains(severities(a), level) {
			return
		}
		other = a
	}
	if other != nil {
		p.add(finding.NotUrgent, other.Where, "its severity is %q, and the site lists it in Levels at %q: change one of them", other.Severity, level)
		return
	}
	// A site may use a pack without the alert.
	if suggest.Slip(name, names) {
		p.findings = append(p.findings, finding.Finding{
			Code: finding.NotUrgent, Where: fmt.Sprintf("site, Levels %q", level),
			Reason: fmt.Sprintf("no alert is named %q", name), Suggestion: suggest.Nearest(name, names),
		})
	}
}

// urgent compares the urgent alerts with the exact list of them.
func (p *proof) urgent() {
	if p.Urgent == nil {
		return
	}
	var have []string
	for i := range p.Alerts {
		a := &p.Alerts[i]
		at := slices.IndexFunc(severities(a), p.IsUrgent)
		if at < 0 {
			continue
		}
		have = append(have, a.Name)
		if !slices.Contains(p.Urgent, a.Name) {
			p.add(finding.NotUrgent, a.Where, "its severity %q is urgent, and the site's list Urgent leaves it out", severities(a)[at])
		}
	}
	for _, name := range p.Urgent {
		if !slices.Contains(have, name) {
			p.findings = append(p.findings, finding.Finding{
				Code: finding.NotUrgent, Where: fmt.Sprintf("site, Urgent %q", name),
				Reason: "no urgent alert has this name: its severity changed, or it is gone", Suggestion: suggest.Nearest(name, have),
			})
		}
	}
}

// severities returns the severities that instances of an alert can have.
func severities(a *definitions.Alert) []string {
	out := []string{a.Severity}
	for _, c := range a.Also {
		out = append(out, c.Severity)
	}
	return out
}
