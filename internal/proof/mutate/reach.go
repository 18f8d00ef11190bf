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

// alertSeries are the series that Prometheus writes for alerts.
var alertSeries = []string{"ALERTS", "ALERTS_FOR_STATE"}

// reading holds the metrics and alerts that an expression selects, by name.
type reading struct {
	names  []string
	alerts []string
	all    bool // matches every metric: a selector without a name, or ALERTS without alertname
}

func (r *reading) add(o reading) {
	r.names = append(r.names, o.names...)
	r.alerts = append(r.alerts, o.alerts...)
	r.all = r.all || o.all
}

// reads returns the metrics that expr selects. If expr does not parse, it
// returns a reading that matches every metric.
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

// Reads reports whether the rule's expression selects the metric.
func Reads(rule rulefmt.Rule, metric string) bool {
	return slices.Contains(reads(ruletest.NewParser(), rule.Expr).names, metric)
}

// reachable returns the rules whose results the reading includes, directly or
// through other rules. A test of one rule evaluates only these.
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

// templateReads returns the rules whose results the queries in a rule's
// templates may select. It compares names only.
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
