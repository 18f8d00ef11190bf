package suite

import (
	"context"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/proof/testfile"
	"github.com/alertnative/preflight/internal/proof/verdict"
)

// Run runs the tests and returns findings for failures. If ctx is done, it
// returns an error and the findings so far.
func (s *Suite) Run(ctx context.Context, o verdict.Options) ([]finding.Finding, error) {
	cases, err := s.cases()
	if err != nil {
		return nil, err
	}
	failures, _, err := verdict.Run(ctx, cases, o)
	out := s.endedSeries()
	for _, f := range failures {
		if f.Of == strings.ReplaceAll(f.Case, `"`, "") {
			f.Of = "" // Where names it
		}
		out = append(out, finding.Finding{Code: finding.FalseProof, Where: f.Case, Reason: f.Failure.String()})
	}
	return out, err
}

// endedSeries reports scenarios with an expectation after the end of a series.
func (s *Suite) endedSeries() []finding.Finding {
	var out []finding.Finding
	for _, t := range s.Tests {
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
func (s *Suite) cases() ([]verdict.Case, error) {
	groups := map[string]rulefmt.RuleGroup{}
	var cases []verdict.Case
	for _, t := range s.Tests {
		group, known := groups[t.group.Name]
		if !known {
			var err error
			if group, err = s.RuleGroup(t.group); err != nil {
				return nil, err
			}
			groups[t.group.Name] = group
		}
		name := fmt.Sprintf("%s %q", t.covered.Type, t.covered.Name)
		for _, file := range t.Files() {
			cases = append(cases, verdict.Case{Name: name, Where: name, Groups: []rulefmt.RuleGroup{needed(group, t.covered.Name)}, Tests: file.File})
		}
	}
	return cases, nil
}

// needed returns the group with only the rules on which a test of one rule
// depends: the recording rules and the rules with that name. An expression that
// reads ALERTS depends on all rules.
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
