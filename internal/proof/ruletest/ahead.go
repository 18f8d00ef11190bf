package ruletest

import (
	"context"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// ahead evaluates an expression for all evaluations of a run at once. One range
// query costs a fraction of as many instant queries and gives the same results.
// It works for expressions that read only input series, and no sample later
// than the evaluation. Other expressions, and those that fail, are evaluated
// one by one.
type ahead struct {
	suite   *Suite
	store   *store // store with all input
	end     time.Duration
	written map[string]bool // metrics that rules write
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
		line = a.line(ctx, text)
		a.lines[text] = line
	}
	if line.failed {
		return a.instant(ctx, text, t)
	}
	return line.at(t.UnixMilli()), nil
}

// line returns the timeline of an expression. Those of the original rules are
// evaluated once for all runs, until the last case.
func (a *ahead) line(ctx context.Context, text string) *timeline {
	shared := a.suite.shared[text]
	if shared == nil {
		return a.evaluate(ctx, text, a.end)
	}
	shared.once.Do(func() {
		_, _, last := a.suite.cases(nil)
		shared.line = a.evaluate(ctx, text, max(last, a.end))
		shared.until = max(last, a.end)
	})
	if a.end > shared.until {
		return a.evaluate(ctx, text, a.end)
	}
	return shared.line
}

// sharedLine is the timeline of an expression of the original rules.
type sharedLine struct {
	once  sync.Once
	line  *timeline
	until time.Duration
}

// Share evaluates the expressions of rules that no mutant changes once for all
// runs. It must be called before the first run.
func (s *Suite) Share(groups []rulefmt.RuleGroup) {
	s.shared = map[string]*sharedLine{}
	for _, g := range groups {
		for _, r := range g.Rules {
			if expr, err := s.parser.ParseExpr(r.Expr); err == nil {
				s.shared[expr.String()] = &sharedLine{}
			}
		}
	}
}

func (a *ahead) evaluate(ctx context.Context, text string, end time.Duration) *timeline {
	start := a.suite.start()
	q, err := a.suite.engines.wide.NewRangeQuery(ctx, a.store, nil, text, start, start.Add(end), a.suite.every)
	if err != nil {
		return &timeline{failed: true}
	}
	// Close is not called: it would give the query's points to the next query.
	matrix, err := q.Exec(ctx).Matrix()
	if err != nil {
		return &timeline{failed: true}
	}
	return &timeline{matrix: matrix}
}

// serves reports whether a range query gives the same results as instant
// queries, each of which reads only samples up to its time.
func (a *ahead) serves(expr parser.Expr) bool {
	if expr.Type() != parser.ValueTypeVector {
		return false
	}
	ok, samples, window := true, 0, 0
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			ok = ok && a.isInput(n) && n.OriginalOffset >= 0 && n.OriginalOffsetExpr == nil && n.Timestamp == nil && n.StartOrEnd == 0
			samples += a.suite.series
		case *parser.MatrixSelector:
			ok = ok && n.RangeExpr == nil
			window = max(window, a.suite.window(n.Range))
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
	// A query that could exceed the limit is left to instant queries, which
	// report it.
	return ok && samples+window <= maxSamples*3/4
}

// window returns the largest number of samples of one series in a range. The
// engine holds one series of a range at a time.
func (s *Suite) window(d time.Duration) int {
	if s.histograms {
		return s.samples * histogramSize
	}
	return min(int(d/time.Duration(s.Interval))+1, s.samples)
}

// isInput reports whether a selector reads input series only.
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

// at returns the result at a time.
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
