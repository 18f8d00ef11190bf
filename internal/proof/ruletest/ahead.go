package ruletest

import (
	"context"
	"math"
	"sort"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// ahead evaluates a rule's expression for all evaluations of a run at once: one
// range query costs a fraction of as many instant queries, and its results are
// theirs. It serves expressions that read input series alone, and nothing
// later than the evaluation. It asks for the others, and for those that fail,
// one by one.
type ahead struct {
	suite   *Suite
	store   *store // with all input
	end     time.Duration
	written map[string]bool // names of metrics that rules write
	lines   map[string]*timeline
	instant rules.QueryFunc
}

// newAhead returns a query function for the rules of the groups, which are
// evaluated until end.
func newAhead(s *Suite, groups []rulefmt.RuleGroup, end time.Duration, instant rules.QueryFunc) *ahead {
	a := &ahead{suite: s, store: newStore(s.input), end: end, instant: instant}
	a.store.now = math.MaxInt64
	a.written = map[string]bool{"ALERTS": true, "ALERTS_FOR_STATE": true}
	a.lines = map[string]*timeline{}
	for _, g := range groups {
		for _, r := range g.Rules {
			a.written[r.Record] = true
		}
	}
	for _, g := range groups {
		for _, r := range g.Rules {
			if expr, err := s.parser.ParseExpr(r.Expr); err == nil && a.serves(expr) {
				a.lines[expr.String()] = nil
			}
		}
	}
	return a
}

// query implements [rules.QueryFunc].
func (a *ahead) query(ctx context.Context, text string, t time.Time) (promql.Vector, error) {
	line, ofRule := a.lines[text]
	since := t.Sub(a.suite.start())
	if !ofRule || since < 0 || since > a.end || since%a.suite.every != 0 {
		return a.instant(ctx, text, t)
	}
	if line == nil {
		line = a.evaluate(ctx, text)
		a.lines[text] = line
	}
	if line.failed {
		return a.instant(ctx, text, t)
	}
	return line.at(t.UnixMilli()), nil
}

func (a *ahead) evaluate(ctx context.Context, text string) *timeline {
	start := a.suite.start()
	q, err := a.suite.engines.wide.NewRangeQuery(ctx, a.store, nil, text, start, start.Add(a.end), a.suite.every)
	if err != nil {
		return &timeline{failed: true}
	}
	// The query is not closed: that would give its points to the next one.
	matrix, err := q.Exec(ctx).Matrix()
	if err != nil {
		return &timeline{failed: true}
	}
	return &timeline{matrix: matrix}
}

// serves reports whether a range query gives what instant queries give, each of
// which sees what was there at its moment.
func (a *ahead) serves(expr parser.Expr) bool {
	if expr.Type() != parser.ValueTypeVector {
		return false
	}
	ok, samples := true, 0
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			ok = ok && a.isInput(n) && n.OriginalOffset >= 0 && n.OriginalOffsetExpr == nil && n.Timestamp == nil && n.StartOrEnd == 0
			samples += a.suite.samples
		case *parser.MatrixSelector:
			ok = ok && n.RangeExpr == nil
		case *parser.SubqueryExpr:
			ok = ok && n.OriginalOffset >= 0 && n.OriginalOffsetExpr == nil && n.Timestamp == nil && n.StartOrEnd == 0 &&
				n.RangeExpr == nil && n.StepExpr == nil && !inSubquery(path)
			step := n.Step
			if step == 0 {
				step = a.suite.every
			}
			samples += int(n.Range/step+1) * (a.suite.series + 1)
		}
		return nil
	})
	// An instant query that could exceed the limit must be given the chance.
	return ok && samples <= maxSamples/2
}

// isInput reports whether a selector reads what no rule writes.
func (a *ahead) isInput(n *parser.VectorSelector) bool {
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return !a.written[m.Value]
		}
	}
	return false
}

func inSubquery(path []parser.Node) bool {
	for _, node := range path {
		if _, ok := node.(*parser.SubqueryExpr); ok {
			return true
		}
	}
	return false
}

// timeline is the result of an expression over time.
type timeline struct {
	failed bool
	matrix promql.Matrix
}

// at returns the result at a moment.
func (l *timeline) at(t int64) promql.Vector {
	var out promql.Vector
	for _, s := range l.matrix {
		f := sort.Search(len(s.Floats), func(i int) bool { return s.Floats[i].T >= t })
		h := sort.Search(len(s.Histograms), func(i int) bool { return s.Histograms[i].T >= t })
		switch {
		case f < len(s.Floats) && s.Floats[f].T == t:
			out = append(out, promql.Sample{Metric: s.Metric, T: t, F: s.Floats[f].F, DropName: s.DropName})
		case h < len(s.Histograms) && s.Histograms[h].T == t:
			out = append(out, promql.Sample{Metric: s.Metric, T: t, H: s.Histograms[h].H, DropName: s.DropName})
		}
	}
	return out
}
