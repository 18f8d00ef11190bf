package emit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/emit/genfile"
	site "github.com/alertnative/preflight/internal/model"
)

// promConfig is the part of prometheus.yml that is generated.
type promConfig struct {
	Global    promGlobal   `yaml:"global"`
	RuleFiles []string     `yaml:"rule_files"`
	Alerting  promAlerting `yaml:"alerting"`
	Scrape    []yaml.Node  `yaml:"scrape_configs"`
}

type promGlobal struct {
	ScrapeInterval     model.Duration    `yaml:"scrape_interval"`
	EvaluationInterval model.Duration    `yaml:"evaluation_interval"`
	ExternalLabels     map[string]string `yaml:"external_labels,omitempty"`
}

type promAlerting struct {
	Alertmanagers []promStatic `yaml:"alertmanagers"`
}

type promStatic struct {
	Static []promTargets `yaml:"static_configs"`
}

type promTargets struct {
	Targets []string          `yaml:"targets"`
	Labels  map[string]string `yaml:"labels,omitempty"`
}

type promScrape struct {
	Job      string         `yaml:"job_name"`
	Interval model.Duration `yaml:"scrape_interval,omitempty"`
	Path     string         `yaml:"metrics_path,omitempty"`
	Scheme   string         `yaml:"scheme,omitempty"`
	Static   []promTargets  `yaml:"static_configs,omitempty"`
}

// Prometheus returns prometheus.yml. It loads the rule files beside it.
func (c *Context) Prometheus() ([]byte, error) { return c.PrometheusOf(c.Jobs...) }

// PrometheusOf returns a prometheus.yml with these jobs.
func (c *Context) PrometheusOf(jobs ...preflight.Job) ([]byte, error) {
	config := promConfig{
		Global: promGlobal{
			ScrapeInterval:     model.Duration(c.Timing.Scrape),
			EvaluationInterval: model.Duration(c.Timing.Evaluation),
			ExternalLabels:     escaped(c.External()),
		},
		RuleFiles: []string{"rules/*.yml"},
		Alerting:  promAlerting{[]promStatic{{[]promTargets{{Targets: c.Site.Alertmanager.Addresses}}}}},
	}
	var errs []error
	for _, j := range jobs {
		scrape, err := c.scrape(j)
		if err != nil {
			errs = append(errs, fmt.Errorf("job %q: %w", j.Name, err))
		}
		config.Scrape = append(config.Scrape, scrape)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return genfile.YAML(config)
}

// escaped writes values that Prometheus expands, as os.Expand does, so that it
// reads them literally.
func escaped(labels map[string]string) map[string]string {
	out := map[string]string{}
	for name, value := range labels {
		out[name] = strings.ReplaceAll(value, "$", "$$")
	}
	return out
}

// scrape returns a job: its fields, then the keys of its YAML.
func (c *Context) scrape(j preflight.Job) (yaml.Node, error) {
	interval, err1 := c.duration(j.Interval)
	rest, err2 := site.JobYAML(j)
	out := promScrape{Job: j.Name, Interval: interval, Path: j.Path, Scheme: j.Scheme}
	if len(j.Targets) > 0 {
		out.Static = append(out.Static, promTargets{j.Targets, j.Labels})
	}
	for _, env := range slices.Sorted(maps.Keys(j.ByEnv)) {
		labels := maps.Clone(j.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		labels["env"] = env
		out.Static = append(out.Static, promTargets{j.ByEnv[env], labels})
	}
	var node yaml.Node
	err3 := node.Encode(out)
	for _, key := range slices.Sorted(maps.Keys(rest)) {
		value := rest[key]
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, &value)
	}
	return node, errors.Join(err1, err2, err3)
}
