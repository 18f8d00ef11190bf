package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/genfile"
)

// The shape of alertmanager.yml, as far as it is used. Alertmanager's own
// types print secrets as <secret> and every default.
type amConfig struct {
	Route     amRoute      `yaml:"route"`
	Inhibit   []amInhibit  `yaml:"inhibit_rules,omitempty"`
	Receivers []amReceiver `yaml:"receivers"`
	Intervals []amInterval `yaml:"time_intervals,omitempty"`
}

type amRoute struct {
	Matchers      []string       `yaml:"matchers,omitempty"`
	Receiver      string         `yaml:"receiver"`
	GroupBy       []string       `yaml:"group_by"`
	GroupWait     model.Duration `yaml:"group_wait"`
	GroupInterval model.Duration `yaml:"group_interval"`
	Repeat        model.Duration `yaml:"repeat_interval"`
	MuteDuring    []string       `yaml:"mute_time_intervals,omitempty"`
	ActiveDuring  []string       `yaml:"active_time_intervals,omitempty"`
	Routes        []amRoute      `yaml:"routes,omitempty"`
}

type amInhibit struct {
	Source []string `yaml:"source_matchers"`
	Target []string `yaml:"target_matchers"`
	Equal  []string `yaml:"equal,omitempty"`
}

type amReceiver struct {
	Name     string      `yaml:"name"`
	Webhooks []amWebhook `yaml:"webhook_configs"`
}

type amWebhook struct {
	URL          string  `yaml:"url"`
	SendResolved bool    `yaml:"send_resolved"`
	HTTP         *amHTTP `yaml:"http_config,omitempty"`
}

type amHTTP struct {
	Authorization amAuthorization `yaml:"authorization"`
}

type amAuthorization struct {
	CredentialsFile string `yaml:"credentials_file"`
}

// Webhook is where Alertmanager reaches the webhook.
type Webhook struct {
	URL       string // http://webhook:9917
	TokenFile string // a file with the bearer token, as Alertmanager sees it; may be empty
}

// AlertmanagerFile returns the routing as alertmanager.yml. The error names
// every receiver that a route wants and nobody defined.
func (r Routing) AlertmanagerFile(w Webhook) ([]byte, error) {
	var errs []error
	for _, route := range append([]Route{r.Default}, r.Routes...) {
		if _, ok := r.Receiver(route.Receiver); !ok {
			errs = append(errs, fmt.Errorf("routing: route %v wants the receiver %q, which is not defined", route.Match, route.Receiver))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	config := amConfig{Route: emitRoute(r.Default), Intervals: emitIntervals(r.Intervals)}
	for _, route := range r.Routes {
		config.Route.Routes = append(config.Route.Routes, emitRoute(route))
	}
	for _, i := range r.Inhibit {
		config.Inhibit = append(config.Inhibit, amInhibit{matchers(i.Source), matchers(i.Target), i.Equal})
	}
	for _, rec := range r.Receivers {
		hook := amWebhook{URL: strings.TrimSuffix(w.URL, "/") + rec.Path, SendResolved: !rec.FiringOnly}
		if w.TokenFile != "" {
			hook.HTTP = &amHTTP{amAuthorization{w.TokenFile}}
		}
		config.Receivers = append(config.Receivers, amReceiver{rec.Name, []amWebhook{hook}})
	}
	return genfile.YAML(config)
}

func emitRoute(r Route) amRoute {
	return amRoute{
		Matchers:      matchers(r.Match),
		Receiver:      r.Receiver,
		GroupBy:       r.GroupBy,
		GroupWait:     model.Duration(r.Timing.GroupWait),
		GroupInterval: model.Duration(r.Timing.GroupInterval),
		Repeat:        model.Duration(r.Timing.Repeat),
		MuteDuring:    r.MuteDuring,
		ActiveDuring:  r.ActiveDuring,
	}
}

func matchers(ms []Matcher) []string {
	var out []string
	for _, m := range ms {
		out = append(out, fmt.Sprintf("%s=%q", m.Label, m.Value))
	}
	return out
}

// RouteTests returns, for every instance that a scenario makes fire, a line
// with the receiver expected and the labels: what `amtool config routes test`
// takes.
func (r Routing) RouteTests(groups []Group) []byte {
	var lines []string
	for _, g := range groups {
		for _, a := range g.Alerts {
			for _, labels := range firingLabels(g, a) {
				line := []string{r.Find(labels).Receiver}
				for _, name := range slices.Sorted(maps.Keys(labels)) {
					line = append(line, fmt.Sprintf("%s=%q", name, labels[name]))
				}
				lines = append(lines, strings.Join(line, " "))
			}
		}
	}
	slices.Sort(lines)
	return []byte(genfile.Header + "# receiver, then the labels of an alert that must reach it\n" +
		strings.Join(slices.Compact(lines), "\n") + "\n")
}

// firingLabels returns the whole label sets of the instances in the alert's
// scenarios.
func firingLabels(g Group, a Alert) []map[string]string {
	var out []map[string]string
	for _, s := range a.Scenarios {
		for _, e := range s.Expect {
			for _, i := range e.Firing {
				labels := g.AlertLabels(a)
				maps.Copy(labels, i.Labels)
				labels[model.AlertNameLabel] = a.Name
				out = append(out, labels)
			}
		}
	}
	return out
}
