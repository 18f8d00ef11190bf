package ruletest

import (
	"slices"
	"sync"

	"github.com/prometheus/prometheus/promql/parser"
)

// NewParser returns a parser of standard PromQL.
func NewParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// maxRemembered limits the number of expressions that a parser remembers.
const maxRemembered = 1000

// memoParser parses each expression once. The engine parses a rule's expression
// at every evaluation, which takes longer than the evaluation.
type memoParser struct {
	parser.Parser
	mu    sync.Mutex
	known map[string]parser.Expr
}

func newMemoParser() *memoParser {
	return &memoParser{Parser: NewParser(), known: map[string]parser.Expr{}}
}

// ParseExpr implements [parser.Parser]. It returns a copy in each call, because
// the engine changes the expression.
func (p *memoParser) ParseExpr(text string) (parser.Expr, error) {
	p.mu.Lock()
	expr := p.known[text]
	p.mu.Unlock()
	if expr != nil {
		return clone(expr), nil
	}
	expr, err := p.Parser.ParseExpr(text)
	if err != nil {
		return expr, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxRemembered {
		clear(p.known)
	}
	p.known[text] = clone(expr)
	return expr, nil
}

// clone copies an expression. It shares the parts that no evaluation changes.
func clone(expr parser.Expr) parser.Expr {
	switch n := expr.(type) {
	case *parser.AggregateExpr:
		c := *n
		c.Expr, c.Grouping = clone(n.Expr), slices.Clone(n.Grouping) // the engine sorts labels in place
		if n.Param != nil {
			c.Param = clone(n.Param)
		}
		return &c
	case *parser.BinaryExpr:
		c := *n
		c.LHS, c.RHS = clone(n.LHS), clone(n.RHS)
		if n.VectorMatching != nil {
			m := *n.VectorMatching
			m.MatchingLabels, m.Include = slices.Clone(m.MatchingLabels), slices.Clone(m.Include)
			c.VectorMatching = &m
		}
		return &c
	case *parser.Call:
		c := *n
		c.Args = slices.Clone(n.Args)
		for i, arg := range c.Args {
			c.Args[i] = clone(arg)
		}
		return &c
	case *parser.MatrixSelector:
		c := *n
		c.VectorSelector = clone(n.VectorSelector)
		return &c
	case *parser.SubqueryExpr:
		c := *n
		c.Expr = clone(n.Expr)
		return &c
	case *parser.ParenExpr:
		c := *n
		c.Expr = clone(n.Expr)
		return &c
	case *parser.UnaryExpr:
		c := *n
		c.Expr = clone(n.Expr)
		return &c
	case *parser.VectorSelector:
		c := *n
		return &c
	case *parser.NumberLiteral:
		c := *n
		return &c
	default:
		return expr // strings; durations that are expressions are experimental
	}
}
