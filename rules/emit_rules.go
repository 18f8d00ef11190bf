package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/metrics"
)

// Context is what the rules of all groups share.
type Context struct {
	Timing metrics.Timing
	Envs   []string // the expected environments
	Links  Links
}

// Exprs returns the PromQL of the alert's rules, with the units expanded: one,
// or one for each environment.
func (c Context) Exprs(g Group, a Alert) []string {
	expr := c.Timing.Expand(strings.TrimSpace(a.Expr))
	if a.HoldWhileDown != "" {
		expr = hold(g, a, expr)
	}
	if !a.PerEnv {
		return []string{expr}
	}
	exprs := make([]string, len(c.Envs))
	for i, env := range c.Envs {
		exprs[i] = strings.ReplaceAll(expr, "ENV", env)
	}
	return exprs
}

// hold adds the clause that keeps an instance firing while the job is down:
// the instances that fire now, unless a target of the job answers.
func hold(g Group, a Alert, expr string) string {
	own := append(slices.Sorted(maps.Keys(g.AlertLabels(a))), model.AlertNameLabel, "alertstate")
	firing := fmt.Sprintf(`alertname=%q`, a.Name)
	if a.For != "" { // else an instance is never pending
		firing += `,alertstate="firing"`
	}
	return fmt.Sprintf(
		`(%s) or (group without (%s) (ALERTS{%s}) unless on () (max(up{job=%q}) == 1))`,
		expr, strings.Join(own, ", "), firing, a.HoldWhileDown)
}

// Rules returns the rules of the group in order, expressions laid out by
// Prometheus's own printer. The error names the first expression that does not
// parse.
func (c Context) Rules(g Group) ([]rulefmt.Rule, error) {
	var out []rulefmt.Rule
	for _, r := range g.Records {
		expr, err := pretty(c.Timing.Expand(r.Expr))
		if err != nil {
			return nil, fmt.Errorf("record %q: %w", r.Name, err)
		}
		out = append(out, rulefmt.Rule{Record: r.Name, Expr: expr, Labels: r.Labels})
	}
	for _, a := range g.Alerts {
		wait, err1 := c.duration(a.For)
		keep, err2 := c.duration(a.KeepFiringFor)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("alert %q: %w", a.Name, err)
		}
		for _, raw := range c.Exprs(g, a) {
			expr, err := pretty(raw)
			if err != nil {
				return nil, fmt.Errorf("alert %q: %w", a.Name, err)
			}
			out = append(out, rulefmt.Rule{
				Alert:         a.Name,
				Expr:          expr,
				For:           wait,
				KeepFiringFor: keep,
				Labels:        g.AlertLabels(a),
				Annotations:   a.Annotations(c.Timing, c.Links),
			})
		}
	}
	return out, nil
}

// duration reads "1m" or "2runs"; empty is zero.
func (c Context) duration(s string) (model.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := model.ParseDuration(c.Timing.Expand(s))
	if err != nil {
		return 0, fmt.Errorf("%w: write it as \"30s\", \"5m\" or \"3runs\"", err)
	}
	return d, nil
}

// RuleFile returns the group as a Prometheus rule file.
func (c Context) RuleFile(g Group) ([]byte, error) {
	rules, err := c.Rules(g)
	if err != nil {
		return nil, fmt.Errorf("group %q: %w", g.Name, err)
	}
	return genfile.YAML(rulefmt.RuleGroups{Groups: []rulefmt.RuleGroup{{
		Name:     g.Name,
		Interval: model.Duration(g.Interval),
		Rules:    rules,
	}}})
}

func pretty(expr string) (string, error) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return "", err
	}
	return parser.Prettify(tree), nil
}
