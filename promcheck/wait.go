package promcheck

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// wait reports a "for" that is over before the next sample could change the
// result. One check applies to every rule. The others apply to expressions that
// become true by a lost scrape, or while a program has just started.
func (c *Checker) wait(r *Rule, tree parser.Expr) []finding.Finding {
	short := func(format string, args ...any) []finding.Finding {
		return []finding.Finding{{
			Code: finding.ShortFor, Where: r.Where, Part: "for", Text: duration(r.For), To: len(duration(r.For)), Reason: fmt.Sprintf(format, args...),
		}}
	}
	if r.For == 0 {
		return nil
	}
	if r.Interval > 0 && r.For < r.Interval {
		return short("shorter than the time between two evaluations, %s: the alert waits that long anyway", duration(r.Interval))
	}
	var scrape, run time.Duration
	parser.Inspect(tree, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.BinaryExpr:
			if v, ok := upIsZero(n); ok {
				scrape = max(scrape, c.slowest(v))
			}
		case *parser.Call:
			if c.absentRun(n) {
				run = c.opts.Timing.Run
			}
		}
		return nil
	})
	switch {
	case r.For < max(scrape, min(2*scrape, time.Minute)):
		return short("too short for scrapes every %s: one lost scrape makes the alert fire", duration(scrape))
	case r.For < run:
		return short("shorter than a run, %s: the alert fires before a program that was just started has run once", duration(run))
	}
	return nil
}

// upIsZero returns the selector of a comparison "up == 0".
func upIsZero(n *parser.BinaryExpr) (*parser.VectorSelector, bool) {
	v, isSelector := unparen(n.LHS).(*parser.VectorSelector)
	zero, isNumber := unparen(n.RHS).(*parser.NumberLiteral)
	return v, isSelector && v.Name == "up" && isNumber && zero.Val == 0 && n.Op == parser.EQLC
}

// slowest returns the longest scrape interval of a selector's jobs.
func (c *Checker) slowest(v *parser.VectorSelector) time.Duration {
	longest := time.Duration(0)
	for job, interval := range c.opts.Intervals {
		taken := true
		for _, m := range v.LabelMatchers {
			taken = taken && (m.Name != model.JobLabel || m.Matches(job))
		}
		if interval == 0 {
			interval = c.opts.Timing.Scrape
		}
		if taken {
			longest = max(longest, interval)
		}
	}
	if len(c.opts.Intervals) == 0 {
		return c.opts.Timing.Scrape
	}
	return longest
}

// absentRun reports whether a call detects the absence of a metric that changes
// in each run.
func (c *Checker) absentRun(n *parser.Call) bool {
	if n.Func.Name != "absent" && n.Func.Name != "absent_over_time" {
		return false
	}
	found := false
	parser.Inspect(n, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			desc, known := c.catalogue.Series(v.Name)
			found = found || known && desc.Cadence == metrics.EveryRun
		}
		return nil
	})
	return found
}
