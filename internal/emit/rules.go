// Package emit writes the files of a resolved site: Prometheus rules, their
// promtool tests, prometheus.yml, alertmanager.yml and webhook.yml.
package emit

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/emit/texts"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/rules"
)

// Context is a resolved site with functions that its rules need.
type Context struct {
	*site.Site
	// Runbook and Dashboard return the addresses of links in messages, "" for
	// no link. They may be nil.
	Runbook   func(site.Group, rules.Alert) string
	Dashboard func(site.Group, rules.Alert) string
	// Vars returns the numbers of a condition for its texts.
	Vars func(expr, wait string) texts.Vars
}

// Condition is one rule of an alert. An alert has a rule for each of its
// severities and environments.
type Condition struct {
	Expr   string // PromQL, with the units expanded
	For    string
	Env    string            // the environment in place of ENV, "" for all
	Labels map[string]string // labels of the rule
}

var envWord = regexp.MustCompile(`\bENV\b`)

// inEnv replaces ENV in a text of an alert for each environment. It changes
// nothing if env is "".
func inEnv(text, env string) string {
	if env == "" {
		return text
	}
	return envWord.ReplaceAllLiteralString(text, env)
}

// Conditions returns the rules of an alert in order. If held is false, they
// lack the clause of HoldWhileDown.
func (c *Context) Conditions(g site.Group, a rules.Alert, held bool) []Condition {
	var out []Condition
	for _, cond := range append([]rules.Condition{{Severity: a.Severity, Expr: a.Expr, For: a.For}}, a.Also...) {
		one := a
		one.Severity, one.For = cond.Severity, cond.For
		expr := c.Timing.Expand(strings.TrimSpace(cond.Expr))
		labels := c.AlertLabels(g, one)
		if held && a.HoldWhileDown != "" {
			expr = c.hold(g, labels, one, expr)
		}
		if !a.PerEnv {
			out = append(out, Condition{Expr: expr, For: cond.For, Labels: labels})
			continue
		}
		for _, env := range c.Envs {
			own := map[string]string{}
			for name, value := range labels {
				own[name] = inEnv(value, env)
			}
			own["env"] = env
			out = append(out, Condition{Expr: inEnv(expr, env), For: cond.For, Env: env, Labels: own})
		}
	}
	return out
}

// ForAnyEnv returns a condition whose texts get the environment from its label.
func (*Context) ForAnyEnv(cond Condition) Condition {
	if cond.Env != "" {
		cond.Env = anyEnv
	}
	return cond
}

const anyEnv = "{{ $labels.env }}"

// ForAllEnvs returns the expression of a condition without the matchers for its
// environment. An expression that does not parse is unchanged.
func ForAllEnvs(cond Condition) string {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(cond.Expr)
	if err != nil || cond.Env == "" {
		return cond.Expr
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if sel, ok := n.(*parser.VectorSelector); ok {
			sel.LabelMatchers = slices.DeleteFunc(sel.LabelMatchers, func(m *labels.Matcher) bool {
				return m.Name == "env" && m.Type == labels.MatchEqual && m.Value == cond.Env
			})
		}
		return nil
	})
	return tree.String()
}

// hold adds the clause that keeps an instance firing while the job is down: the
// firing instances, unless a target of the job is up. It excludes instances of
// other alerts with the same name.
func (c *Context) hold(g site.Group, labels map[string]string, a rules.Alert, expr string) string {
	own := append(slices.Sorted(maps.Keys(labels)), model.AlertNameLabel, "alertstate")
	firing := fmt.Sprintf(`alertname=%q`, a.Name)
	if len(a.Also) > 0 {
		firing += fmt.Sprintf(`,%s=%q`, c.Scale.Label, a.Severity)
	}
	apart := c.Apart(g, a)
	for _, name := range slices.Sorted(maps.Keys(apart)) {
		firing += "," + matcher(name, apart[name])
	}
	if a.PerEnv {
		firing += `,env="ENV"` // each environment's rule holds its own instances
	}
	if a.For != "" { // without For an instance is never pending
		firing += `,alertstate="firing"`
	}
	return fmt.Sprintf(
		"(%s\n) or (group without (%s) (ALERTS{%s}) unless on () (max(up{job=%q}) == 1))", // the line break ends a comment
		expr, strings.Join(own, ", "), firing, a.HoldWhileDown)
}

