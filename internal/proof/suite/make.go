package suite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/definitions"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/invert"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// New makes a test for each rule. It returns an error that names every unproved
// rule, or ctx's error.
func New(ctx context.Context, c *definitions.Checked) (*Suite, error) {
	s := &Suite{Checked: c}
	catalogue, err := s.Catalogue()
	if err != nil {
		return nil, err
	}
	known := seriesLabels(catalogue)
	var jobs []func() (Test, error)
	for _, g := range s.Groups {
		for _, r := range g.Records {
			jobs = append(jobs, func() (Test, error) { return s.proveRecord(g, r, known) })
		}
		for i, a := range g.Alerts {
			if !namedBefore(g, i) {
				jobs = append(jobs, func() (Test, error) { return s.proveAlert(g, a, known) })
			}
		}
	}
	out, errs := make([]Test, len(jobs)), make([]error, len(jobs))
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, job := range jobs {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			out[i], errs[i] = job()
			return nil
		})
	}
	ended := work.Wait()
	s.Tests = out
	return s, errors.Join(append(errs, ended)...) // ordered by rule
}

// namedBefore reports whether an alert of a rule file repeats a name of its
// group. Alerts with one name share a proof and a runbook.
func namedBefore(g site.Group, i int) bool {
	return slices.ContainsFunc(g.Alerts[:i], func(a rules.Alert) bool { return a.Name == g.Alerts[i].Name })
}

// rulesOf returns the rules of all alerts of a name in a group.
func (s *Suite) rulesOf(g site.Group, name string) ([]rulefmt.Rule, error) {
	var out []rulefmt.Rule
	for _, a := range g.Alerts {
		if a.Name != name {
			continue
		}
		list, err := s.AlertRules(g, a)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// proveAlert proves an alert by its scenarios and by tests made from its
// expressions. The rules of the environments differ only in a name: the first
// one represents them.
func (s *Suite) proveAlert(g site.Group, a rules.Alert, known invert.Labels) (Test, error) {
	out := Test{
		group: g, name: s.FileName(g, a.Name),
		covered: ruleCoverage{Name: a.Name, Type: "alert", Group: g.Name, Severity: a.Severity, Scenarios: len(a.Scenarios), Waived: a.Untested},
	}
	var err error
	if out.file, err = s.AlertTest(g, a, "../rules/"+s.RuleFileName(g)); err != nil {
		return out, err
	}
	list, err := s.rulesOf(g, a.Name)
	if err != nil {
		return out, err
	}
	each := 1 // rules of a condition: one for each environment
	if a.PerEnv {
		each = len(s.Envs)
	}
	for i := 0; i < len(list); i += each {
		r := invert.Rule{Rule: list[i], Twins: list[i+1 : i+each], Others: slices.Concat(list[:i], list[i+each:])}
		tests, reasons := invert.Alert(r, known)
		if len(list) > 1 && !a.PerEnv || len(a.Also) > 0 {
			for t := range tests {
				tests[t].Name += ", " + r.Labels[s.Scale.Label]
			}
		}
		out.add(s.later(g, tests), reasons)
	}
	if len(g.Records) == 0 && g.QueryOffset == "" && !slices.ContainsFunc(list, remembers) {
		out.evaluateSeldom()
	}
	if err := out.stamp(list); err != nil {
		return out, err
	}
	c := out.covered
	if proven := c.Scenarios > 0 || out.fires(); !proven && a.Untested == "" && len(list) > 0 {
		return out, unproved(fmt.Sprintf("alert %q", a.Name), c)
	}
	return out, nil
}

// later delays the moments of generated tests by QueryOffset, because the group
// evaluates the past.
func (s *Suite) later(g site.Group, tests []testfile.Test) []testfile.Test {
	offset, _ := s.Duration(g.QueryOffset) // another check reports a bad duration
	for t := range tests {
		each := tests[t].Interval
		wait := (model.Duration(offset) + each - 1) / each * each
		for i := range tests[t].Alerts {
			tests[t].Alerts[i].At += wait
		}
		for i := range tests[t].Exprs {
			tests[t].Exprs[i].At += wait
		}
	}
	return tests
}

func unproved(where string, c ruleCoverage) finding.Finding {
	return finding.Finding{Code: finding.NoScenario, Where: where,
		Reason: fmt.Sprintf("nothing proves it, and no test can be made from its expression (%s): write Scenarios, or give the reason in Untested", strings.Join(c.NotGenerated, "; "))}
}

// remembers reports whether a rule's result depends on its earlier evaluations.
func remembers(r rulefmt.Rule) bool {
	return r.For > 0 || r.KeepFiringFor > 0 || strings.Contains(r.Expr, "ALERTS") || strings.Contains(r.Expr, ":]")
}

// proveRecord proves a recording rule by its scenarios, by tests made from its
// expression, and by the scenarios of the alerts that read it.
func (s *Suite) proveRecord(g site.Group, r rules.Record, known invert.Labels) (Test, error) {
	out := Test{
		group: g, name: s.FileName(g, r.Name),
		covered: ruleCoverage{Name: r.Name, Type: "record", Group: g.Name, Scenarios: len(r.Scenarios), Waived: r.Untested},
	}
	var err error
	if out.file, err = s.RecordTest(g, r, "../rules/"+s.RuleFileName(g)); err != nil {
		return out, err
	}
	rule, err := s.RecordRule(g, r)
	if err != nil {
		return out, err
	}
	tests, reason := invert.Record(rule, known)
	if reason != "" {
		out.add(nil, []string{reason})
	}
	out.add(s.later(g, tests), nil)
	if out.covered.ReadBy, err = s.readers(r); err != nil {
		return out, err
	}
	c := out.covered
	where := fmt.Sprintf("record %q", r.Name)
	switch proven := c.Scenarios+c.Generated+len(c.ReadBy) > 0; {
	case !proven && r.Untested == "" && g.FromFile == "":
		return out, unproved(where, c)
	case proven && r.Untested != "":
		return out, finding.Finding{Code: finding.NoScenario, Where: where, Reason: "it has tests, and Untested gives a reason for having none: delete Untested"}
	}
	return out, nil
}

// readers returns the alerts with scenarios that read the record.
func (s *Suite) readers(r rules.Record) ([]string, error) {
	var out []string
	for g, a := range s.Context.Alerts {
		if len(a.Scenarios) == 0 {
			continue
		}
		list, err := s.AlertRules(g, a)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(rule rulefmt.Rule) bool { return mutate.Reads(rule, r.Name) }) {
			out = append(out, a.Name)
		}
	}
	return out, nil
}

// seriesLabels gives every label of the catalogue a value: the first of a
// closed set, or an invented one.
func seriesLabels(catalogue metrics.Catalogue) invert.Labels {
	return func(metric string) map[string]string {
		desc, ok := catalogue.Series(metric)
		if !ok {
			return nil
		}
		out := map[string]string{}
		for _, l := range desc.Labels {
			out[l.Name] = "a"
			if len(l.Values) > 0 {
				out[l.Name] = l.Values[0]
			}
		}
		return out
	}
}
