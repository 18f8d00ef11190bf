package ruletest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/rules"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Firing evaluates the rules to the end and returns, for each evaluation, the
// alerts that fire.
func (s *Suite) Firing(groups []rulefmt.RuleGroup, end time.Duration) ([]string, error) {
	st, run, err := s.prepare(groups)
	if err != nil {
		return nil, err
	}
	var out []string
	for now := time.Duration(0); now <= end; now += s.every {
		if err := s.step(st, run, s.start().Add(now)); err != nil {
			return nil, err
		}
		var firing []instance
		for _, g := range run {
			for _, r := range g.Rules() {
				if ar, ok := r.(*rules.AlertingRule); ok {
					firing = append(firing, fires(ar)...)
				}
			}
		}
		out = append(out, show(firing))
	}
	return out, nil
}

// FiringAt evaluates the rules at the moments, which must ascend, and at no
// others, and returns the alerts that fire at each, as a test would expect them.
func (s *Suite) FiringAt(groups []rulefmt.RuleGroup, moments []time.Duration) ([][]testfile.Alert, error) {
	st, run, err := s.prepare(groups)
	if err != nil {
		return nil, err
	}
	out := make([][]testfile.Alert, len(moments))
	for i, m := range moments {
		if err := s.step(st, run, s.start().Add(m)); err != nil {
			return nil, err
		}
		out[i] = alertsOf(run)
	}
	return out, nil
}

// ResultsAt evaluates the rules at the moments, which must ascend, and at no
// others, and returns what the expression yields at each, as a test would
// expect it. Histograms are left out.
func (s *Suite) ResultsAt(groups []rulefmt.RuleGroup, expr string, moments []time.Duration) ([][]testfile.Sample, error) {
	st, run, err := s.prepare(groups)
	if err != nil {
		return nil, err
	}
	out := make([][]testfile.Sample, len(moments))
	for i, m := range moments {
		now := s.start().Add(m)
		if err := s.step(st, run, now); err != nil {
			return nil, err
		}
		vector, err := rules.EngineQueryFunc(s.engine, st)(context.Background(), expr, now)
		if err != nil {
			return nil, err
		}
		out[i] = []testfile.Sample{}
		for _, v := range vector {
			if v.H == nil {
				out[i] = append(out[i], testfile.Sample{Labels: v.Metric.String(), Value: v.F})
			}
		}
		slices.SortFunc(out[i], func(a, b testfile.Sample) int { return strings.Compare(a.Labels, b.Labels) })
	}
	return out, nil
}

// alertsOf returns what fires now in the order of labels.
func alertsOf(run []*rules.Group) []testfile.Alert {
	var firing []instance
	for _, g := range run {
		for _, r := range g.Rules() {
			if ar, ok := r.(*rules.AlertingRule); ok {
				firing = append(firing, fires(ar)...)
			}
		}
	}
	slices.SortFunc(firing, compare)
	out := []testfile.Alert{}
	for _, in := range firing {
		lset := in.labels.Map()
		delete(lset, labels.AlertName)
		out = append(out, testfile.Alert{Labels: lset, Annotations: in.annotations.Map()})
	}
	return out
}
