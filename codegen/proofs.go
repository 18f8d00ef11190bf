package codegen

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/finding"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/invert"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/internal/proof/verdict"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// proof is the promtool test of a rule, written scenarios first, and what it
// covers.
type proof struct {
	file testfile.File
	// generated holds the tests made from the expression where they are evaluated
	// at another interval than the scenarios: promtool has one for a file.
	generated *testfile.File
	covered   ruleCoverage
	group     site.Group
	name      string // of its file
}

// path is where the test is.
func (p proof) path() string { return "prometheus/tests/" + p.name + ".yml" }

// generatedPath is where the tests made from the expression are, if apart.
func (p proof) generatedPath() string { return "prometheus/tests/" + p.name + "-generated.yml" }

// all returns the files of the proof.
func (p proof) all() []testfile.File {
	if p.generated == nil {
		return []testfile.File{p.file}
	}
	return []testfile.File{p.file, *p.generated}
}

// coverage says what proves each rule: generated/prometheus/coverage.json.
type coverage struct {
	Covered int            `json:"covered"`
	Waived  int            `json:"waived"`
	Rules   []ruleCoverage `json:"rules"`
}

type ruleCoverage struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // alert or record
	Group    string `json:"group"`
	Severity string `json:"severity,omitempty"`
	// Scenarios were written by a person, Generated were made from the
	// expression; NotGenerated is what of it was not turned around.
	Scenarios    int      `json:"scenarios"`
	Generated    int      `json:"generated"`
	NotGenerated []string `json:"not_generated,omitempty"`
	// ReadBy are the alerts whose scenarios prove a recording rule too.
	ReadBy []string `json:"read_by,omitempty"`
	Waived string   `json:"waived,omitempty"`
}

// tests returns a proof for each rule, in the order of the rules. The error
// names every rule that nothing proves.
func (p *proved) tests() ([]proof, error) {
	catalogue, err := p.Catalogue()
	if err != nil {
		return nil, err
	}
	known := seriesLabels(catalogue)
	var jobs []func() (proof, error)
	for _, g := range p.Groups {
		for _, r := range g.Records {
			jobs = append(jobs, func() (proof, error) { return p.proveRecord(g, r, known) })
		}
		for i, a := range g.Alerts {
			if !namedBefore(g, i) {
				jobs = append(jobs, func() (proof, error) { return p.proveAlert(g, a, known) })
			}
		}
	}
	out, errs := make([]proof, len(jobs)), make([]error, len(jobs))
	work := errgroup.Group{}
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, job := range jobs {
		work.Go(func() error {
			out[i], errs[i] = job()
			return nil
		})
	}
	_ = work.Wait() // the errors are kept in order
	return out, errors.Join(errs...)
}

// namedBefore reports whether an alert of a rule file is a further one of its
// name in the group. They have one proof and one runbook.
func namedBefore(g site.Group, i int) bool {
	return slices.ContainsFunc(g.Alerts[:i], func(a rules.Alert) bool { return a.Name == g.Alerts[i].Name })
}

