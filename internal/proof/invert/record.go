package invert

import (
	"errors"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Record makes the test of a recording rule: the record follows its series up
// and down, and ends with them. The expected values come from a run of the
// rule. If no test is made, reason explains why.
func Record(r rulefmt.Rule, known Labels) (tests []testfile.Test, reason string) {
	t, err := recordTest(r, known)
	if err != nil {
		return nil, err.Error()
	}
	return []testfile.Test{t}, ""
}

func recordTest(r rulefmt.Rule, known Labels) (testfile.Test, error) {
	tree, err := ruletest.NewParser().ParseExpr(r.Expr)
	if err != nil {
		return testfile.Test{}, err
	}
	s := solver{known: known, unit: unitOf(r)}
	probe, err := s.solve(tree, []phase{{ticks: 1}})
	if err != nil {
		return testfile.Test{}, err
	}
	stay := probe.settle + 2
	if err := fits(2*stay+probe.linger+2, s.unit); err != nil {
		return testfile.Test{}, err
	}
	in, err := s.solve(tree, []phase{{ticks: stay, value: 1}, {ticks: stay, value: 3}, {ticks: probe.linger + 2, missing: true}})
	if err != nil {
		return testfile.Test{}, err
	}
	t := newTest("follows its series and ends with them", in, s.unit)
	suite, err := load(t)
	if err != nil {
		return t, err
	}
	when := []time.Duration{
		time.Duration(probe.settle+1) * s.unit,
		time.Duration(stay+probe.settle+1) * s.unit,
		time.Duration(2*stay+probe.linger) * s.unit,
	}
	samples, err := suite.ResultsAt(group(r), r.Record, when)
	if err != nil {
		return t, err
	}
	if len(samples[0]) != 1 || len(samples[1]) != 1 || len(samples[2]) != 0 || samples[0][0].Value == samples[1][0].Value {
		return t, errors.New("its values differ from the values computed from its expression")
	}
	for i, at := range when {
		t.Exprs = append(t.Exprs, testfile.ExprCase{Expr: r.Record, At: model.Duration(at), Expected: samples[i]})
	}
	return t, nil
}
