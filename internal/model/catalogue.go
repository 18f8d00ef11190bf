package model

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/metrics"
)

// Catalogue returns every metric that the site's Prometheus stores, with the
// labels that scraping adds: those of the packs, of recording rules, and
// ALERTS.
func (s *Site) Catalogue() (metrics.Catalogue, error) {
	target := s.targetLabels()
	var all []metrics.Desc
	described := map[string]bool{}
	for _, d := range slices.Concat(s.Metrics, s.Exporters) {
		described[d.Name] = true
		all = append(all, WithLabels(d, target))
	}
	for _, d := range metrics.Scraping() {
		if !described[d.Name] {
			all = append(all, WithLabels(d, target))
		}
	}
	labels := s.ruleLabels(target)
	recorded := map[string]bool{}
	for g, r := range s.Records {
		if recorded[r.Name] {
			continue
		}
		recorded[r.Name] = true
		d := metrics.Desc{Name: r.Name, Type: metrics.Gauge, Labels: labels}
		for _, name := range slices.Sorted(maps.Keys(s.RecordLabels(g, r))) {
			d = WithLabels(d, []metrics.Label{{Name: name}})
		}
		all = append(all, d)
	}
	all = append(all, s.alerts(labels))
	return metrics.NewCatalogue(all...)
}

// targetLabels returns the labels that every scraped series may have.
func (s *Site) targetLabels() []metrics.Label {
	job := metrics.Label{Name: model.JobLabel}
	static := map[string]bool{}
	for _, j := range s.Jobs {
		job.Values = append(job.Values, j.Name)
		for name := range j.Labels {
			static[name] = !strings.HasPrefix(name, model.ReservedLabelPrefix) // reserved labels belong to Prometheus
		}
		if len(j.ByEnv) > 0 {
			static["env"] = true
		}
	}
	labels := []metrics.Label{job, {Name: model.InstanceLabel}}
	for _, name := range slices.Sorted(maps.Keys(static)) {
		if static[name] {
			labels = append(labels, metrics.Label{Name: name})
		}
	}
	for _, l := range s.TargetLabels {
		if !slices.ContainsFunc(labels, func(x metrics.Label) bool { return x.Name == l.Name }) {
			labels = append(labels, l)
		}
	}
	return labels
}

// TargetNames returns the names of the labels that scraping adds, except job
// and instance.
func (s *Site) TargetNames() []string {
	var names []string
	for _, l := range s.targetLabels() {
		if l.Name != model.JobLabel && l.Name != model.InstanceLabel {
			names = append(names, l.Name)
		}
	}
	return names
}

// WithLabels adds the labels that d lacks.
func WithLabels(d metrics.Desc, labels []metrics.Label) metrics.Desc {
	d.Labels = slices.Clone(d.Labels)
	for _, l := range labels {
		if _, ok := d.Label(l.Name); !ok {
			d.Labels = append(d.Labels, l)
		}
	}
	return d
}

// ruleLabels returns the labels that the result of a rule may have: those of
// the packs' metrics, and target labels.
func (s *Site) ruleLabels(target []metrics.Label) []metrics.Label {
	var d metrics.Desc
	for _, m := range s.Metrics {
		for _, l := range m.Labels {
			d = WithLabels(d, []metrics.Label{{Name: l.Name}})
		}
	}
	return WithLabels(d, target).Labels
}

// alerts describes ALERTS, Prometheus's series of its alerts.
func (s *Site) alerts(labels []metrics.Label) metrics.Desc {
	name := metrics.Label{Name: model.AlertNameLabel}
	d := metrics.Desc{
		Name: "ALERTS", Type: metrics.Gauge, Unit: metrics.Bool,
		Help: "1 for each alert that is pending or firing.",
	}
	own := []metrics.Label{
		{Name: s.Scale.Label, Values: s.LevelNames()},
		{Name: "alertstate", Values: []string{"pending", "firing"}},
	}
	for g, a := range s.Alerts {
		if !slices.Contains(name.Values, a.Name) {
			name.Values = append(name.Values, a.Name)
		}
		for _, l := range slices.Sorted(maps.Keys(s.AlertLabels(g, a))) {
			own = append(own, metrics.Label{Name: l})
		}
		if a.PerEnv {
			own = append(own, metrics.Label{Name: "env"})
		}
	}
	d = WithLabels(d, append([]metrics.Label{name}, own[:2]...))
	return WithLabels(WithLabels(d, own), labels)
}