// rulesOf returns the rules of all alerts of a name in a group.
func (p *proved) rulesOf(g site.Group, name string) ([]rulefmt.Rule, error) {
	var out []rulefmt.Rule
	for _, a := range g.Alerts {
		if a.Name != name {
			continue
		}
		list, err := p.AlertRules(g, a)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// proveAlert proves an alert by its scenarios, and by what follows from its
// expressions. The rules of the environments differ in a name alone: the first
// stands for them.
func (p *proved) proveAlert(g site.Group, a rules.Alert, known invert.Labels) (proof, error) {
	out := proof{
		group: g, name: p.FileName(g, a.Name),
		covered: ruleCoverage{Name: a.Name, Type: "alert", Group: g.Name, Severity: a.Severity, Scenarios: len(a.Scenarios), Waived: a.Untested},
	}
	var err error
	if out.file, err = p.AlertTest(g, a, ruleFile(g)); err != nil {
		return out, err
	}
	list, err := p.rulesOf(g, a.Name)
	if err != nil {
		return out, err
	}
	for i, r := range list {
		if a.PerEnv && i%len(p.Envs) != 0 {
			continue
		}
		tests, reasons := invert.Alert(r, slices.Delete(slices.Clone(list), i, i+1), known)
		if len(list) > 1 && !a.PerEnv || len(a.Also) > 0 {
			for t := range tests {
				tests[t].Name += ", " + r.Labels[p.Scale.Label]
			}
		}
		out.add(p.later(g, tests), reasons)
	}
	if len(g.Records) == 0 && g.QueryOffset == "" && !slices.ContainsFunc(list, remembers) {
		out.evaluateSeldom()
	}
	c := out.covered
	if proven := c.Scenarios+c.Generated > 0; !proven && a.Untested == "" && g.FromFile == "" && len(list) > 0 {
		return out, unproved(fmt.Sprintf("alert %q", a.Name), c)
	}
	return out, nil
}

// later moves the moments of generated tests to the evaluation that sees the
// series as they were: QueryOffset lets a group look at the past.
func (p *proved) later(g site.Group, tests []testfile.Test) []testfile.Test {
	offset, _ := p.Duration(g.QueryOffset) // one that cannot be read is a finding
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
		Reason: fmt.Sprintf("nothing proves it, and no test can be made from its expression (%s): write Scenarios, or say why not in Untested", strings.Join(c.NotGenerated, "; "))}
}

// remembers reports whether what a rule gives depends on when it was evaluated
// before.
func remembers(r rulefmt.Rule) bool {
	return r.For > 0 || r.KeepFiringFor > 0 || strings.Contains(r.Expr, "ALERTS") || strings.Contains(r.Expr, ":]")
}

// every is the longest interval that meets every moment of the tests.
func every(f testfile.File) model.Duration {
	var all model.Duration
	for _, t := range f.Tests {
		for _, c := range t.Alerts {
			for a := c.At; a != 0; {
				all, a = a, all%a
			}
		}
	}
	return cmp.Or(all, f.EvaluationInterval)
}

// proveRecord proves a recording rule by its scenarios, by what follows from its
// expression, and by the scenarios of the alerts that read it.
func (p *proved) proveRecord(g site.Group, r rules.Record, known invert.Labels) (proof, error) {
	out := proof{
		group: g, name: p.FileName(g, r.Name),
		covered: ruleCoverage{Name: r.Name, Type: "record", Group: g.Name, Scenarios: len(r.Scenarios), Waived: r.Untested},
	}
	var err error
	if out.file, err = p.RecordTest(g, r, ruleFile(g)); err != nil {
		return out, err
	}
	rule, err := p.RecordRule(g, r)
	if err != nil {
		return out, err
	}
	tests, reason := invert.Record(rule, known)
	if reason != "" {
		out.add(nil, []string{reason})
	}
	out.add(p.later(g, tests), nil)
	if out.covered.ReadBy, err = p.readers(r); err != nil {
		return out, err
	}
	c := out.covered
	where := fmt.Sprintf("record %q", r.Name)
	switch proven := c.Scenarios+c.Generated+len(c.ReadBy) > 0; {
	case !proven && r.Untested == "" && g.FromFile == "":
		return out, unproved(where, c)
	case proven && r.Untested != "":
		return out, finding.Finding{Code: finding.NoScenario, Where: where, Reason: "has tests and says why it has none: delete Untested"}
	}
	return out, nil
}

// readers are the alerts with scenarios that read the record.
func (p *proved) readers(r rules.Record) ([]string, error) {
	var out []string
	for g, a := range p.Context.Alerts {
		if len(a.Scenarios) == 0 {
			continue
		}
		list, err := p.AlertRules(g, a)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(rule rulefmt.Rule) bool { return mutate.Reads(rule, r.Name) }) {
			out = append(out, a.Name)
		}
	}
	return out, nil
}

