package definitions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
)

// siblings reports queries of one panel about sibling metrics, such as bytes
// received and bytes sent, of which one leaves series out that the other shows.
func (c *Checked) siblings() []finding.Finding {
	var out []finding.Finding
	for _, d := range c.Dashboards {
		for _, q := range d.AllPanels() {
			selected := map[string]*parser.VectorSelector{}
			for _, target := range q.Targets {
				for _, v := range selectors(c.Timing.Expand(zoomed.ReplaceAllString(target.Expr, zoom))) {
					selected[v.Name] = v
				}
			}
			for name, v := range sorted(selected) {
				for other, w := range sorted(selected) {
					if label := leftOut(v, w); siblingNames(name, other) && label != "" && c.hasLabel(name, label) {
						out = append(out, finding.Finding{
							Code: finding.OtherValues, Where: fmt.Sprintf("dashboard %q, panel %d %q", d.UID, q.ID, q.Title), Text: v.String(), To: len(v.String()),
							Reason: fmt.Sprintf("shows every %s, and the query of %s leaves some out: select the same series", label, other),
						})
					}
				}
			}
		}
	}
	return out
}

// selectors returns the selectors of an expression.
func selectors(expr string) []*parser.VectorSelector {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(variable.ReplaceAllString(expr, "x"))
	if err != nil {
		return nil // another check reports it
	}
	var out []*parser.VectorSelector
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok && v.Name != "" {
			out = append(out, v)
		}
		return nil
	})
	return out
}

// variable matches Grafana's variables.
var variable = regexp.MustCompile(`\$\w+|\$\{\w+\}`)

// leftOut returns a label by which the other selector leaves series out, and the
// first one does not select by.
func leftOut(v, other *parser.VectorSelector) string {
	for _, m := range other.LabelMatchers {
		excludes := m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp
		if excludes && m.Name != model.MetricNameLabel && !slices.ContainsFunc(v.LabelMatchers, func(x *labels.Matcher) bool { return x.Name == m.Name }) {
			return m.Name
		}
	}
	return ""
}

// siblingNames reports whether two metrics' names differ in one word.
func siblingNames(a, b string) bool {
	x, y := strings.Split(a, "_"), strings.Split(b, "_")
	if len(x) != len(y) {
		return false
	}
	differ := 0
	for i := range x {
		if x[i] != y[i] {
			differ++
		}
	}
	return differ == 1
}

func (c *Checked) hasLabel(series, label string) bool {
	t, _ := c.Checker.Expr("", series)
	return t.Labels.Can(label)
}
