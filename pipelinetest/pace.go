package pipelinetest

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// pace says which evaluations are made. What a rule gives can only change for
// so long after its input did: the ranges it looks at and the times it waits.
// Until then every evaluation of its group is made, later one a minute.
type pace struct {
	full bool // every evaluation is made

	mu     sync.Mutex
	groups map[string]*groupPace
}

// groupPace is what is known of a rule group.
type groupPace struct {
	inputs  map[string]bool // the series that its rules and their texts read
	horizon time.Duration   // for how long a change of one of them has consequences
	news    time.Time       // when one changed last
}

// newPace reads the generated rule files.
func newPace(files map[string][]byte, full bool) (*pace, error) {
	p := &pace{full: full, groups: map[string]*groupPace{}}
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
func (p *pace) due(group string, at time.Time, interval time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.groups[group]
	return p.full || !at.After(g.news.Add(g.horizon)) || at.Truncate(coarse) != at.Add(-interval).Truncate(coarse)
}

// reach adds up how far back an expression looks: its ranges and offsets, and
// the ages that it compares with time().
func reach(expr parser.Expr) time.Duration {
	var sum time.Duration
	clock := strings.Contains(expr.String(), "time()")
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			sum += n.Range
		case *parser.SubqueryExpr:
			sum += n.Range + n.OriginalOffset
		case *parser.VectorSelector:
			sum += max(0, n.OriginalOffset)
		case *parser.NumberLiteral:
			if clock && n.Val > 0 && n.Val < (365*24*time.Hour).Seconds() {
				sum += time.Duration(n.Val * float64(time.Second))
			}
		}
		return nil
	})
	return sum
}
