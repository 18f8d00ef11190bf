// Package constant computes PromQL expressions that consist of numbers.
package constant

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// Of returns the value of an expression of numbers. ok is false for any other
// expression.
func Of(e parser.Expr) (value float64, ok bool) {
	switch e := e.(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.ParenExpr:
		return Of(e.Expr)
	case *parser.StepInvariantExpr:
		return Of(e.Expr)
	case *parser.UnaryExpr:
		v, ok := Of(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		a, ok1 := Of(e.LHS)
		b, ok2 := Of(e.RHS)
		if ok1 && ok2 {
			return compute(e.Op, a, b)
		}
	}
	return 0, false
}

func compute(op parser.ItemType, a, b float64) (value float64, ok bool) {
	switch op {
	case parser.ADD:
		return a + b, true
	case parser.SUB:
		return a - b, true
	case parser.MUL:
		return a * b, true
	case parser.DIV:
		return a / b, true
	case parser.POW:
		return math.Pow(a, b), true
	}
	return 0, false
}
