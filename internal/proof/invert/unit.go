package invert

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/ruletest"
)

const (
	// fine is the usual time between two values of a test.
	fine = time.Minute
	// coarse is that of rules that look or wait longer than long. It is shorter
	// than Prometheus's lookback.
	coarse = 4 * time.Minute
	long   = 6 * time.Hour
	// maxTicks bounds the values of a series: promtool reads 10,000 samples at
	// most.
	maxTicks = 9000
)

// unitOf returns the time between two values in the tests of rules, and between
// two evaluations. A unit of time in a test is a tick. A rule that does not parse
// has no say.
func unitOf(list ...rulefmt.Rule) time.Duration {
	for _, r := range list {
		if time.Duration(r.For+r.KeepFiringFor) > long {
			return coarse
		}
		tree, err := ruletest.NewParser().ParseExpr(r.Expr)
		if err == nil && longestRange(tree) > long {
			return coarse
		}
	}
	return fine
}

// longestRange returns the longest time that a selector of the expression looks
// back.
func longestRange(e parser.Expr) time.Duration {
	out := time.Duration(0)
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			out = max(out, n.Range)
		case *parser.SubqueryExpr:
			out = max(out, n.Range)
		}
		return nil
	})
	return out
}

// ticks returns a time in units, rounded up.
func ticks(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// fits returns an error where a test is longer than promtool can read.
func fits(ticks int, unit time.Duration) error {
	if ticks <= maxTicks {
		return nil
	}
	return fmt.Errorf("the test would need %d values, one each %s: promtool reads 10,000 samples at most", ticks, model.Duration(unit))
}
