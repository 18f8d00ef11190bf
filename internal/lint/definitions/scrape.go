package definitions

import (
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	site "github.com/alertnative/preflight/internal/model"
	"github.com/alertnative/preflight/internal/yamlfile"
)

// refused decodes a job by Prometheus's own decoder, without service discovery:
// the decoder knows a discovery only if its packages are linked.
func (c *Checked) refused(j preflight.Job) []finding.Finding {
	if _, err := site.JobYAML(j); err != nil || j.Name == "" || c.Timing.Validate() != nil {
		return nil // another check reports it
	}
	data, err := c.PrometheusOf(j)
	if err == nil {
		data, err = withoutDiscovery(data)
	}
	if err != nil {
		return nil // another check reports a bad Interval
	}
	read, err := config.Load(string(data), slog.New(slog.DiscardHandler))
	if err == nil {
		return relabelled(j, read.ScrapeConfigs[0])
	}
	f := finding.Finding{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j.Name)}
	text := lineNumber.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n"), "")
	if m := noField.FindStringSubmatch(text); m != nil {
		text, f.Suggestion = fmt.Sprintf("there is no key %q", m[1]), suggest.Nearest(m[1], scrapeKeys())
	}
	f.Reason = "Prometheus refuses it: " + strings.Join(strings.Fields(text), " ")
	return []finding.Finding{f}
}

// relabelled reports relabelling that gives the targets of a job another label job:
// rules and panels know them by the Name.
func relabelled(j preflight.Job, scrape *config.ScrapeConfig) []finding.Finding {
	for _, r := range slices.Concat(scrape.RelabelConfigs, scrape.MetricRelabelConfigs) {
		if r.TargetLabel == model.JobLabel {
			return []finding.Finding{{Code: finding.BadJob, Where: fmt.Sprintf("job %q", j.Name),
				Reason: "its relabelling sets the label job, but rules and proofs know its series by the Name of the job: leave the relabelling out, and give the job that Name"}}
		}
	}
	return nil
}

var (
	lineNumber = regexp.MustCompile(`(?m)^\s*(yaml: )?line \d+: `)
	noField    = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
)

// discoveries returns the names of Prometheus's service discoveries. Their keys
// are NAME_sd_configs.
func discoveries() []string {
	return []string{
		"aws", "azure", "consul", "digitalocean", "dns", "docker", "dockerswarm", "ec2", "ecs", "elasticache", "eureka", "file", "gce", "hetzner", "http",
		"ionos", "kubernetes", "kuma", "lightsail", "linode", "marathon", "msk", "nerve", "nomad", "oci", "openstack", "outscale", "ovhcloud", "puppetdb",
		"rds", "scaleway", "serverset", "stackit", "triton", "uyuni", "vultr",
	}
}

const discovery = "_sd_configs"

// withoutDiscovery removes the service discoveries from the jobs of a
// prometheus.yml.
func withoutDiscovery(data []byte) ([]byte, error) {
	var file map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	delete(file, "alerting") // the addresses of the site are checked elsewhere
	jobs, _ := file["scrape_configs"].([]any)
	for _, job := range jobs {
		keys, _ := job.(map[string]any)
		for _, name := range discoveries() {
			delete(keys, name+discovery)
		}
	}
	return yaml.Marshal(file)
}

// scrapeKeys returns the valid keys of a job in prometheus.yml.
func scrapeKeys() []string {
	keys := yamlfile.Keys(reflect.TypeFor[config.ScrapeConfig]())
	for _, name := range discoveries() {
		keys = append(keys, name+discovery)
	}
	slices.Sort(keys)
	return keys
}
