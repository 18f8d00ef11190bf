package preflight

import (
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
)

// Site is one deployment: its packs, where they run, and who is notified.
type Site struct {
	Name           string
	Packs          []Pack
	Envs           []string
	Timing         metrics.Timing      // zero: a scrape and an evaluation every minute
	ExternalLabels map[string][]string // several values for several Prometheus servers
	TargetLabels   []metrics.Label     // labels that targets get from discovery and relabelling
	Jobs           []Job               // empty: prometheus.yml is not generated
	Severities     routing.Severities
	Urgent         []string            // if set, exactly the urgent alerts
	Levels         map[string][]string // alerts that must have a level, by level; others may have it too
	Routing        routing.Routing
	Alertmanager   Alertmanager
	Webhook        Webhook // zero: no webhook, so receivers have no Chats
	Grafana        Grafana // zero: no links
	RunbookURL     string  // public address of the folder of runbooks
	Outputs        []Output
}

// Job is a scrape job.
type Job struct {
	Name     string
	Targets  []string            // host:port
	ByEnv    map[string][]string // host:port by the value of the label env
	Labels   map[string]string
	Interval string // "": Timing.Scrape
	Path     string
	Scheme   string
	YAML     string // other fields in Prometheus's YAML: discovery, authentication, relabelling
}

// Grafana holds the public address of Grafana, and the references of generated
// dashboards.
type Grafana struct {
	URL         string
	Folder      string   // default folder of dashboards
	DataSources []string // UIDs; empty: prometheus; several: a selection on each dashboard
}

// Alertmanager holds the addresses of Alertmanager for Prometheus, and the
// flags that the proofs need.
type Alertmanager struct {
	Cluster   string   // name that distinguishes clusters with equal labels; "": the site's name
	Addresses []string // host:port
	Retention string   // --data.retention; "": 120h
}

// Webhook holds the address of preflight-webhook for Alertmanager.
type Webhook struct {
	URL         string
	Token       routing.Credential
	DefaultChat string // chat for unknown receivers; "": the first chat of the root route's receiver
}