// runProofs runs the tests, and returns what does not come true. Without an
// error every test was run.
func (p *proved) runProofs(ctx context.Context, o proofOptions) ([]finding.Finding, error) {
	cases, err := p.cases()
	if err != nil {
		return nil, err
	}
	failures, _, err := verdict.Run(ctx, cases, verdict.Options{NoCache: o.noCache, Done: o.done})
	out := p.endedSeries()
	for _, f := range failures {
		if f.Of == strings.ReplaceAll(f.Case, `"`, "") {
			f.Of = "" // the place names it
		}
		out = append(out, finding.Finding{Code: finding.FalseProof, Where: f.Case, Reason: f.Failure.String()})
	}
	return out, err
}

// endedSeries reports scenarios that look at a series after its end.
func (p *proved) endedSeries() []finding.Finding {
	var out []finding.Finding
	for _, t := range p.proofs {
		for _, test := range t.file.Tests[:t.covered.Scenarios] {
			for _, e := range testfile.Lookback(test) {
				out = append(out, finding.Finding{
					Code: finding.LookbackOnly, Where: fmt.Sprintf("%s %q, scenario %q", t.covered.Type, t.covered.Name, test.Name), Reason: e.String(),
				})
			}
		}
	}
	return out
}

// cases returns the tests with the rules that they load.
func (p *proved) cases() ([]verdict.Case, error) {
	groups := map[string]rulefmt.RuleGroup{}
	var cases []verdict.Case
	for _, t := range p.proofs {
		if len(t.file.Tests) == 0 {
			continue
		}
		group, known := groups[t.group.Name]
		if !known {
			var err error
			if group, err = p.RuleGroup(t.group); err != nil {
				return nil, err
			}
			groups[t.group.Name] = group
		}
		name := fmt.Sprintf("%s %q", t.covered.Type, t.covered.Name)
		for _, file := range t.all() {
			cases = append(cases, verdict.Case{Name: name, Where: name, Groups: []rulefmt.RuleGroup{needed(group, t.covered.Name)}, Tests: file})
		}
	}
	return cases, nil
}

// needed returns the group with the rules that a test of one of its rules depends
// on: the recording rules and the rules of that name. An expression that reads
// ALERTS depends on all.
func needed(group rulefmt.RuleGroup, name string) rulefmt.RuleGroup {
	var kept []rulefmt.Rule
	for _, r := range group.Rules {
		if r.Record == "" && r.Alert != name {
			continue
		}
		if strings.Contains(r.Expr, "ALERTS") {
			return group
		}
		kept = append(kept, r)
	}
	group.Rules = kept
	return group
}

// add adds tests made from an expression, which have one interval.
func (p *proof) add(tests []testfile.Test, reasons []string) {
	p.covered.Generated += len(tests)
	p.covered.NotGenerated = append(p.covered.NotGenerated, reasons...)
	if len(tests) == 0 {
		return
	}
	to, interval := &p.file, tests[0].Interval
	switch {
	case len(p.file.Tests) == 0:
		p.file.EvaluationInterval = interval
	case p.file.EvaluationInterval != interval:
		if p.generated == nil {
			p.generated = &testfile.File{RuleFiles: p.file.RuleFiles, EvaluationInterval: interval}
		}
		to = p.generated
	}
	to.Tests = append(to.Tests, tests...)
}

// evaluateSeldom sets the evaluation intervals for a rule whose result at a
// moment does not depend on earlier evaluations.
func (p *proof) evaluateSeldom() {
	p.file.EvaluationInterval = every(p.file)
	if p.generated != nil {
		p.generated.EvaluationInterval = every(*p.generated)
	}
}

// ruleFile is the file of the group as its tests name it.
func ruleFile(g site.Group) string { return "../rules/" + g.Name + ".yml" }

func coverageFile(proofs []proof) ([]byte, error) {
	var c coverage
	for _, p := range proofs {
		c.Rules = append(c.Rules, p.covered)
		if p.covered.Waived != "" {
			c.Waived++
		} else {
			c.Covered++
		}
	}
	data, err := json.MarshalIndent(c, "", "  ")
	return append(data, '\n'), err
}

// seriesLabels gives every label of the catalogue a value: the first of a
// closed set, or one made up.
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
