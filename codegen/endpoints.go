package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/rules"
)

// Endpoints says where everything is. The pack holds the default, the network
// of the compose file; --endpoints gives others.
type Endpoints struct {
	// Targets are the host:port addresses of each scrape job, as Prometheus
	// reaches them. A job without any is left out.
	Targets map[string][]string `yaml:"targets"`
	// Alertmanagers are the host:port addresses that Prometheus sends to.
	Alertmanagers []string `yaml:"alertmanagers"`
	// Webhook is the URL of the webhook, as Alertmanager reaches it.
	Webhook string `yaml:"webhook"`
	// WebhookTokenFile is the file with the webhook's bearer token, as
	// Alertmanager sees it; empty when the webhook asks for none.
	WebhookTokenFile string `yaml:"webhook_token_file"`
	// HeartbeatURLFile is a file with the URL of a service that expects a sign
	// of life, as Alertmanager sees it; empty for none.
	HeartbeatURLFile string `yaml:"heartbeat_url_file"`
	// Fallback is the chat that Alertmanager itself tells when the webhook is
	// in doubt; zero for none.
	Fallback rules.Fallback `yaml:"fallback"`
	// Grafana and Runbooks are what links in messages start with, as people
	// reach them. Without one, there are no such links.
	Grafana  string `yaml:"grafana"`
	Runbooks string `yaml:"runbooks"`
}

// ReadEndpoints reads a YAML file with the fields of [Endpoints]. What it
// leaves out stays as in the defaults; jobs are replaced one by one. Only the
// fallback and the heartbeat are not taken over: they need files that other
// machines do not have. An unknown key is an error.
func ReadEndpoints(file string, defaults Endpoints) (Endpoints, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Endpoints{}, fmt.Errorf("endpoints: %w", err)
	}
	e := defaults
	e.Targets = maps.Clone(defaults.Targets)
	e.Fallback, e.HeartbeatURLFile = rules.Fallback{}, ""
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&e); err != nil && !errors.Is(err, io.EOF) {
		return Endpoints{}, fmt.Errorf("endpoints: %s: %w", file, err)
	}
	return e, nil
}

// integrations are the means by which Alertmanager tells its receivers.
func (e Endpoints) integrations() rules.Integrations {
	return rules.Integrations{
		WebhookURL: e.Webhook, WebhookTokenFile: e.WebhookTokenFile, HeartbeatURLFile: e.HeartbeatURLFile, Fallback: e.Fallback,
	}
}

// checkJobs reports targets of jobs that the pack does not have.
func (e Endpoints) checkJobs(jobs []Job) error {
	known := map[string]bool{}
	var names []string
	for _, j := range jobs {
		known[j.Name] = true
		names = append(names, j.Name)
	}
	var errs []error
	for job := range e.Targets {
		if !known[job] {
			errs = append(errs, fmt.Errorf("endpoints: targets of an unknown job %q (the jobs are %v)", job, names))
		}
	}
	return errors.Join(errs...)
}
