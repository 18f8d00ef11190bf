package stack

import (
	"maps"
	"slices"

	"github.com/alertnative/preflight"
	"github.com/alertnative/preflight/internal/readdress"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/routing"
)

// nobody listens there: the address of an Alertmanager that is not run.
const nobody = "127.0.0.1:9"

// site returns a copy of the site with the addresses of the stack.
func (s *Stack) site() (preflight.Site, error) {
	site := s.cfg.Site
	site.Jobs, site.TargetLabels = s.jobs()
	site.Alertmanager.Addresses = []string{nobody}
	if addr, runs := s.addrs[Alertmanager]; runs {
		site.Alertmanager.Addresses = []string{addr}
	}
	if _, runs := s.addrs[Webhook]; runs {
		site.Webhook.URL = s.URL(Webhook)
	}
	site.Webhook.Token = routing.Credential{} // on loopback
	site.Grafana.URL = ""                     // not run here
	site.Outputs = []preflight.Output{preflight.Files{Secrets: s.path("secrets")}}
	err := readdress.Receivers(&site, func(r *routing.Receiver) error {
		for i := range r.Telegram {
			if s.cfg.TelegramURL != "" {
				if err := readdress.Telegram(&r.Telegram[i], s.cfg.TelegramURL); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return site, err
}

// jobs returns the scrape jobs with the addresses of the stack. Rules may name
// a job that the stack does not run, and the labels of its targets: it stays,
// without targets.
func (s *Stack) jobs() ([]preflight.Job, []metrics.Label) {
	jobs, labels := slices.Clone(s.cfg.Site.Jobs), slices.Clone(s.cfg.Site.TargetLabels)
	for i, j := range jobs {
		addr, runs := s.addrs[j.Name]
		if runs {
			jobs[i].Targets, jobs[i].ByEnv = []string{addr}, nil
		} else {
			jobs[i] = preflight.Job{Name: j.Name, Interval: j.Interval, YAML: "static_configs: []"}
		}
		if len(j.ByEnv) > 0 {
			labels = append(labels, metrics.Label{Name: "env", Values: s.cfg.Site.Envs})
		}
		if !runs {
			for _, name := range slices.Sorted(maps.Keys(j.Labels)) {
				labels = append(labels, metrics.Label{Name: name})
			}
		}
	}
	return jobs, labels
}
