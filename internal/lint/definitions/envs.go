package definitions

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
)

var envWord = regexp.MustCompile(`\bENV\b`)

func namesEnv(text string) bool { return envWord.MatchString(text) }

// environments reports ENV in alerts without PerEnv, and alerts whose rules for
// the environments are equal.
func (c *Checked) environments() []finding.Finding {
	var out []finding.Finding
	idle := func(where, expr string, found bool, reason string) {
		if !found {
			return
		}
		f := finding.Finding{Code: finding.IdleEnv, Where: where, Part: "expr", Text: strings.TrimSpace(expr), Reason: reason}
		f.To = len(f.Text)
		if at := envWord.FindStringIndex(f.Text); at != nil {
			f.From, f.To = at[0], at[1]
		}
		out = append(out, f)
	}
	placed := map[string]bool{}
	for _, d := range c.Dashboards {
		for _, q := range d.AllPanels() {
			placed[q.Alert] = true
			for _, t := range q.Targets {
				idle(d.Where(q), t.Expr, strings.Contains(t.Expr, `"ENV"`), idleOnBoard)
			}
		}
	}
	for _, r := range c.Records {
		idle(fmt.Sprintf("record %q", r.Name), r.Expr, c.readsEnv(r.Expr), "nothing replaces ENV in a recording rule: group by the label env")
	}
	for _, a := range c.Context.Alerts {
		where := fmt.Sprintf("alert %q", a.Name)
		exprs := []string{a.Expr}
		for _, also := range a.Also {
			exprs = append(exprs, also.Expr)
		}
		for _, expr := range exprs {
			if a.PerEnv {
				idle(where, expr, expr != "" && !namesEnv(expr), "PerEnv makes a rule for each environment, and all would be the same: write ENV for the name of the environment")
			} else {
				idle(where, expr, c.readsEnv(expr), "nothing replaces ENV: set PerEnv, which makes a rule for each environment")
			}
		}
		for _, t := range a.Panel.Targets {
			idle(where+", panel", t.Expr, !placed[a.Name] && strings.Contains(t.Expr, `"ENV"`), idleOnBoard)
		}
	}
	return out
}

const idleOnBoard = `nothing replaces ENV on a dashboard: use a variable, env=~"$env"`

// readsEnv reports whether an expression selects series with the label value
// ENV, or sets one. In a pattern, ENV counts only for the label env.
func (c *Checked) readsEnv(expr string) (found bool) {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(strings.TrimSpace(c.Timing.Expand(expr)))
	if err != nil {
		return false // another check reports it
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			for _, m := range n.LabelMatchers {
				found = found || m.Value == "ENV" || m.Name == "env" && namesEnv(m.Value)
			}
		case *parser.StringLiteral:
			found = found || n.Val == "ENV"
		}
		return nil
	})
	return found
}
