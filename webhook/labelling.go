package webhook

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/template"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// labellingAge is the time after which the labelling of a Prometheus is read again.
const labellingAge = 10 * time.Minute

// labelling is how a Prometheus labels the alerts that it sends.
type labelling struct {
	// exact means that an alert is sent with its own labels and the external
	// labels. Otherwise alert_relabel_configs may change them, or the program
	// does not report its configuration.
	exact    bool
	external map[string]string
}

// labellings keeps the labelling of a Prometheus.
type labellings struct {
	mu   sync.Mutex
	last labelling
	at   time.Time
}

// labelling returns the labelling of the alerts that the server sends.
func (p *Prometheus) labelling(ctx context.Context) labelling {
	p.labellings.mu.Lock()
	defer p.labellings.mu.Unlock()
	if now := time.Now(); p.labellings.at.IsZero() || now.Sub(p.labellings.at) >= labellingAge {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		config, err := v1.NewAPI(p.client).Config(ctx)
		if err != nil { // of a program that does not report it
			config.YAML = ""
		}
		p.labellings.last, p.labellings.at = parseLabelling(config.YAML), now
	}
	return p.labellings.last
}

// parseLabelling reads the configuration of a Prometheus.
func parseLabelling(text string) (l labelling) {
	var config struct {
		Global struct {
			Interval string            `yaml:"evaluation_interval"`
			External map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil || config.Global.Interval == "" || strings.Contains(text, "alert_relabel_configs:") {
		return labelling{}
	}
	return labelling{exact: true, external: config.Global.External}
}

// sends reports whether the labels of an alert of a rule are those of a
// notification.
func (l labelling) sends(labels model.LabelSet, sent template.KV) bool {
	if !l.exact {
		return agree(labels, sent)
	}
	n := len(labels)
	for name, value := range l.external {
		if _, own := labels[model.LabelName(name)]; own {
			continue
		}
		if sent[name] != value {
			return false
		}
		n++
	}
	for name, value := range labels {
		if sent[string(name)] != string(value) {
			return false
		}
	}
	return n == len(sent)
}

// has reports whether a rule with some labels can have made a notification.
func (l labelling) has(rule model.LabelSet, sent template.KV) bool {
	for name, value := range rule {
		if _, ok := sent[string(name)]; l.exact && !ok && value != "" && !isTemplate(value) {
			return false
		}
	}
	return agree(rule, sent)
}

// differs reports whether a notification lacks the external labels of the server.
// Then it is of another server, or the series has these labels itself.
func (l labelling) differs(rule model.LabelSet, sent template.KV) bool {
	for name, value := range l.external {
		if _, own := rule[model.LabelName(name)]; !own && sent[name] != value {
			return true
		}
	}
	return false
}

// agree reports whether the labels of a rule, or of one of its alerts, are those
// of a notification. External labels are only in the notification, and
// relabelling can have dropped some.
func agree(rule model.LabelSet, sent template.KV) bool {
	for name, value := range rule {
		if have, ok := sent[string(name)]; ok && have != string(value) && !isTemplate(value) {
			return false
		}
	}
	return true
}

// isTemplate reports whether the label of a rule is a template.
func isTemplate(value model.LabelValue) bool { return strings.Contains(string(value), "{{") }
