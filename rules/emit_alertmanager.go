package rules

import (
	"errors"
	"fmt"
	"maps"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/genfile"
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
	Continue      bool           `yaml:"continue,omitempty"`
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
	Name     string       `yaml:"name"`
	Webhooks []amWebhook  `yaml:"webhook_configs,omitempty"`
	Telegram []amTelegram `yaml:"telegram_configs,omitempty"`
}

type amWebhook struct {
	URL          string  `yaml:"url,omitempty"`
	URLFile      string  `yaml:"url_file,omitempty"`
	SendResolved bool    `yaml:"send_resolved"`
	HTTP         *amHTTP `yaml:"http_config,omitempty"`
}

type amTelegram struct {
	SendResolved bool   `yaml:"send_resolved"`
	APIURL       string `yaml:"api_url,omitempty"`
	BotTokenFile string `yaml:"bot_token_file"`
	ChatID       int64  `yaml:"chat_id,omitempty"`
	ChatIDFile   string `yaml:"chat_id_file,omitempty"`
	Topic        int    `yaml:"message_thread_id,omitempty"`
	Silent       bool   `yaml:"disable_notifications"`
	ParseMode    string `yaml:"parse_mode"` // Alertmanager's default is HTML
	Message      string `yaml:"message"`
}

type amHTTP struct {
	Authorization amAuthorization `yaml:"authorization"`
}

type amAuthorization struct {
	CredentialsFile string `yaml:"credentials_file"`
}

// AlertmanagerFile returns the routing as alertmanager.yml. Receivers for which
// nothing is set up are left out, with the routes to them. The error names every
// receiver that a route wants and nobody defined.
func (r Routing) AlertmanagerFile(in Integrations) ([]byte, error) {
	errs := []error{in.Validate()}
	for _, route := range append([]Route{r.Default}, r.Routes...) {
		if _, ok := r.Receiver(route.Receiver); !ok {
			errs = append(errs, fmt.Errorf("routing: route %v wants the receiver %q, which is not defined", route.Match, route.Receiver))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	r = r.SetUp(in)
	config := amConfig{Route: emitRoute(r.Default), Intervals: emitIntervals(r.Intervals)}
	for _, route := range r.Routes {
		config.Route.Routes = append(config.Route.Routes, emitRoute(route))
	}
	for _, i := range r.Inhibit {
		config.Inhibit = append(config.Inhibit, amInhibit{matchers(i.Source), matchers(i.Target), i.Equal})
	}
	for _, rec := range r.Receivers {
		config.Receivers = append(config.Receivers, in.receiver(rec))
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
		Continue:      r.Continue,
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

// Firing returns the whole label sets of the instances in the alert's scenarios.
func (g Group) Firing(a Alert) []map[string]string {
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
