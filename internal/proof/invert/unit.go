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
	// coarse is the interval for rules with a range or wait longer than long.
	// It is shorter than Prometheus's lookback.
	coarse = 4 * time.Minute
	long   = 6 * time.Hour
	// maxTicks limits the values of a series: promtool reads at most 10,000
	// samples.
	maxTicks = 9000
)

// unitOf returns the interval of values and evaluations in the tests of rules.
// A unit of time in a test is a tick. Rules that do not parse are ignored.
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

// longestRange returns the longest range of a selector in the expression.
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

// ticks returns a duration in units, rounded up.
func ticks(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// fits returns an error if a test is too long for promtool.
func fits(ticks int, unit time.Duration) error {
	if ticks <= maxTicks {
		return nil
	}
	return fmt.Errorf("the test would need %d values, one every %s: promtool reads at most 10,000 samples", ticks, model.Duration(unit))
}
