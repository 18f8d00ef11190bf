package ruletest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

var (
	groupMetrics = rules.NewGroupMetrics(nil)
	logger       = promslog.NewNopLogger()
)

// world is one run of a suite: its series and its rule groups.
type world struct {
	suite  *Suite
	store  *store
	query  rules.QueryFunc
	groups []*rules.Group
	alerts []*alertRule
}

// newWorld creates Prometheus's rule groups for regular evaluations until end,
// or for single moments if end is 0.
func (s *Suite) newWorld(groups []rulefmt.RuleGroup, end time.Duration) (*world, error) {
	st := newStore(s.input)
	w := &world{suite: s, store: st, query: rules.EngineQueryFunc(s.engines.instant, st)}
	query := w.query
	if end > 0 {
		query = newAhead(s, groups, end, w.query).query
	}
	opts := &rules.ManagerOptions{ // without ExternalURL, as in promtool: alerts have the text
		QueryFunc:    query,
		AppendableV2: st,
		Context:      context.Background(),
		NotifyFunc:   func(context.Context, string, ...*rules.Alert) {},
		Logger:       logger,
		Metrics:      groupMetrics,
		Parser:       s.parser,
	}
	for _, g := range s.ordered(groups) {
		var list []rules.Rule
		for _, r := range g.Rules {
			expr, err := s.parser.ParseExpr(r.Expr)
			if err != nil {
				return nil, fmt.Errorf("rule %s%s: %w", r.Alert, r.Record, err)
			}
			expr = written{expr, expr.String()}
			lset := rules.FromMaps(g.Labels, r.Labels)
			if r.Alert == "" {
				list = append(list, rules.NewRecordingRule(r.Record, expr, lset))
				continue
			}
			alert := s.newAlertRule(r, expr, lset)
			w.alerts = append(w.alerts, alert)
			list = append(list, alert)
		}
		interval := time.Duration(g.Interval)
		if interval == 0 {
			interval = time.Duration(s.Interval)
		}
		w.groups = append(w.groups, rules.NewGroup(rules.GroupOptions{
			Name: g.Name, Interval: interval, Limit: g.Limit, Rules: list, QueryOffset: (*time.Duration)(g.QueryOffset), Opts: opts,
		}))
	}
	return w, nil
}

// written is an expression with a cached text.
type written struct {
	parser.Expr
	text string
}

// String returns the text.
func (w written) String() string { return w.text }

// ordered returns the groups in the order of the test.
func (s *Suite) ordered(groups []rulefmt.RuleGroup) []rulefmt.RuleGroup {
	if len(s.order) == 0 {
		return groups
	}
	rank := func(g rulefmt.RuleGroup) int { return max(slices.Index(s.order, g.Name), 0) }
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b rulefmt.RuleGroup) int { return rank(a) - rank(b) })
	return groups
}

// look selects the alerts whose annotations the next evaluations expand.
func (w *world) look(want func(alert string) bool) {
	for _, r := range w.alerts {
		r.look = want(r.Name())
	}
}

// lookAtAll selects every alert.
func (w *world) lookAtAll() { w.look(func(string) bool { return true }) }

// step makes the samples up to the time visible and evaluates each group once.
func (w *world) step(at time.Duration) error {
	now := w.suite.start().Add(at)
	w.store.now = now.UnixMilli()
	for _, g := range w.groups {
		g.Eval(context.Background(), now)
		for _, r := range g.Rules() {
			if err := r.LastError(); err != nil {
				return fmt.Errorf("rule %s: %w", r.Name(), err)
			}
		}
	}
	return nil
}

// firing returns the firing instances of an alert, or of all alerts if name is
// empty.
func (w *world) firing(name string) []instance {
	var out []instance
	for _, r := range w.alerts {
		if name == "" || r.Name() == name {
			out = append(out, r.firing()...)
		}
	}
	slices.SortFunc(out, compare)
	return out
}
