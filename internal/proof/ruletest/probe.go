package ruletest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/rules"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Firing evaluates the rules until end. It returns the firing alerts of each
// evaluation.
func (s *Suite) Firing(groups []rulefmt.RuleGroup, end time.Duration) ([]string, error) {
	return s.FiringOf("", groups, end)
}

// FiringOf is like Firing for the alerts of a name.
func (s *Suite) FiringOf(alert string, groups []rulefmt.RuleGroup, end time.Duration) ([]string, error) {
	w, err := s.newWorld(groups, end)
	if err != nil {
		return nil, err
	}
	w.look(func(name string) bool { return alert == "" || name == alert })
	var out []string
	for now := time.Duration(0); now <= end; now += s.every {
		if err := w.step(now); err != nil {
			return nil, err
		}
		out = append(out, show(w.firing(alert)))
	}
	return out, nil
}

// Shown evaluates the rules as Run does, and returns for each alert case the
// instances that fire then.
func (s *Suite) Shown(groups []rulefmt.RuleGroup) ([][]testfile.Alert, error) {
	cases, _, end := s.cases(nil)
	w, err := s.newWorld(groups, end)
	if err != nil {
		return nil, err
	}
	w.lookAtAll()
	out := make([][]testfile.Alert, len(s.Alerts))
	for now := time.Duration(0); len(cases) > 0; now += s.every {
		if err := w.step(now); err != nil {
			return nil, err
		}
		for ; len(cases) > 0 && time.Duration(s.Alerts[cases[0]].At) < now+s.every; cases = cases[1:] {
			out[cases[0]] = expectations(w.firing(s.Alerts[cases[0]].Alert))
		}
	}
	return out, nil
}

// Samples evaluates the rules as Run does, and returns the result of each
// expression case. A case that cannot be evaluated is an error.
func (s *Suite) Samples(groups []rulefmt.RuleGroup) ([][]testfile.Sample, error) {
	_, _, end := s.cases(nil)
	w, err := s.newWorld(groups, end)
	if err != nil {
		return nil, err
	}
	for now := time.Duration(0); now <= end; now += s.every {
		if err := w.step(now); err != nil {
			return nil, err
		}
	}
	out := make([][]testfile.Sample, len(s.Exprs))
	for i, c := range s.Exprs {
		if out[i], err = w.samples(c.Expr, time.Duration(c.At)); err != nil {
			return nil, fmt.Errorf("expr %s: %w", c.Expr, err)
		}
	}
	return out, nil
}

// samples returns the result of an expression in the form of a test's
// expectation, ordered by labels.
func (w *world) samples(expr string, at time.Duration) ([]testfile.Sample, error) {
	vector, err := w.query(context.Background(), expr, w.suite.start().Add(at))
	if err != nil {
		return nil, err
	}
	out := []testfile.Sample{}
	for _, v := range vector {
		sample := testfile.Sample{Labels: v.Metric.String(), Value: v.F}
		if v.H != nil {
			sample.Histogram = v.H.TestExpression()
		}
		out = append(out, sample)
	}
	slices.SortFunc(out, func(a, b testfile.Sample) int { return strings.Compare(a.Labels, b.Labels) })
	return out, nil
}

// expectations returns instances in the form of a test's expectation.
func expectations(list []instance) []testfile.Alert {
	out := []testfile.Alert{}
	for _, in := range list {
		lset := in.labels.Map()
		delete(lset, labels.AlertName)
		out = append(out, testfile.Alert{Labels: lset, Annotations: in.annotations.Map()})
	}
	return out
}

// FiringAt evaluates the rules only at the moments, which must ascend. It
// returns the firing alerts at each moment in the form of a test's expectation.
func (s *Suite) FiringAt(groups []rulefmt.RuleGroup, moments []time.Duration) ([][]testfile.Alert, error) {
	w, err := s.newWorld(groups, 0)
	if err != nil {
		return nil, err
	}
	w.lookAtAll()
	out := make([][]testfile.Alert, len(moments))
	for i, m := range moments {
		if err := w.step(m); err != nil {
			return nil, err
		}
		out[i] = expectations(w.firing(""))
	}
	return out, nil
}

// ResultsAt evaluates the rules only at the moments, which must ascend. It
// returns the result of the expression at each moment in the form of a test's
// expectation, without histograms.
func (s *Suite) ResultsAt(groups []rulefmt.RuleGroup, expr string, moments []time.Duration) ([][]testfile.Sample, error) {
	w, err := s.newWorld(groups, 0)
	if err != nil {
		return nil, err
	}
	out := make([][]testfile.Sample, len(moments))
	for i, m := range moments {
		if err := w.step(m); err != nil {
			return nil, err
		}
		all, err := w.samples(expr, m)
		if err != nil {
			return nil, err
		}
		out[i] = slices.DeleteFunc(all, func(x testfile.Sample) bool { return x.Histogram != "" })
	}
	return out, nil
}

// First returns the first value of an expression over the input series at a
// time. It returns false if there is none.
func (s *Suite) First(expr string, at time.Duration) (float64, bool) {
	w := &world{suite: s, store: newStore(s.input)}
	w.store.now = math.MaxInt64
	w.query = rules.EngineQueryFunc(s.engines.instant, w.store)
	list, err := w.samples(expr, at)
	if err != nil || len(list) == 0 || list[0].Histogram != "" {
		return 0, false
	}
	return list[0].Value, true
}

// Timeline returns the results of an expression over the input series at each
// evaluation until end, as text. Equal texts mean equal results.
func (s *Suite) Timeline(expr string, end time.Duration) (string, error) {
	st := newStore(s.input)
	st.now = math.MaxInt64
	start := s.start()
	q, err := s.engines.wide.NewRangeQuery(context.Background(), st, nil, expr, start, start.Add(end), s.every)
	if err != nil {
		return "", err
	}
	defer q.Close()
	result := q.Exec(context.Background())
	if result.Err != nil {
		return "", result.Err
	}
	return result.String(), nil
}
