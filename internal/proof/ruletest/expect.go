package ruletest

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// instance is a firing alert.
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
		// A label without a value stays: no alert has one, as in promtool.
		lset := maps.Clone(a.Labels)
		if lset == nil {
			lset = map[string]string{}
		}
		lset[labels.AlertName] = c.Alert
		out = append(out, instance{labels.FromMap(lset), labels.FromMap(a.Annotations)})
	}
	slices.SortFunc(out, compare)
	return out
}

func (s *Suite) checkAlert(w *world, i int) *Failure {
	c, want := s.Alerts[i], s.expected[i]
	got := w.firing(c.Alert)
	if slices.EqualFunc(want, got, func(a, b instance) bool { return compare(a, b) == 0 }) {
		return nil
	}
	return &Failure{
		Test: s.Name, At: time.Duration(c.At), Of: "alert " + c.Alert,
		Want: show(want), Got: show(got), Differences: differences(got, want),
	}
}

func (s *Suite) checkExpr(w *world, c testfile.ExprCase) *Failure {
	f := &Failure{Test: s.Name, At: time.Duration(c.At), Of: "expr " + c.Expr}
	vector, err := w.query(context.Background(), c.Expr, s.start().Add(time.Duration(c.At)))
	if err != nil {
		f.Err = err
		return f
	}
	var got, want []result
	for _, v := range vector {
		got = append(got, result{v.Metric, v.F, v.H})
	}
	for _, e := range c.Expected {
		r, err := s.sample(e)
		if err != nil {
			f.Err = err
			return f
		}
		want = append(want, r)
	}
	byLabels := func(a, b result) int { return labels.Compare(a.labels, b.labels) }
	slices.SortFunc(got, byLabels)
	slices.SortFunc(want, byLabels)
	if slices.EqualFunc(got, want, s.equal) {
		return nil
	}
	f.Want, f.Got, f.Differences = fmt.Sprint(want), fmt.Sprint(got), s.sampleDifferences(got, want)
	return f
}

// sampleDifferences returns the differences between two results.
func (s *Suite) sampleDifferences(got, want []result) []Difference {
	got = slices.Clone(got)
	var out []Difference
	for _, w := range want {
		i := slices.IndexFunc(got, func(g result) bool { return labels.Equal(g.labels, w.labels) })
		if i < 0 {
			out = append(out, Difference{Got: nothing, Want: w.String()})
			continue
		}
		if !s.equal(got[i], w) {
			out = append(out, Difference{Of: named(w.labels), Got: got[i].value(), Want: w.value()})
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, g := range got {
		out = append(out, Difference{Got: g.String(), Want: nothing})
	}
	return out
}

// result is a sample that an expression yields.
type result struct {
	labels labels.Labels
	f      float64
	h      *histogram.FloatHistogram
}

func (r result) String() string { return named(r.labels) + " " + r.value() }

func (r result) value() string {
	if r.h != nil {
		return r.h.TestExpression()
	}
	return fmt.Sprint(r.f)
}

func (s *Suite) equal(a, b result) bool {
	if !labels.Equal(a.labels, b.labels) || (a.h == nil) != (b.h == nil) {
		return false
	}
	if a.h != nil && a.h.TestExpression() != b.h.TestExpression() {
		return false
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
	return result{labels: lset, f: e.Value, h: values[0].Histogram}, nil
}
