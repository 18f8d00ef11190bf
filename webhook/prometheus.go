package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/template"
	promapi "github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/state"
)

// Prometheus is a client of the API of a Prometheus.
type Prometheus struct {
	cluster string // that it decides on; empty for all
	name    string // its address without a password
	client  promapi.Client
	labellings
}

// NewPrometheus makes a client of the Prometheus at an address, which may hold a
// user and password. With a cluster, as in "tokyo=http://…", it is asked only
// about notifications of that cluster of Alertmanagers. If c is nil, it uses a
// client with the proxy of the environment. It does not connect yet.
func NewPrometheus(address string, c *http.Client) (*Prometheus, error) {
	cluster, address := cutCluster(address)
	u, c, err := withUser(address, c)
	if err != nil {
		return nil, fmt.Errorf("the address of a Prometheus %w", err)
	}
	name := u.Redacted()
	u.User = nil
	client, err := promapi.NewClient(promapi.Config{Address: u.String(), Client: c})
	if err != nil {
		return nil, fmt.Errorf("the Prometheus at %s: %w", name, err)
	}
	return &Prometheus{cluster: cluster, name: name, client: client}, nil
}

// rules returns the alerting rules of the given names.
func (p *Prometheus) rules(ctx context.Context, names []string) ([]v1.AlertingRule, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	result, err := v1.NewAPI(&onlyRules{p.client, names}).Rules(ctx, nil)
	if err != nil {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		return nil, fmt.Errorf("asking Prometheus at %s: %w", p.name, err)
	}
	var list []v1.AlertingRule
	for _, group := range result.Groups {
		for _, r := range group.Rules {
			if rule, ok := r.(v1.AlertingRule); ok {
				list = append(list, rule)
			}
		}
	}
	return list, nil
}

// startedAt returns the time at which the server started, in its own clock. It
// is zero for a program that does not report it.
func (p *Prometheus) startedAt(ctx context.Context) time.Time {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := v1.NewAPI(p.client).Runtimeinfo(ctx)
	if err != nil {
		return time.Time{}
	}
	return info.StartTime
}

// onlyRules limits the answer to alerting rules with some names. A Prometheus
// that does not know these parameters answers with more.
type onlyRules struct {
	promapi.Client
	names []string
}

func (o *onlyRules) Do(ctx context.Context, r *http.Request) (*http.Response, []byte, error) {
	q := r.URL.Query()
	q.Set("type", "alert")
	for _, name := range o.names {
		q.Add("rule_name[]", name)
	}
	r.URL.RawQuery = q.Encode()
	return o.Client.Do(ctx, r)
}

// ruleAnswer is the answer of a Prometheus.
type ruleAnswer struct {
	cluster string
	failed  bool
	rules   []v1.AlertingRule
	since   time.Time // the server runs, or zero
	labelling
}

// young reports whether a server started after an alert fired, and evaluated its
// rule too soon after that to know its series: it can evaluate before its first
// scrape.
func (a ruleAnswer) young(rule v1.AlertingRule, i *state.Instance) bool {
	fired, known := state.Evaluated(i.Alert)
	if !known {
		fired = i.StartedAt()
	}
	return a.since.After(fired) && rule.LastEvaluation.Sub(a.since) < warmUp
}

// askRules asks every Prometheus for the rules of the given names, and with
// starts also when it started. The error is that of those that do not answer.
func (s *Service) askRules(ctx context.Context, names []string, starts bool) ([]ruleAnswer, error) {
	answers := make([]ruleAnswer, len(s.config.Prometheuses))
	errs := make([]error, len(answers))
	var group sync.WaitGroup
	for k, p := range s.config.Prometheuses {
		group.Go(func() {
			answers[k].cluster = p.cluster
			answers[k].rules, errs[k] = p.rules(ctx, names)
			answers[k].failed = errs[k] != nil
			if errs[k] != nil {
				return
			}
			answers[k].labelling = p.labelling(ctx)
			if starts {
				answers[k].since = p.startedAt(ctx)
			}
		})
	}
	group.Wait()
	return answers, errors.Join(errs...)
}

// aboutAlert returns what the answers show about an instance. No Prometheus has a
// rule of Grafana.
func aboutAlert(answers []ruleAnswer, i *state.Instance) state.Rules {
	if state.OfGrafana(i.Alert) != state.NotGrafana {
		return state.NotAsked
	}
	a, asked, answered := i.Alert, 0, 0
	found, foreign, pending, fails := false, false, false, false
	for _, answer := range answers {
		if answer.cluster != "" && answer.cluster != i.Cluster {
			continue
		}
		if asked++; !answer.failed {
			answered++
		}
		for _, rule := range answer.rules {
			if rule.Name != a.Labels[model.AlertNameLabel] || !answer.has(rule.Labels, a.Labels) {
				continue
			}
			if answer.differs(rule.Labels, a.Labels) {
				foreign = true
			} else {
				found = true
			}
			switch answer.stateOf(rule, a) {
			case v1.AlertStateFiring:
				return state.Fires
			case v1.AlertStatePending:
				pending = true
			case v1.AlertStateInactive:
				fails = fails || answer.young(rule, i)
			default:
				fails = true
			}
		}
	}
	switch {
	case asked == 0:
		return state.NotAsked
	case answered == 0:
		return state.NoAnswer
	case pending:
		return state.Pending
	case fails:
		return state.Fails
	case found, foreign && answered == asked:
		return state.Over
	case answered == asked:
		return state.RuleRemoved
	default:
		return state.NoAnswer
	}
}

// stateOf returns the state of an alert of a rule, or "" if the rule was not
// evaluated: its alerts are then of an earlier evaluation.
func (l labelling) stateOf(rule v1.AlertingRule, a template.Alert) v1.AlertState {
	if rule.Health != v1.RuleHealthGood {
		return ""
	}
	found := v1.AlertStateInactive
	for _, alert := range rule.Alerts {
		if !l.sends(alert.Labels, a.Labels) {
			continue
		}
		if alert.State == v1.AlertStateFiring {
			return alert.State
		}
		found = v1.AlertStatePending
	}
	return found
}
