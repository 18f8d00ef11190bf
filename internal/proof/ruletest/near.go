package ruletest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/memstore"
)

// lookback is the time for which the engine uses a sample.
const lookback = 5 * time.Minute

// Results are the series that rules have written in a run.
type Results struct{ own *memstore.Set }

// Results evaluates the rules until the last case.
func (s *Suite) Results(groups []rulefmt.RuleGroup) (*Results, error) {
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
	return &Results{w.store.own}, nil
}

// With returns the suite with the accepted results as further input series, so
// that a run of rules that read them need not evaluate the others.
func (s *Suite) With(r *Results, accept func(labels.Labels) bool) *Suite {
	out := *s
	out.input, out.shared = memstore.NewSet(), nil
	for _, x := range r.own.Select(nil) {
		if !accept(x.Labels) {
			continue
		}
		out.input.Add(x)
		out.series++
		for _, st := range x.Stretches {
			out.samples += st.Len()
			out.histograms = out.histograms || st.Histogram != nil
		}
	}
	for _, x := range s.input.Select(nil) {
		if out.input.Find(x.Labels) == nil {
			out.input.Add(x)
		}
	}
	return &out
}

// span is a stretch of evaluations that the cases in it need.
type span struct {
	from, to time.Duration
	alerts   []int
	exprs    []int
}

// Near is like Run, but evaluates the rules only shortly before each case, as
// far back as they remember. It does not notice errors of other evaluations. It
// returns false if the rules may remember everything, or little would be saved.
func (s *Suite) Near(groups []rulefmt.RuleGroup, want func(i int) bool) (*Failure, bool) {
	alerts, exprs, end := s.cases(want)
	memory, ok := s.memory(groups, exprs)
	if !ok {
		return nil, false
	}
	spans := s.spans(alerts, exprs, memory)
	steps := 0
	for _, p := range spans {
		steps += int((p.to-p.from)/s.every) + 1
	}
	if steps*2 > int(end/s.every) {
		return nil, false
	}
	for _, p := range spans {
		if f := s.runSpan(groups, p); f != nil {
			return f, true
		}
	}
	return nil, true
}

// spans returns the evaluations that the cases need, in order, without overlap.
func (s *Suite) spans(alerts, exprs []int, memory time.Duration) []span {
	var out []span
	one := func(at time.Duration) span {
		to := at / s.every * s.every
		return span{from: max(to-memory, 0) / s.every * s.every, to: to}
	}
	for _, i := range alerts {
		p := one(time.Duration(s.Alerts[i].At))
		p.alerts = []int{i}
		out = append(out, p)
	}
	for _, i := range exprs {
		p := one(time.Duration(s.Exprs[i].At))
		p.exprs = []int{i}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b span) int { return cmp.Compare(a.to, b.to) })
	var merged []span
	for _, p := range out {
		if n := len(merged); n > 0 && p.from <= merged[n-1].to+s.every {
			last := &merged[n-1]
			last.from, last.to = min(last.from, p.from), p.to
			last.alerts, last.exprs = append(last.alerts, p.alerts...), append(last.exprs, p.exprs...)
			continue
		}
		merged = append(merged, p)
	}
	return merged
}

func (s *Suite) runSpan(groups []rulefmt.RuleGroup, p span) *Failure {
	w, err := s.newWorld(groups, 0)
	if err != nil {
		return &Failure{Test: s.Name, Err: err}
	}
	due := func(at, now time.Duration) bool { return at >= now && at < now+s.every }
	for now := p.from; now <= p.to; now += s.every {
		w.look(func(name string) bool {
			return slices.ContainsFunc(p.alerts, func(i int) bool { return s.Alerts[i].Alert == name && due(time.Duration(s.Alerts[i].At), now) })
		})
		if err := w.step(now); err != nil {
			return &Failure{Test: s.Name, At: now, Err: err}
		}
		for _, i := range p.alerts {
			if due(time.Duration(s.Alerts[i].At), now) {
				if f := s.checkAlert(w, i); f != nil {
					return f
				}
			}
		}
		for _, i := range p.exprs {
			if due(time.Duration(s.Exprs[i].At), now) {
				if f := s.checkExpr(w, s.Exprs[i]); f != nil {
					return f
				}
			}
		}
	}
	return nil
}

// memory returns the time after which no earlier evaluation of the rules changes
// a result. It returns false if there is no such time.
func (s *Suite) memory(groups []rulefmt.RuleGroup, exprs []int) (time.Duration, bool) {
	written := map[string]bool{"": true, "ALERTS": true, "ALERTS_FOR_STATE": true}
	for _, g := range groups {
		for _, r := range g.Rules {
			written[r.Record] = true
		}
	}
	total, ok := 2*s.every, true
	for _, g := range groups {
		if g.QueryOffset != nil {
			total += time.Duration(*g.QueryOffset)
		}
		for _, r := range g.Rules {
			late, fine := s.looksBack(r.Expr, written)
			total += time.Duration(r.For) + s.every + late
			ok = ok && fine && r.KeepFiringFor == 0 // an alert may be kept again and again
		}
	}
	var longest time.Duration
	for _, i := range exprs {
		late, fine := s.looksBack(s.Exprs[i].Expr, written)
		longest, ok = max(longest, late), ok && fine
	}
	return total + longest, ok
}

// looksBack returns the longest time for which an expression looks back at the
// results of rules. It returns false if the expression may look ahead, or reads
// when an alert began.
func (s *Suite) looksBack(text string, written map[string]bool) (time.Duration, bool) {
	expr, err := s.parser.ParseExpr(text)
	if err != nil || s.looksAhead(text) {
		return 0, false
	}
	var longest time.Duration
	ok := true
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		n, isSelector := node.(*parser.VectorSelector)
		if !isSelector {
			return nil
		}
		ok = ok && n.Name != "ALERTS_FOR_STATE"
		if !written[n.Name] {
			return nil
		}
		late := n.OriginalOffset + lookback
		for _, around := range path {
			switch a := around.(type) {
			case *parser.MatrixSelector:
				late += a.Range
				ok = ok && a.RangeExpr == nil
			case *parser.SubqueryExpr:
				late += a.Range + a.OriginalOffset
				ok = ok && a.RangeExpr == nil
			}
		}
		longest = max(longest, late)
		return nil
	})
	return longest, ok
}

// Fails reports whether some evaluation of an expression over the input series
// ends with an error.
func (s *Suite) Fails(expr string) bool {
	_, _, end := s.cases(nil)
	st := newStore(s.input)
	st.now = math.MaxInt64
	q, err := s.engines.wide.NewRangeQuery(context.Background(), st, nil, expr, s.start(), s.start().Add(end), s.every)
	if err != nil {
		return true
	}
	defer q.Close()
	return q.Exec(context.Background()).Err != nil
}

// HasLabel reports whether an input series, other than those of alerts, has the
// label.
func (s *Suite) HasLabel(name string) bool {
	return slices.ContainsFunc(s.input.Select(nil), func(x *memstore.Series) bool {
		metric := x.Labels.Get(model.MetricNameLabel)
		return metric != "ALERTS" && metric != "ALERTS_FOR_STATE" && x.Labels.Has(name)
	})
}
