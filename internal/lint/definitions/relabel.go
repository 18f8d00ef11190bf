package definitions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/webhook/api"
)

// relabelled reports relabelling after which the series of a job are not those
// that rules and proofs expect. It uses Prometheus's own code.
func (c *Checked) relabelled(j preflight.Job, scrape *config.ScrapeConfig) []finding.Finding {
	var out []finding.Finding
	add := func(format string, args ...any) {
		out = append(out, finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j.Name), Part: "YAML", Reason: fmt.Sprintf(format, args...)})
	}
	for _, r := range slices.Concat(scrape.RelabelConfigs, scrape.MetricRelabelConfigs) {
		if r.TargetLabel == model.JobLabel {
			add("its relabelling sets the label job, but rules and proofs know its series by the Name of the job: leave the relabelling out, and give the job that Name")
			return out
		}
	}
	dropped, changed := c.targetsChanged(j, scrape)
	if len(dropped) > 0 {
		add("relabel_configs drops the target %s: correct them, or leave it out", strings.Join(dropped, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		add("relabel_configs gives %s, but rules and proofs expect the value that the job gives: leave the relabelling out, or describe the label in TargetLabels of the site", changed[name])
	}
	if len(scrape.MetricRelabelConfigs) > 0 && len(out) == 0 {
		for _, problem := range c.metricsDropped(j, scrape.MetricRelabelConfigs) {
			add("%s", problem)
		}
	}
	return out
}

// targetsChanged returns the targets of a job that relabelling drops, and its
// effect on the labels that the job gives, by label.
func (c *Checked) targetsChanged(j preflight.Job, scrape *config.ScrapeConfig) (dropped []string, changed map[string]string) {
	changed = map[string]string{}
	for _, t := range labelled(j) {
		b := labels.NewBuilder(labels.FromMap(t.labels))
		for name, value := range map[string]string{
			model.JobLabel: j.Name, model.AddressLabel: t.address, model.SchemeLabel: scrape.Scheme, model.MetricsPathLabel: scrape.MetricsPath,
			model.ScrapeIntervalLabel: scrape.ScrapeInterval.String(), model.ScrapeTimeoutLabel: scrape.ScrapeTimeout.String(),
		} {
			b.Set(name, value)
		}
		if !relabel.ProcessBuilder(b, scrape.RelabelConfigs...) {
			dropped = append(dropped, t.address)
			continue
		}
		for name, value := range t.labels {
			described := slices.ContainsFunc(c.TargetLabels, func(l metrics.Label) bool { return l.Name == name })
			if got := b.Get(name); got != value && !described && name != model.JobLabel && name != model.InstanceLabel && !strings.HasPrefix(name, model.ReservedLabelPrefix) && changed[name] == "" {
				changed[name] = fmt.Sprintf("the target %s %s=%q instead of %q", t.address, name, got, value)
			}
		}
	}
	return dropped, changed
}

// target is a target with the labels that its job gives.
type target struct {
	address string
	labels  map[string]string
}

// labelled returns the targets of a job in the order of its fields.
func labelled(j preflight.Job) []target {
	var out []target
	for _, address := range j.Targets {
		out = append(out, target{address, j.Labels})
	}
	for _, env := range slices.Sorted(maps.Keys(j.ByEnv)) {
		own := map[string]string{}
		maps.Copy(own, j.Labels)
		own[api.Env] = env
		for _, address := range j.ByEnv[env] {
			out = append(out, target{address, own})
		}
	}
	return out
}

// metricsDropped describes the metrics of a job that its metric_relabel_configs
// drops although a definition reads them, and dropped labels of such metrics.
// It ignores the metric's own labels in a recorded exposition, which has labels
// that no definition reads.
func (c *Checked) metricsDropped(j preflight.Job, rules []*relabel.Config) []string {
	known, readers := programs(c.Site), c.Readers()
	var out []string
	for _, d := range slices.Concat(c.Metrics, c.Exporters) {
		if jobs := c.jobsOf(d, known); len(jobs) != 1 || jobs[0] != j.Name {
			continue // it may come from another job
		}
		own := map[string]string{}
		for _, name := range c.TargetNames() {
			own[name] = "any"
		}
		for _, l := range d.Labels {
			if !d.Recorded() {
				own[l.Name] = "any"
			}
		}
		own[model.JobLabel], own[model.InstanceLabel] = j.Name, "any"
		for _, series := range d.Series() {
			b := labels.NewBuilder(labels.FromMap(own))
			b.Set(model.MetricNameLabel, series)
			switch {
			case len(readers[d.Name]) == 0:
			case !relabel.ProcessBuilder(b, decided(rules)...):
				out = append(out, fmt.Sprintf("metric_relabel_configs drops %s, which %s reads", series, readers[d.Name][0]))
			default:
				for _, name := range slices.Sorted(maps.Keys(own)) {
					if b.Get(name) == "" {
						out = append(out, fmt.Sprintf("metric_relabel_configs drops the label %s of %s", name, series))
					}
				}
			}
		}
	}
	return out
}

// decided returns the first rules whose effect depends on the name of the
// metric, the job and the names of labels alone.
func decided(rules []*relabel.Config) []*relabel.Config {
	var out []*relabel.Config
	for _, r := range rules {
		byName := !slices.ContainsFunc(r.SourceLabels, func(l model.LabelName) bool { return l != model.MetricNameLabel && l != model.JobLabel })
		switch {
		case r.TargetLabel == model.MetricNameLabel || r.Action == relabel.LabelMap:
			return out // the series have other names, or other labels, from here on
		case r.Action == relabel.LabelDrop || r.Action == relabel.LabelKeep:
			out = append(out, r)
		case byName && (r.Action == relabel.Keep || r.Action == relabel.Drop):
			out = append(out, r)
		}
	}
	return out
}
