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
)

// pace decides which evaluations are made. What a rule gives can only change for
// so long after its input did: the ranges it looks at and the times it waits.
// Until then every evaluation of its group is made; later one a minute, fewer of
// a group without alerts, and those that send an alert again. While an input
// grows all the time, every evaluation is made.
type pace struct {
	full bool // every evaluation is made

	mu      sync.Mutex
	groups  map[string]*groupPace
	growing map[string]int // how many series of a name grow all the time
}

// groupPace is what is known of a rule group.
type groupPace struct {
	inputs  map[string]bool // the series that its rules and their texts read
	horizon time.Duration   // for how long a change of one of them has consequences
	news    time.Time       // when one changed last
	records bool            // its results are read by others
}

// newPace reads the generated rule files.
func newPace(files map[string][]byte, full bool) (*pace, error) {
	p := &pace{full: full, groups: map[string]*groupPace{}, growing: map[string]int{}}
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
// that they read, and others.
func (p *pace) inputs() map[string]bool {
	all := map[string]bool{}
	for _, g := range p.groups {
		maps.Copy(all, g.inputs)
	}
	return all
}

// grows notes that a series of the name begins to grow, n is 1, or stops, n is -1.
func (p *pace) grows(series string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.growing[series] += n
}

// reads reports whether a group reads a series that grows.
func (p *pace) reads(g *groupPace) bool {
	for name, n := range p.growing {
		if n > 0 && g.inputs[name] {
			return true
		}
	}
	return false
}

// changed notes that a series takes another value at a time; without its name
// that something happened that can change anything.
func (p *pace) changed(series string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.groups {
		if at.After(g.news) && (series == "" || g.inputs[series]) {
			g.news = at
		}
	}
}

// due reports whether an evaluation of a group is made.
func (p *pace) due(g *rules.Group, at time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.groups[g.Name()]
	every := coarse
	if idle(g) && !known.records {
		every = idleCoarse
	}
	return p.full || p.reads(known) || !at.After(known.news.Add(known.horizon)) || at.Truncate(every) != at.Add(-g.Interval()).Truncate(every) || resends(g, at)
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

// reach returns how far back an expression looks: the longest of its ranges,
// with the subqueries and offsets around it, and of the ages that it compares
// with time().
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
