package suite

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/finding"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/internal/proof/verdict"
	"github.com/alertnative/preflight/routing"
)

// Mutate returns the outcomes of the rules' mutants, with the waivers. Only
// scenarios written by a person count for urgent and loud alerts. If ctx is
// done, the error comes with the outcomes so far.
func (s *Suite) Mutate(ctx context.Context, progress mutate.Progress) ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error) {
	var proofs []mutate.Proof
	for _, g := range s.Groups {
		proof, _, err := s.proof(g)
		if err != nil {
			return nil, nil, err
		}
		proofs = append(proofs, proof)
	}
	outcomes, err := mutate.Score(ctx, proofs, nil, progress)
	return outcomes, s.waivers(outcomes), err
}

// Unnoticed returns a finding for each mutant of a rule that no test notices,
// each rule without a test, and each wrong waiver. A group without findings is
// not tried again until its rules or tests change.
func (s *Suite) Unnoticed(ctx context.Context, o verdict.Options, progress mutate.Progress) ([]finding.Finding, error) {
	var out []finding.Finding
	for _, g := range s.Groups {
		proof, files, err := s.proof(g)
		if err != nil {
			return out, err
		}
		err = verdict.Once(o, []any{"mutants", proof.Groups, s.excuses(g)}, files, func() (bool, error) {
			outcomes, err := mutate.Score(ctx, []mutate.Proof{proof}, nil, progress)
			found := mutate.Unnoticed(outcomes, s.waivers(outcomes))
			out = append(out, found...)
			return len(found) == 0, err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// excuses returns the waivers of the mutants of a group.
func (s *Suite) excuses(g site.Group) []finding.Equivalent {
	var out []finding.Equivalent
	for _, r := range g.Records {
		out = append(out, r.Equivalents...)
	}
	for _, a := range g.Alerts {
		out = append(out, a.Equivalents...)
	}
	return out
}

// proof returns the rules of a group with the tests that must notice their
// mutants, loaded and as files.
func (s *Suite) proof(g site.Group) (mutate.Proof, []testfile.File, error) {
	list, err := s.Rules(g)
	if err != nil {
		return mutate.Proof{}, nil, err
	}
	file := "prometheus/rules/" + s.RuleFileName(g)
	proof := mutate.Proof{Groups: []mutate.Group{{File: file, RuleGroup: rulefmt.RuleGroup{Name: g.Name, Rules: list}}}}
	var files []testfile.File
	loader := ruletest.NewLoader()
	for _, t := range s.Tests {
		if t.covered.Group != g.Name {
			continue
		}
		for _, f := range s.judges(t).Files() {
			suites, err := loader.Load(f.File)
			if err != nil {
				return mutate.Proof{}, nil, err
			}
			proof.Suites, files = append(proof.Suites, suites...), append(files, f.File)
		}
	}
	return proof, files, nil
}

// waivers returns the waivers of each rule with mutants.
func (s *Suite) waivers(outcomes []mutate.Outcome) map[mutate.RuleID][]finding.Equivalent {
	type key struct{ group, name string }
	byName := map[key][]finding.Equivalent{}
	for g, r := range s.Context.Records {
		byName[key{g.Name, r.Name}] = r.Equivalents
	}
	for g, a := range s.Context.Alerts {
		list := slices.Clone(a.Equivalents)
		if a.HoldWhileDown != "" {
			list = append(list, finding.Equivalent{Mutant: "group → count", Why: "ALERTS is read for its labels only, its value is not"})
		}
		byName[key{g.Name, a.Name}] = list
	}
	out := map[mutate.RuleID][]finding.Equivalent{}
	for _, o := range outcomes {
		if out[o.Of] == nil {
			out[o.Of] = append(out[o.Of], byName[key{o.Of.Group, o.Of.Name}]...)
		}
		if o.By == nil && s.givesLabel(o) {
			out[o.Of] = append(out[o.Of], finding.Equivalent{Mutant: o.Name(), Why: "the expression gives every instance this label already"})
		}
	}
	return out
}

// givesLabel reports whether a mutant drops a label that the expression's
// result also has, for example the environment.
func (s *Suite) givesLabel(o mutate.Outcome) bool {
	name, value, isLabel := strings.Cut(o.From, ": ")
	if o.Kind != "labels" || o.To != "" || !isLabel {
		return false
	}
	for g, a := range s.Context.Alerts {
		if g.Name != o.Of.Group || a.Name != o.Of.Name {
			continue
		}
		for _, cond := range s.Conditions(g, a, false) {
			t, _ := s.Checker.Expr("", cond.Expr)
			if cond.Labels[name] == value && t.Labels.Pinned(name) == value {
				return true
			}
		}
	}
	return false
}

// judges returns the tests that must notice the mutants of a rule. For a rule
// with loud messages, and a recording rule that it reads, only scenarios count:
// a test made from the expression proves little about it.
func (s *Suite) judges(t Test) Test {
	rings := func(severity string) bool {
		level, _, ok := s.Level(severity)
		return ok && level.Sound == routing.Loud
	}
	for _, a := range s.Context.Alerts {
		if t.covered.Scenarios > 0 && (a.Name == t.covered.Name || slices.Contains(t.covered.ReadBy, a.Name)) && rings(a.Severity) {
			t.file.Tests = t.file.Tests[:t.covered.Scenarios]
			t.generated = nil
			return t
		}
	}
	return t
}
