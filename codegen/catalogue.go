package codegen

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// Catalogue returns every metric that the pack's Prometheus stores, with the
// labels that scraping adds to them: those of the product, of the exporters,
// of the recording rules, and ALERTS.
func (p Pack) Catalogue() (metrics.Catalogue, error) {
	target := p.targetLabels()
	var all []metrics.Desc
	for _, d := range slices.Concat(p.Metrics, p.Exporters, metrics.Scraping()) {
		all = append(all, withLabels(d, target))
	}
	labels := p.ruleLabels(target)
	for _, g := range p.Groups {
		for _, r := range g.Records {
			all = append(all, metrics.Desc{Name: r.Name, Type: metrics.Gauge, Labels: labels})
		}
	}
	all = append(all, p.alerts(labels))
	return metrics.NewCatalogue(all...)
}

// targetLabels are the labels that every scraped series gets.
func (p Pack) targetLabels() []metrics.Label {
	job := metrics.Label{Name: model.JobLabel}
	static := map[string]bool{}
	for _, j := range p.Jobs {
		job.Values = append(job.Values, j.Name)
		for name := range j.Labels {
			static[name] = true
		}
	}
	labels := []metrics.Label{job, {Name: model.InstanceLabel}}
	for _, name := range slices.Sorted(maps.Keys(static)) {
		labels = append(labels, metrics.Label{Name: name})
	}
	return labels
}

// withLabels adds the labels that d does not have itself.
func withLabels(d metrics.Desc, labels []metrics.Label) metrics.Desc {
	d.Labels = slices.Clone(d.Labels)
	for _, l := range labels {
		if _, ok := d.Label(l.Name); !ok {
			d.Labels = append(d.Labels, l)
		}
	}
	return d
}

// ruleLabels are the labels that the result of a rule can have: those of the
// product's metrics, and the target's.
func (p Pack) ruleLabels(target []metrics.Label) []metrics.Label {
	var d metrics.Desc
	for _, m := range p.Metrics {
		for _, l := range m.Labels {
			d = withLabels(d, []metrics.Label{{Name: l.Name}})
		}
	}
	return withLabels(d, target).Labels
}

// alerts describes ALERTS, the series that Prometheus keeps of its alerts.
func (p Pack) alerts(labels []metrics.Label) metrics.Desc {
	name := metrics.Label{Name: model.AlertNameLabel}
	priority := metrics.Label{Name: "priority"}
	for _, x := range rules.Priorities() {
		priority.Values = append(priority.Values, string(x))
	}
	d := metrics.Desc{
		Name: "ALERTS", Type: metrics.Gauge, Unit: metrics.Bool,
		Help: "1 for each alert that is pending or firing.",
	}
	own := []metrics.Label{priority, {Name: "alertstate", Values: []string{"pending", "firing"}}}
	for _, g := range p.Groups {
		for _, a := range g.Alerts {
			name.Values = append(name.Values, a.Name)
			for _, l := range slices.Sorted(maps.Keys(g.AlertLabels(a))) {
				own = append(own, metrics.Label{Name: l})
			}
		}
	}
	d = withLabels(d, append([]metrics.Label{name}, own[:2]...))
	return withLabels(withLabels(d, own), labels)
}
