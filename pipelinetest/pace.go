package pipelinetest

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"

	"github.com/alertnative/preflight/internal/emit"
)

// pace decides which evaluations run. After a change of its input, the result
// of a rule can only change for a limited time: the ranges that it reads and
// the times that it waits. During this time every evaluation of its group runs.
// Later one evaluation a minute runs, or fewer if no alert of the group is
// pending or fires. An evaluation that sends an alert again always runs. If an
// input grows continuously, every evaluation runs.
type pace struct {
	full bool // run every evaluation

	mu      sync.Mutex
	groups  map[string]*groupPace
	alerts  map[string]*groupPace // by the name of an alert
	growing map[string]int        // number of growing series by name
}

// groupPace is the state of a rule group.
type groupPace struct {
	inputs  map[string]bool // series that its rules and their texts read
	horizon time.Duration   // how long a change of an input affects results
	news    time.Time       // last change of an input
	records bool            // other groups read its results

	ran     time.Time // last evaluation that ran
	skipped time.Time // last evaluation after it that did not run, or zero
	// The same for the evaluation before the last one.
	ranBefore, skippedBefore time.Time
}

// newPace reads the generated rule files.
func newPace(files map[string][]byte, full bool) (*pace, error) {
	p := &pace{full: full, groups: map[string]*groupPace{}, alerts: map[string]*groupPace{}, growing: map[string]int{}}
	promql := parser.NewParser(parser.Options{})
	for name, data := range files {
		groups, errs := rulefmt.Parse(data, false, model.UTF8Validation, promql, slog.New(slog.DiscardHandler))
		if errs != nil {
			return nil, fmt.Errorf("%s: %w", name, errors.Join(errs...))
		}
		for _, g := range groups.Groups {
			known := &groupPace{inputs: map[string]bool{}}
			for _, r := range g.Rules {
				expr, err := promql.ParseExpr(r.Expr)
				if err != nil {
					return nil, err
				}
				known.records = known.records || r.Record != ""
				p.alerts[r.Alert] = known
				known.horizon = max(known.horizon, reach(expr)+time.Duration(r.For)+time.Duration(r.KeepFiringFor))
				texts := []string{r.Expr}
				for _, text := range r.Annotations {
					texts = append(texts, text)
				}
				for _, input := range word.FindAllString(strings.Join(texts, " "), -1) {
					known.inputs[input] = true
				}
			}
			known.horizon += lookback + coarse
			p.groups[g.Name] = known
		}
	}
	return p, nil
}

// inputs returns the words in the rules of all groups: the names of the series
// that they read, and other words.
func (p *pace) inputs() map[string]bool {
	all := map[string]bool{}
	for _, g := range p.groups {
		maps.Copy(all, g.inputs)
	}
	return all
}

// grows records that a series of this name starts to grow, if n is 1, or stops,
// if n is -1.
func (p *pace) grows(series string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.growing[series] += n
}

// reads reports whether a group reads a growing series.
func (p *pace) reads(g *groupPace) bool {
	for name, n := range p.growing {
		if n > 0 && g.inputs[name] {
			return true
		}
	}
	return false
}

// changed records that a series changes its value at a time. An empty name
// means an event that can change anything.
func (p *pace) changed(series string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.groups {
		if at.After(g.news) && (series == "" || g.inputs[series]) {
			g.news = at
		}
	}
}

// due reports whether an evaluation of a group has to run.
func (p *pace) due(g *rules.Group, at time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.groups[g.Name()]
	every := coarse
	if idle(g) && !known.records {
		every = idleCoarse
	}
	runs := p.full || p.reads(known) || !at.After(known.news.Add(known.horizon)) || at.Truncate(every) != at.Add(-g.Interval()).Truncate(every) || resends(g, at)
	if runs {
		known.ranBefore, known.skippedBefore = known.ran, known.skipped
		known.ran, known.skipped = at, time.Time{}
	} else {
		known.skipped = at
	}
	return runs
}

// evaluated returns the last evaluation of an alert that did not end it, if one
// that was skipped is later than the one in the alert's annotation.
func (p *pace) evaluated(alert, annotation string) (at time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.alerts[alert]
	if g == nil || g.skippedBefore.IsZero() {
		return at, false
	}
	// Templates get the time as a float, so it can be a millisecond less.
	annotated, err := time.Parse(emit.EvaluatedAtLayout, annotation)
	if err != nil || g.ranBefore.Sub(annotated).Abs() > 2*time.Millisecond {
		return at, false
	}
	return g.skippedBefore, true
}

// resends reports whether an evaluation of the group sends an alert again.
func resends(g *rules.Group, at time.Time) (again bool) {
	for _, r := range g.AlertingRules() {
		r.ForEachActiveAlert(func(a *rules.Alert) {
			again = again || !a.LastSentAt.IsZero() && a.LastSentAt.Add(resendDelay).Before(at)
		})
	}
	return again
}

// idle reports whether no alert of the group is pending or fires.
func idle(g *rules.Group) bool {
	return !slices.ContainsFunc(g.AlertingRules(), func(r *rules.AlertingRule) bool { return len(r.ActiveAlerts()) > 0 })
}

// reach returns the time before the evaluation that an expression reads: the
// longest range with its subqueries and offsets, or the longest age that it
// compares with time().
func reach(expr parser.Node) time.Duration {
	var inner time.Duration
	clock := false
	for child := range parser.ChildrenIter(expr) {
		inner = max(inner, reach(child))
		clock = clock || strings.Contains(child.String(), "time()")
	}
	switch n := expr.(type) {
	case *parser.MatrixSelector:
		return inner + n.Range
	case *parser.SubqueryExpr:
		return inner + n.Range + max(0, n.OriginalOffset)
	case *parser.VectorSelector:
		return inner + max(0, n.OriginalOffset)
	case *parser.BinaryExpr:
		for _, side := range []parser.Expr{n.LHS, n.RHS} {
			if age, ok := side.(*parser.NumberLiteral); ok && clock && n.Op.IsComparisonOperator() && age.Val > 0 {
				inner = max(inner, time.Duration(age.Val*float64(time.Second)))
			}
		}
	}
	return inner
}
