package definitions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/webhook/api"
)

// exported reports labels of jobs that their metrics have too. Prometheus
// renames the metric's own label to exported_NAME, which no rule reads.
func (c *Checked) exported() []finding.Finding {
	given := map[string]map[string]string{} // field that sets the label, by label and job
	for _, j := range c.Jobs {
		for label, field := range replaces(j) {
			if given[label] == nil {
				given[label] = map[string]string{}
			}
			given[label][j.Name] = field
		}
	}
	known := programs(c.Site)
	var out []finding.Finding
	seen := map[string]bool{}
	for _, d := range slices.Concat(c.Metrics, c.Exporters) {
		for _, l := range d.Labels {
			fields := given[l.Name]
			if len(fields) == 0 {
				continue
			}
			jobs := c.jobsOf(d, known)
			key := l.Name + fmt.Sprint(jobs)
			if seen[key] || len(jobs) == 0 || slices.ContainsFunc(jobs, func(j string) bool { return fields[j] == "" }) {
				continue // it may come from a job that keeps the label
			}
			seen[key] = true
			for _, j := range jobs {
				out = append(out, finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j), Reason: fmt.Sprintf(
					"%s gives the label %q, which the metric %s has itself and which Prometheus would rename to %s%s: rename one, or write honor_labels: true in YAML",
					fields[j], l.Name, d.Name, model.ExportedLabelPrefix, l.Name)})
			}
		}
	}
	return out
}

// jobsOf returns the jobs that may scrape a metric: those of its program, or of
// unknown programs. A metric that changes with each run may come from any job.
func (c *Checked) jobsOf(d metrics.Desc, known map[string][]string) []string {
	switch {
	case d.Program != "":
		return known[d.Program]
	case d.Cadence == metrics.EveryRun:
		return c.JobNames()
	}
	return slices.DeleteFunc(c.JobNames(), func(job string) bool {
		for _, list := range known {
			if slices.Contains(list, job) {
				return true
			}
		}
		return false
	})
}

// replaces returns the labels with which a job replaces those of its series,
// with the field that sets each.
func replaces(j preflight.Job) map[string]string {
	out := map[string]string{}
	if len(j.ByEnv) > 0 {
		out[api.Env] = "ByEnv"
	}
	for label := range j.Labels {
		out[label] = "Labels"
	}
	if len(out) == 0 {
		return nil
	}
	keys, err := site.JobYAML(j)
	var honors bool
	if node, ok := keys["honor_labels"]; ok && node.Decode(&honors) == nil && honors {
		return nil
	}
	if err != nil || restores(keys["metric_relabel_configs"]) {
		return nil // another check reports the error
	}
	return out
}

// restores reports whether relabelling uses the renamed labels.
func restores(node yaml.Node) bool {
	text, err := yaml.Marshal(&node)
	return err == nil && strings.Contains(string(text), model.ExportedLabelPrefix)
}
