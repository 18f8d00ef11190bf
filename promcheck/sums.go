package promcheck

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// processes are labels that distinguish processes. The counters of one process
// restart together, so their sum restarts as one counter does.
var processes = []string{
	model.InstanceLabel, "exported_instance", "pod", "pod_name", "kubernetes_pod_name", "node", "nodename", "host", "hostname", "server", "machine", "address", "target",
}

// ofTargets reports whether an aggregation combines the series of several
// targets.
func ofTargets(in, kept Labels) bool {
	return !slices.ContainsFunc(processes, func(l string) bool { return kept.Can(l) || in.Pinned(l) != "" }) && in.Can(model.InstanceLabel)
}

// rateOfSum reports a function for counters of a sum of counters, or of a rate.
func (w *walk) rateOfSum(n *parser.Call, in Type) bool {
	name, pos := n.Func.Name, n.PositionRange()
	of := "the argument"
	m, plain := n.Args[0].(*parser.MatrixSelector)
	if plain {
		if v, ok := m.VectorSelector.(*parser.VectorSelector); ok && v.Name != "" {
			of = v.Name
		}
	}
	switch {
	case in.rated:
		w.report(finding.RateOfSum, pos, "", "%s is computed from a rate, which rises and falls, and %s takes every fall for a reset of a counter", of, name)
	case plain && in.summed && in.family != nil && in.family.Type == metrics.Gauge:
		return false // suits reports it
	case in.summed:
		w.report(finding.RateOfSum, pos, "", "%s is a sum over targets: if one restarts, the sum falls, and %s counts all that remains as new: sum the %[2]s of each series", of, name)
	default:
		return false
	}
	return true
}

// meanQuantile reports the sum or the mean of quantiles of several series.
func (w *walk) meanQuantile(n *parser.AggregateExpr, in Type) {
	if !in.quantile || n.Op != parser.SUM && n.Op != parser.AVG {
		return
	}
	kept := in.Labels.keep(n.Grouping)
	if n.Without {
		kept = in.Labels.without(n.Grouping)
	}
	lost := func(l string) bool { return in.Labels.Can(l) && in.Labels.Pinned(l) == "" && !kept.Can(l) }
	if !lost(model.InstanceLabel) && !lost(model.QuantileLabel) && !slices.ContainsFunc(in.Labels.Names(), lost) {
		return
	}
	w.report(finding.MeanQuantile, n.PositionRange(), "", "the %s of quantiles is no quantile: take the maximum, or the quantile of the added buckets", n.Op)
}
