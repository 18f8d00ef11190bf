package model

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/rules"
)

// rule is an alert or recording rule with its place.
type rule struct {
	group  Group
	labels map[string]string // labels that the rule sets
	expr   string
}

// apart returns the labels with one value in the results of a rule and never
// that value in those of another: static labels, and the job if both
// expressions select and keep it. The values of several jobs are sorted.
func apart(a, b rule) map[string][]string {
	out := map[string][]string{}
	for name, value := range a.labels {
		if other, ok := b.labels[name]; ok && other != value && !strings.Contains(value+other, "{{") {
			out[name] = []string{value}
		}
	}
	mine, other := a.jobs(), b.jobs()
	if len(mine) > 0 && len(other) > 0 && !slices.ContainsFunc(mine, func(j string) bool { return slices.Contains(other, j) }) {
		out[model.JobLabel] = mine
	}
	return out
}

// Apart returns the labels, with their values, that distinguish an alert's
// instances from those of other alerts with its name. g and a are those of the
// site.
func (s *Site) Apart(g Group, a rules.Alert) map[string][]string {
	mine := s.ruleOf(g, a)
	out := map[string][]string{}
	for other, x := range s.Alerts {
		if x.Name == a.Name {
			maps.Copy(out, apart(mine, s.ruleOf(other, x)))
		}
	}
	return out
}

func (s *Site) ruleOf(g Group, a rules.Alert) rule {
	return rule{g, withLabels(g.Labels, a.Labels), s.Timing.Expand(a.Expr)}
}

// jobs returns the jobs that the expression selects by name, if its result has
// the label job of its series.
func (r rule) jobs() []string {
	if _, set := r.labels[model.JobLabel]; set {
		return nil
	}
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(r.expr)
	if err != nil || !keeps(tree, model.JobLabel) {
		return nil
	}
	var out []string
	for _, m := range jobMatcher.FindAllStringSubmatch(r.expr, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// keeps reports whether the result of an expression has a label of its series.
func keeps(e parser.Expr, label string) bool {
	switch n := e.(type) {
	case *parser.VectorSelector, *parser.MatrixSelector:
		return true
	case *parser.ParenExpr:
		return keeps(n.Expr, label)
	case *parser.UnaryExpr:
		return keeps(n.Expr, label)
	case *parser.StepInvariantExpr:
		return keeps(n.Expr, label)
	case *parser.SubqueryExpr:
		return keeps(n.Expr, label)
	case *parser.AggregateExpr:
		picks := n.Op == parser.TOPK || n.Op == parser.BOTTOMK || n.Op == parser.LIMITK || n.Op == parser.LIMIT_RATIO
		return keeps(n.Expr, label) && (picks || slices.Contains(n.Grouping, label) != n.Without)
	case *parser.BinaryExpr:
		return binaryKeeps(n, label)
	case *parser.Call:
		return slices.ContainsFunc(n.Args, func(arg parser.Expr) bool { return keeps(arg, label) })
	}
	return false
}

func binaryKeeps(n *parser.BinaryExpr, label string) bool {
	match := n.VectorMatching
	switch {
	case n.Op == parser.LAND || n.Op == parser.LUNLESS:
		return keeps(n.LHS, label)
	case n.Op == parser.LOR:
		return keeps(n.LHS, label) && keeps(n.RHS, label)
	case match == nil: // with a number
		return keeps(n.LHS, label) || keeps(n.RHS, label)
	case match.Card == parser.CardManyToOne:
		return keeps(n.LHS, label)
	case match.Card == parser.CardOneToMany:
		return keeps(n.RHS, label)
	}
	return keeps(n.LHS, label) && slices.Contains(match.MatchingLabels, label) == match.On
}
