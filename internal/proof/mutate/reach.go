package mutate

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/ruletest"
)

// alertSeries are the series that Prometheus writes of alerts.
var alertSeries = []string{"ALERTS", "ALERTS_FOR_STATE"}

// reading is what an expression reads: metrics by name, alerts by name.
type reading struct {
	names  []string
	alerts []string
	all    bool // a selector that names no metric, or ALERTS without a name
}

func (r *reading) add(o reading) {
	r.names = append(r.names, o.names...)
	r.alerts = append(r.alerts, o.alerts...)
	r.all = r.all || o.all
}

// reads says what the expression reads; of one that does not parse, anything.
func reads(p parser.Parser, expr string) reading {
	tree, err := p.ParseExpr(expr)
	if err != nil {
		return reading{all: true}
	}
	var out reading
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		if sel, ok := node.(*parser.VectorSelector); ok {
			out.add(selects(sel))
		}
		return nil
	})
	return out
}

func selects(sel *parser.VectorSelector) reading {
	var name, alert string
	for _, m := range sel.LabelMatchers {
		if m.Type == labels.MatchEqual && m.Name == model.MetricNameLabel {
			name = m.Value
		}
		if m.Type == labels.MatchEqual && m.Name == labels.AlertName {
			alert = m.Value
		}
	}
	switch {
	case name == "":
		return reading{all: true}
	case !slices.Contains(alertSeries, name):
		return reading{names: []string{name}}
	case alert == "":
		return reading{all: true}
	default:
		return reading{alerts: []string{alert}}
	}
}

// Reads says whether the rule's expression reads the metric.
func Reads(rule rulefmt.Rule, metric string) bool {
	return slices.Contains(reads(ruletest.NewParser(), rule.Expr).names, metric)
}

// reachable returns the rules whose output the reading can see, directly or
// through other rules. A test of one rule needs to evaluate no others.
func reachable(rules []located, of reading) map[int]bool {
	p := ruletest.NewParser()
	out := map[int]bool{}
	todo := of
	for {
		before := len(out)
		for i, r := range rules {
			if !out[i] && todo.sees(r.rule) {
				out[i] = true
				todo.add(reads(p, r.rule.Expr))
				todo.add(templateReads(rules, r.rule))
			}
		}
		if len(out) == before {
			return out
		}
	}
}

func (r reading) sees(rule rulefmt.Rule) bool {
	if r.all {
		return true
	}
	if rule.Alert != "" {
		return slices.Contains(r.alerts, rule.Alert)
	}
	return slices.Contains(r.names, rule.Record)
}

// templateReads says which rules' output the queries in templates can read,
// by the names that stand in them.
func templateReads(rules []located, rule rulefmt.Rule) reading {
	var out reading
	for _, text := range rule.Annotations {
		if !strings.Contains(text, "query") {
			continue
		}
		out.all = out.all || strings.Contains(text, alertSeries[0])
		for _, r := range rules {
			if r.rule.Record != "" && strings.Contains(text, r.rule.Record) {
				out.names = append(out.names, r.rule.Record)
			}
		}
	}
	return out
}
