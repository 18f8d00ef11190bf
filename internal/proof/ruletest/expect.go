package ruletest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// instance is a firing alert: labels and annotations.
type instance struct{ labels, annotations labels.Labels }

func (i instance) String() string { return i.labels.String() + " " + i.annotations.String() }

func show(list []instance) string {
	slices.SortFunc(list, compare)
	text := make([]string, len(list))
	for i, in := range list {
		text[i] = in.String()
	}
	return "[" + strings.Join(text, ", ") + "]"
}

func compare(a, b instance) int {
	if c := labels.Compare(a.labels, b.labels); c != 0 {
		return c
	}
	return labels.Compare(a.annotations, b.annotations)
}

func wanted(c testfile.AlertCase) []instance {
	var out []instance
	for _, a := range c.Expected {
		b := labels.NewBuilder(labels.FromMap(a.Labels))
		b.Set(labels.AlertName, c.Alert)
		out = append(out, instance{b.Labels(), labels.FromMap(a.Annotations)})
	}
	slices.SortFunc(out, compare)
	return out
}

// fires returns the instances of a rule that fire now.
func fires(ar *rules.AlertingRule) []instance {
	var out []instance
	for _, a := range ar.ActiveAlerts() {
		if a.State == rules.StateFiring {
			out = append(out, instance{a.Labels, a.Annotations})
		}
	}
	return out
}

func (s *Suite) checkAlert(run []*rules.Group, i int) *Failure {
	c := s.Alerts[i]
	var got []instance
	for _, g := range run {
		for _, r := range g.Rules() {
			if ar, ok := r.(*rules.AlertingRule); ok && ar.Name() == c.Alert {
				got = append(got, fires(ar)...)
			}
		}
	}
	slices.SortFunc(got, compare)
	if slices.EqualFunc(s.expected[i], got, func(a, b instance) bool { return compare(a, b) == 0 }) {
		return nil
	}
	return &Failure{Test: s.Name, At: time.Duration(c.At), Of: c.Alert, Want: show(s.expected[i]), Got: show(got)}
}

func (s *Suite) checkExpr(st *store, c testfile.ExprCase) *Failure {
	fail := func(err error) *Failure {
		return &Failure{Test: s.Name, At: time.Duration(c.At), Of: c.Expr, Err: fmt.Errorf("expr %q: %w", c.Expr, err)}
	}
	vector, err := rules.EngineQueryFunc(s.engine, st)(context.Background(), c.Expr, s.start().Add(time.Duration(c.At)))
	if err != nil {
		return fail(err)
	}
	var got, want []result
	for _, v := range vector {
		got = append(got, result{v.Metric, v.F, v.H})
	}
	for _, e := range c.Expected {
		r, err := s.sample(e)
		if err != nil {
			return fail(err)
		}
		want = append(want, r)
	}
	byLabels := func(a, b result) int { return labels.Compare(a.labels, b.labels) }
	slices.SortFunc(got, byLabels)
	slices.SortFunc(want, byLabels)
	if slices.EqualFunc(got, want, s.equal) {
		return nil
	}
	return &Failure{Test: s.Name, At: time.Duration(c.At), Of: c.Expr, Want: fmt.Sprint(want), Got: fmt.Sprint(got)}
}

// result is a sample that an expression yields.
type result struct {
	labels labels.Labels
	f      float64
	h      *histogram.FloatHistogram
}

func (r result) String() string {
	if r.h != nil {
		return r.labels.String() + " " + r.h.TestExpression()
	}
	return fmt.Sprintf("%s %v", r.labels, r.f)
}

func (s *Suite) equal(a, b result) bool {
	if !labels.Equal(a.labels, b.labels) || (a.h == nil) != (b.h == nil) {
		return false
	}
	if a.h != nil {
		return a.h.TestExpression() == b.h.TestExpression()
	}
	return a.f == b.f || s.fuzzy && (math.Nextafter(a.f, math.Inf(-1)) == b.f || math.Nextafter(a.f, math.Inf(1)) == b.f)
}

// sample parses an expected sample.
func (s *Suite) sample(e testfile.Sample) (result, error) {
	lset, err := s.parser.ParseMetric(e.Labels)
	if err != nil || e.Histogram == "" {
		return result{labels: lset, f: e.Value}, err
	}
	_, values, err := s.parser.ParseSeriesDesc("{} " + e.Histogram)
	if err != nil {
		return result{}, err
	}
	if len(values) != 1 || values[0].Histogram == nil {
		return result{}, fmt.Errorf("%q is not one histogram", e.Histogram)
	}
	return result{labels: lset, h: values[0].Histogram}, nil
}
