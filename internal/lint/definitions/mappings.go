package definitions

import (
	"fmt"
	"regexp"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

var (
	goodText = regexp.MustCompile(`(?i)\b(?:pass|passed|ok|up|yes|ready|good|healthy|success)\b`)
	badText  = regexp.MustCompile(`(?i)\b(?:fail|failed|failing|down|no|not|bad|error|broken|unhealthy)\b`)
)

// mappings reports panels of a metric with the values 0 and 1 that show the
// good value as bad, or the bad one as good.
func (c *Checked) mappings() []finding.Finding {
	catalogue, err := c.Catalogue()
	if err != nil {
		return nil // another check reports it
	}
	var out []finding.Finding
	for _, d := range c.Dashboards {
		for _, a := range d.Annotations {
			if c.marksOpposite(a, catalogue) {
				out = append(out, finding.Finding{
					Code: finding.Opposite, Where: fmt.Sprintf("dashboard %q, annotation %q", d.UID, a.Name), Part: "expr", Text: a.Expr, To: len(a.Expr),
					Reason: "it marks the good value of the metric, but the name of the annotation is that of a problem",
				})
			}
		}
		for _, q := range d.AllPanels() {
			good, ok := c.state(q, catalogue)
			if !ok {
				continue
			}
			for _, m := range q.Mappings {
				bad := badText.MatchString(m.Text)
				fine := m.Value == 1 && good || m.Value == 0 && !good
				if (m.Value == 0 || m.Value == 1) && (fine == bad) && (bad || goodText.MatchString(m.Text)) {
					out = append(out, finding.Finding{
						Code: finding.Opposite, Where: d.Where(q), Part: "Mappings", Text: m.Text, To: len(m.Text),
						Reason: fmt.Sprintf("stands for %v, but the name of the metric gives this value the opposite meaning", m.Value),
					})
				}
			}
		}
	}
	return out
}

// marksOpposite reports whether an annotation with a bad name marks the times at
// which a metric has its good value.
func (c *Checked) marksOpposite(a dashgen.Annotation, catalogue metrics.Catalogue) bool {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(c.Timing.Expand(a.Expr))
	if err != nil || !badText.MatchString(a.Name) && !badText.MatchString(a.Title) {
		return false
	}
	opposite := false
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		b, ok := n.(*parser.BinaryExpr)
		if !ok || b.Op != parser.EQLC {
			return nil
		}
		v, selects := b.LHS.(*parser.VectorSelector)
		number, compared := b.RHS.(*parser.NumberLiteral)
		if selects && compared {
			good, ok := stateOf(v.Name, catalogue)
			opposite = opposite || ok && (good && number.Val == 1 || !good && number.Val == 0)
		}
		return nil
	})
	return opposite
}

// stateOf reports whether 1 is the good value of a metric, judged by its name.
func stateOf(name string, catalogue metrics.Catalogue) (good, ok bool) {
	desc, known := catalogue.Series(name)
	good = goodState.MatchString(name)
	return good, known && desc.BaseUnit() == metrics.Bool && good != badState.MatchString(name) && !denied.MatchString(name)
}

// state reports whether 1 is good in a panel of a single metric with the values
// 0 and 1. The metric's name decides.
func (c *Checked) state(q dashgen.Panel, catalogue metrics.Catalogue) (good, ok bool) {
	name := ""
	for _, target := range q.Targets {
		expr := c.Timing.Expand(zoomed.ReplaceAllString(target.Expr, zoom))
		tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
		if err != nil {
			return false, false
		}
		if a, aggregates := tree.(*parser.AggregateExpr); aggregates && (a.Op == parser.MAX || a.Op == parser.MIN) {
			tree = a.Expr
		}
		v, selects := tree.(*parser.VectorSelector)
		if !selects || name != "" && v.Name != name {
			return false, false
		}
		name = v.Name
	}
	return stateOf(name, catalogue)
}
