package codegen

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"golang.org/x/sync/errgroup"

	"github.com/alertnative/preflight/internal/proof/invert"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// proof is the promtool test of a rule, written scenarios first, and what it
// covers.
type proof struct {
	file    testfile.File
	covered ruleCoverage
}

// path is where the test is. A recording rule's colons are not in file names.
func (p proof) path() string {
	return "prometheus/tests/" + strings.ReplaceAll(p.covered.Name, ":", "-") + ".yml"
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
	Priority string `json:"priority,omitempty"`
	// Scenarios were written by a person, Generated were made from the
	// expression; NotGenerated is what of it was not turned around.
	Scenarios    int      `json:"scenarios"`
	Generated    int      `json:"generated"`
	NotGenerated []string `json:"not_generated,omitempty"`
	// ReadBy are the alerts whose scenarios prove a recording rule too.
	ReadBy []string `json:"read_by,omitempty"`
	Waived string   `json:"waived,omitempty"`
}

// prover makes the proofs of a pack's rules.
type prover struct {
	ctx   rules.Context
	known invert.Labels
}

// proofs returns a proof for each rule, in the order of the rules. The error
// names every rule that nothing proves.
func (p Pack) proofs(ctx rules.Context) ([]proof, error) {
	catalogue, err := p.Catalogue()
	if err != nil {
		return nil, err
	}
	pr := prover{ctx, seriesLabels(catalogue)}
	var jobs []func() (proof, error)
	for _, g := range p.Groups {
		for _, r := range g.Records {
			jobs = append(jobs, func() (proof, error) { return pr.record(g, r, p.Groups) })
		}
		for _, a := range g.Alerts {
			jobs = append(jobs, func() (proof, error) { return pr.alert(g, a) })
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

// alert proves an alert by its scenarios, and by what follows from its
// expression: one, or one for each environment.
func (pr prover) alert(g rules.Group, a rules.Alert) (proof, error) {
	out := proof{covered: ruleCoverage{Name: a.Name, Type: "alert", Group: g.Name, Priority: string(a.Priority), Scenarios: len(a.Scenarios), Waived: a.Untested}}
	var err error
	if out.file, err = pr.ctx.AlertTest(g, a, ruleFile(g)); err != nil {
		return out, err
	}
	list, err := pr.ctx.Rules(rules.Group{Name: g.Name, Labels: g.Labels, Alerts: []rules.Alert{a}})
	if err != nil {
		return out, err
	}
	for i, r := range list {
		tests, reasons := invert.Alert(r, slices.Delete(slices.Clone(list), i, i+1), pr.known)
		if len(list) > 1 {
			for t := range tests {
				tests[t].Name += ", " + pr.ctx.Envs[i]
			}
		}
		out.add(tests, reasons)
	}
	if len(g.Records) == 0 && !slices.ContainsFunc(list, remembers) {
		out.file.EvaluationInterval = every(out.file)
	}
	return out, nil
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

// record proves a recording rule by its scenarios, by what follows from its
// expression, and by the scenarios of the alerts that read it.
func (pr prover) record(g rules.Group, r rules.Record, all []rules.Group) (proof, error) {
	out := proof{covered: ruleCoverage{Name: r.Name, Type: "record", Group: g.Name, Scenarios: len(r.Scenarios), Waived: r.Untested}}
	var err error
	if out.file, err = pr.ctx.RecordTest(r, ruleFile(g)); err != nil {
		return out, err
	}
	list, err := pr.ctx.Rules(rules.Group{Name: g.Name, Records: []rules.Record{r}})
	if err != nil {
		return out, err
	}
	tests, reason := invert.Record(list[0], pr.known)
	if reason != "" {
		out.add(nil, []string{reason})
	}
	out.add(tests, nil)
	if out.covered.ReadBy, err = pr.readers(r, all); err != nil {
		return out, err
	}
	c := out.covered
	switch proved := c.Scenarios+c.Generated+len(c.ReadBy) > 0; {
	case !proved && r.Untested == "":
		return out, fmt.Errorf("record %q: nothing proves it (%s): write Scenarios, or say why not in Untested", r.Name, strings.Join(c.NotGenerated, "; "))
	case proved && r.Untested != "":
		return out, fmt.Errorf("record %q: has tests and says why it has none: delete Untested", r.Name)
	}
	return out, nil
}

// readers are the alerts with scenarios that read the record.
func (pr prover) readers(r rules.Record, all []rules.Group) ([]string, error) {
	var out []string
	for _, g := range all {
		for _, a := range g.Alerts {
			list, err := pr.ctx.Rules(rules.Group{Name: g.Name, Labels: g.Labels, Alerts: []rules.Alert{a}})
			if err != nil {
				return nil, err
			}
			if len(a.Scenarios) > 0 && slices.ContainsFunc(list, func(rule rulefmt.Rule) bool { return mutate.Reads(rule, r.Name) }) {
				out = append(out, a.Name)
			}
		}
	}
	return out, nil
}

func (p *proof) add(tests []testfile.Test, reasons []string) {
	p.file.Tests = append(p.file.Tests, tests...)
	p.covered.Generated += len(tests)
	p.covered.NotGenerated = append(p.covered.NotGenerated, reasons...)
}

// ruleFile is the file of the group as its tests name it.
func ruleFile(g rules.Group) string { return "../rules/" + g.Name + ".yml" }

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
