package preflight

import (
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
)

// Site is one deployment: the packs it takes, where they run, and who is notified.
type Site struct {
	Name           string
	Packs          []Pack
	Envs           []string
	Timing         metrics.Timing      // zero: a scrape and an evaluation each minute
	ExternalLabels map[string][]string // several values: of as many Prometheus servers
	TargetLabels   []metrics.Label     // that discovery and relabelling give targets
	Jobs           []Job               // none: prometheus.yml is not ours
	Severities     routing.Severities
	Urgent         []string            // when given: the urgent alerts, these and no others
	Levels         map[string][]string // by level: alerts that must be of it; others may be
	Routing        routing.Routing
	Alertmanager   Alertmanager
	Webhook        Webhook // zero: none; receivers then have no Chats
	Grafana        Grafana // zero: no links
	RunbookURL     string  // of the folder of runbooks, as people reach it
	Outputs        []Output
}

// Job is a scrape job.
type Job struct {
	Name     string
	Targets  []string            // host:port
	ByEnv    map[string][]string // the same, with the label env
	Labels   map[string]string
	Interval string // "": that of Timing
	Path     string
	Scheme   string
	YAML     string // the rest of the job as Prometheus writes it: discovery, auth, relabelling
}

// Grafana is where people open it, and what generated dashboards refer to.
type Grafana struct {
	URL         string
	Folder      string   // of dashboards that name none
	DataSources []string // their UIDs; none: prometheus; several: a choice on each dashboard
}

// Alertmanager is where Prometheus reaches it, and the flags that the proofs must know.
type Alertmanager struct {
	Cluster   string   // its name, which tells two with equal labels apart; "": that of the site
	Addresses []string // host:port
	Retention string   // --data.retention; "": 120h
}

// Webhook is where Alertmanager reaches preflight-webhook.
type Webhook struct {
	URL         string
	Token       routing.Credential
	DefaultChat string // for what names no receiver that it knows; "": the first chat of the root route's receiver
}
