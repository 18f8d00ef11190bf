package promcheck

import (
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Metrics returns the names of the families that an expression reads. It is
// empty if the expression does not parse.
func (c *Checker) Metrics(expr string) map[string]bool {
	tree, err := c.parser.ParseExpr(expr)
	if err != nil {
		return nil
	}
	out := map[string]bool{}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		name := v.Name
		for _, m := range v.LabelMatchers {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
				name = m.Value
			}
		}
		if d, ok := c.catalogue.Series(name); ok {
			name = d.Name
		}
		out[name] = true
		return nil
	})
	return out
}

// TemplateQueries returns the queries of a template.
func (c *Checker) TemplateQueries(text string) []string {
	uses, plain := plainUses(text)
	if plain {
		return nil
	}
	queries, _, _, _ := c.expand(text, uses)
	return queries
}