// matcher returns the PromQL matcher for one or several values of a label.
func matcher(name string, values []string) string {
	if len(values) == 1 {
		return fmt.Sprintf("%s=%q", name, values[0])
	}
	var quoted []string
	for _, v := range values {
		quoted = append(quoted, regexp.QuoteMeta(v))
	}
	return fmt.Sprintf("%s=~%q", name, strings.Join(quoted, "|"))
}

// AlertRules returns the rules of an alert, with expressions formatted by
// Prometheus. The error names the first rule that cannot be written.
func (c *Context) AlertRules(g site.Group, a rules.Alert) ([]rulefmt.Rule, error) {
	keep, err := c.duration(a.KeepFiringFor)
	if err != nil {
		return nil, fmt.Errorf("alert %q: %w", a.Name, err)
	}
	var out []rulefmt.Rule
	annotations := map[string]map[string]string{} // the same for each environment unless a text contains ENV
	named := a.PerEnv && textsNameEnv(a)
	for _, cond := range c.Conditions(g, a, true) {
		wait, err1 := c.duration(cond.For)
		expr, err2 := pretty(cond.Expr)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("alert %q: %w", a.Name, err)
		}
		key := cond.For + "\x00" + cond.Labels[c.Scale.Label]
		if named {
			key += "\x00" + cond.Env
		}
		if annotations[key] == nil {
			annotations[key] = c.Annotations(g, a, cond)
		}
		out = append(out, rulefmt.Rule{
			Alert: a.Name, Expr: expr, For: wait, KeepFiringFor: keep, Labels: cond.Labels, Annotations: annotations[key],
		})
	}
	return out, nil
}

// RecordRule returns a recording rule, with the labels of its group.
func (c *Context) RecordRule(g site.Group, r rules.Record) (rulefmt.Rule, error) {
	expr, err := pretty(c.Timing.Expand(r.Expr))
	if err != nil {
		return rulefmt.Rule{}, fmt.Errorf("record %q: %w", r.Name, err)
	}
	return rulefmt.Rule{Record: r.Name, Expr: expr, Labels: withGroup(g.Labels, r.Labels)}, nil
}

// Rules returns the rules of a group in order, recording rules first.
func (c *Context) Rules(g site.Group) ([]rulefmt.Rule, error) {
	var out []rulefmt.Rule
	var errs []error
	for _, r := range g.Records {
		rule, err := c.RecordRule(g, r)
		out, errs = append(out, rule), append(errs, err)
	}
	for _, a := range g.Alerts {
		list, err := c.AlertRules(g, a)
		out, errs = append(out, list...), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// withGroup adds the labels of a group; the rule's own take precedence. It
// returns nil for no labels, so that the file omits them.
func withGroup(group, own map[string]string) map[string]string {
	if len(group) == 0 {
		return own
	}
	out := maps.Clone(group)
	maps.Copy(out, own)
	return out
}

func (c *Context) duration(text string) (model.Duration, error) {
	d, err := c.Duration(text)
	return model.Duration(d), err
}

// RuleFile returns a group as a Prometheus rule file.
func (c *Context) RuleFile(g site.Group) ([]byte, error) {
	group, err := c.RuleGroup(g)
	if err != nil {
		return nil, err
	}
	return genfile.YAML(rulefmt.RuleGroups{Groups: []rulefmt.RuleGroup{group}})
}

// RuleGroup returns a group with its rules as Prometheus reads it.
func (c *Context) RuleGroup(g site.Group) (rulefmt.RuleGroup, error) {
	list, err1 := c.Rules(g)
	interval, err2 := c.duration(g.Interval)
	offset, err3 := c.duration(g.QueryOffset)
	if err := errors.Join(err1, err2, err3); err != nil {
		return rulefmt.RuleGroup{}, fmt.Errorf("group %q: %w", g.Name, err)
	}
	out := rulefmt.RuleGroup{Name: g.Name, Interval: interval, Limit: g.Limit, Rules: list}
	if g.QueryOffset != "" {
		out.QueryOffset = &offset
	}
	return out, nil
}

func pretty(expr string) (string, error) {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		return "", err
	}
	return parser.Prettify(tree), nil
}
