package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
)

// computations reports alerts whose panel uses another window or quantile for the
// same metric, so that people would see other values than those that fired.
func (c *Checked) computations() []finding.Finding {
	var out []finding.Finding
	for _, a := range c.Alerts {
		panel, ok := c.panelOf(a)
		if !ok || len(a.Panel.Targets) == 0 {
			continue
		}
		mine, shown := map[string][]string{}, map[string][]string{}
		for _, expr := range c.expressions(a.Group, a.Alert, false) {
			computed(mine, expr)
		}
		for _, target := range panel.Targets {
			computed(shown, c.Timing.Expand(zoomed.ReplaceAllString(target.Expr, zoom)))
		}
		for _, what := range slices.Sorted(maps.Keys(shown)) {
			with := shown[what]
			same := func(x string) bool { return x == zoom || slices.Contains(mine[what], x) }
			if len(mine[what]) == 0 || slices.Contains(mine[what], everyJob) || slices.ContainsFunc(with, same) {
				continue
			}
			out = append(out, finding.Finding{
				Code: finding.OtherValues, Where: a.Where, Part: "expr",
				Reason: fmt.Sprintf("its %s is %s, and that of its panel %d %q is %s: people see other values than those that fired",
					what, strings.Join(mine[what], ", "), panel.ID, panel.Title, strings.Join(with, ", ")),
			})
		}
	}
	return out
}

// zoomed matches Grafana's windows, which follow the zoom. A window that no
// definition has replaces them.
var zoomed = regexp.MustCompile(`\$(__rate_interval|__interval|__range|\{__[a-z_]+\})`)

const zoom = "99y"

// everyJob replaces the job of a selector without job="…".
const everyJob = "every job"

// computed adds the windows of each function of a metric, its quantiles and the
// jobs of its selectors.
func computed(to map[string][]string, expr string) {
	tree, err := parser.NewParser(parser.Options{EnableExperimentalFunctions: true}).ParseExpr(expr)
	if err != nil {
		return // another check reports it
	}
	add := func(what, with string) {
		if !slices.Contains(to[what], with) {
			to[what] = append(to[what], with)
		}
	}
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			if n.Name != "" {
				add("job of "+n.Name, jobOf(n))
			}
		case *parser.Call:
			ofCall(n, add)
		}
		return nil
	})
}

// ofCall adds the windows of a function, and the quantile.
func ofCall(call *parser.Call, add func(what, with string)) {
	for i, arg := range call.Args {
		switch arg := arg.(type) {
		case *parser.MatrixSelector:
			if v, ok := arg.VectorSelector.(*parser.VectorSelector); ok && v.Name != "" {
				add(fmt.Sprintf("window in %s(%s)", call.Func.Name, v.Name), model.Duration(arg.Range).String())
			}
		case *parser.NumberLiteral:
			if name := metricIn(call); i == 0 && call.Func.Name == "histogram_quantile" && name != "" {
				add("quantile of "+name, arg.String())
			}
		}
	}
}

// jobOf returns the job that a selector names.
func jobOf(v *parser.VectorSelector) string {
	for _, m := range v.LabelMatchers {
		if m.Name == model.JobLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return everyJob
}

// metricIn returns the first metric in an expression.
func metricIn(e parser.Expr) (name string) {
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok && name == "" {
			name = v.Name
		}
		return nil
	})
	return name
}
