// Package definitions checks the definitions of a site before proof and
// emission. It finds rules, texts, panels and routes that cannot work, and
// definitions that contradict each other.
package definitions

import (
	"time"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/promcheck"
	"github.com/alertnative/preflight/rules"
)

// Alert is an alert with the labels that Alertmanager gets.
type Alert struct {
	rules.Alert
	Group  site.Group
	Where  string
	Labels promcheck.Labels
}

// Checked is a site with checked definitions.
type Checked struct {
	*emit.Context
	Checker  *promcheck.Checker
	Alerts   []Alert
	Findings []finding.Finding // findings that the definitions do not waive
	Notes    []string          // parts that cannot be checked

	shown map[string]shownOn // by pack and alert
	yaml  emit.Names         // names in Routing.YAML and Raw

	misread bool // Routing.YAML or a Raw does not parse, or there is no root route
}

// Check checks every definition.
func Check(ctx *emit.Context) (*Checked, error) {
	checker, err := NewChecker(ctx.Site)
	if err != nil {
		return nil, err
	}
	c := &Checked{Context: ctx, Checker: checker, shown: map[string]shownOn{}, yaml: ctx.YAMLNames()}
	c.add(c.complete()...)
	c.add(c.metrics()...)
	c.add(c.jobs()...)
	c.add(c.exported()...)
	c.add(c.secrets()...)
	c.add(c.environments()...)
	c.add(c.records()...)
	c.add(c.alerts()...)
	checker.Define("ALERTS", c.alertsType())
	c.add(c.held()...)
	c.add(c.checks()...)
	c.add(c.texts()...)
	c.add(c.routing()...)
	c.add(c.idleFields()...)
	c.add(c.doubled()...)
	c.add(c.times()...)
	c.add(c.messages()...)
	c.add(c.boards()...)
	c.add(c.annotations()...)
	c.add(c.panels()...)
	c.add(c.unused()...)
	c.Findings = c.missingJobs(c.Findings)
	return c, nil
}

func (c *Checked) add(findings ...finding.Finding) { c.Findings = append(c.Findings, findings...) }

// NewChecker returns a checker for the site's catalogue and timing.
func NewChecker(s *site.Site) (*promcheck.Checker, error) {
	catalogue, err := s.Catalogue()
	if err != nil {
		return nil, err
	}
	intervals := map[string]time.Duration{}
	for _, j := range s.Jobs {
		intervals[j.Name], _ = s.JobInterval(j) // another check reports a bad interval
	}
	return promcheck.New(catalogue, promcheck.Options{
		Complete: true, ClosedLabels: true, Timing: s.Timing, Intervals: intervals, Jobs: programs(s), ExternalLabels: s.ExternalNames(),
		TargetLabels: s.TargetNames(),
	}), nil
}

// programs returns the jobs that scrape each program: those named after it, and
// those with targets on its port.
func programs(s *site.Site) map[string][]string {
	out := map[string][]string{}
	for program, port := range ports() {
		for _, j := range s.Jobs {
			if j.Name == program || hasPort(j, port) {
				out[program] = append(out[program], j.Name)
			}
		}
	}
	return out
}
