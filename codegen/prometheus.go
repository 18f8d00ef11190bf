package codegen

import (
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/genfile"
)

// The shape of prometheus.yml, as far as it is used.
type promConfig struct {
	Global    promGlobal   `yaml:"global"`
	RuleFiles []string     `yaml:"rule_files"`
	Alerting  promAlerting `yaml:"alerting"`
	Scrape    []promScrape `yaml:"scrape_configs"`
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
	Static   []promTargets  `yaml:"static_configs"`
}

// prometheusFile returns prometheus.yml. The rules are found beside it.
func (p Pack) prometheusFile(e Endpoints) ([]byte, error) {
	config := promConfig{
		Global: promGlobal{
			ScrapeInterval:     model.Duration(p.Timing.Scrape),
			EvaluationInterval: model.Duration(p.Timing.Evaluation),
			ExternalLabels:     p.ExternalLabels,
		},
		RuleFiles: []string{"rules/*.yml"},
		Alerting:  promAlerting{[]promStatic{{[]promTargets{{Targets: e.Alertmanagers}}}}},
	}
	for _, j := range p.Jobs {
		if targets := e.Targets[j.Name]; len(targets) > 0 {
			config.Scrape = append(config.Scrape, promScrape{
				Job:      j.Name,
				Interval: model.Duration(j.Interval),
				Static:   []promTargets{{Targets: targets, Labels: j.Labels}},
			})
		}
	}
	return genfile.YAML(config)
}
