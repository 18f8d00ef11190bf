// Package ruletest runs promtool's rule tests in process, on Prometheus's own
// engine and rule groups. It evaluates what promtool does, at the same moments,
// but keeps the series in memory: a test is loaded once and run against many
// versions of a rule.
package ruletest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"

	"github.com/alertnative/preflight/internal/proof/testfile"
)

// maxSamples is promtool's limit for one evaluation.
const maxSamples = 10000

// Suite is a test that is loaded: its series are parsed, and it can be run any
// number of times, also at once.
type Suite struct {
	testfile.Test
	File     string
	every    time.Duration
	fuzzy    bool
	order    []string
	input    []*series
	names    map[string]bool
	engine   *promql.Engine
	parser   parser.Parser
	expected [][]instance // of Alerts, by index
}

// Failure is an expectation that was not met.
type Failure struct {
	Test string
	At   time.Duration
	Of   string // the alert or the expression
	Want string
	Got  string
	Err  error // the rules could not be evaluated
}

func (f Failure) String() string {
	if f.Err != nil {
		return fmt.Sprintf("test %q, at %s: %v", f.Test, model.Duration(f.At), f.Err)
	}
	return fmt.Sprintf("test %q, at %s: %s: expected %s, got %s", f.Test, model.Duration(f.At), f.Of, f.Want, f.Got)
}

// NewParser returns the parser of everything here: stock PromQL.
func NewParser() parser.Parser { return parser.NewParser(parser.Options{}) }

// Load parses the tests of a file. The error names the first series that does
// not parse.
func Load(f testfile.File) ([]*Suite, error) {
	every := time.Duration(f.EvaluationInterval)
	p := NewParser()
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: maxSamples, Timeout: 100 * time.Second, Parser: p,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return every.Milliseconds() },
	})
	var out []*Suite
	for _, t := range f.Tests {
		s := &Suite{Test: t, File: f.Path, every: every, fuzzy: f.FuzzyCompare, order: f.GroupEvalOrder, engine: engine, parser: p, names: map[string]bool{}}
		for _, in := range t.Series {
			parsed, err := parseSeries(p, in, s.start().UnixMilli(), time.Duration(t.Interval).Milliseconds())
			if err != nil {
				return nil, fmt.Errorf("%s: test %q: %w", f.Path, t.Name, err)
			}
			s.input = append(s.input, parsed)
			s.names[parsed.labels.Get(model.MetricNameLabel)] = true
		}
		for _, c := range t.Alerts {
			s.expected = append(s.expected, wanted(c))
		}
		out = append(out, s)
	}
	return out, nil
}

func (s *Suite) start() time.Time {
	if s.Start.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return s.Start.Time
}

// Run evaluates the groups' rules and returns the first expectation that is
// not met; nil when all are. Only the cases that want accepts are looked at;
// nil is all. Alert cases are numbered first, then expressions.
func (s *Suite) Run(groups []rulefmt.RuleGroup, want func(i int) bool) *Failure {
	if want == nil {
		want = func(int) bool { return true }
	}
	var alerts []int
	var exprs []int
	var end time.Duration
	for i, c := range s.Alerts {
		if want(i) {
			alerts = append(alerts, i)
			end = max(end, time.Duration(c.At))
		}
	}
	for i, c := range s.Exprs {
		if want(len(s.Alerts) + i) {
			exprs = append(exprs, i)
			end = max(end, time.Duration(c.At))
		}
	}
	if len(alerts)+len(exprs) == 0 {
		return nil
	}
	slices.SortStableFunc(alerts, func(a, b int) int { return int(s.Alerts[a].At - s.Alerts[b].At) })
	st, run, err := s.prepare(groups)
	if err != nil {
		return &Failure{Test: s.Name, Err: err}
	}
	next := 0
	for now := time.Duration(0); now <= end && (next < len(alerts) || len(exprs) > 0); now += s.every {
		if err := s.step(st, run, s.start().Add(now)); err != nil {
			return &Failure{Test: s.Name, At: now, Err: err}
		}
		for ; next < len(alerts) && time.Duration(s.Alerts[alerts[next]].At) < now+s.every; next++ {
			if f := s.checkAlert(run, alerts[next]); f != nil {
				return f
			}
		}
	}
	for _, i := range exprs {
		if f := s.checkExpr(st, s.Exprs[i]); f != nil {
			return f
		}
	}
	return nil
}

// step makes the world of that moment visible and evaluates each group once.
func (s *Suite) step(st *store, run []*rules.Group, now time.Time) error {
	st.now = now.UnixMilli()
	for _, g := range run {
		g.Eval(context.Background(), now)
		for _, r := range g.Rules() {
			if err := r.LastError(); err != nil {
				return fmt.Errorf("rule %s: %w", r.Name(), err)
			}
		}
	}
	return nil
}

var groupMetrics = rules.NewGroupMetrics(nil)

// prepare makes Prometheus's rule groups of the definitions.
func (s *Suite) prepare(groups []rulefmt.RuleGroup) (*store, []*rules.Group, error) {
	st := newStore(s.input, s.names)
	logger := promslog.NewNopLogger()
	external, err := url.Parse(s.ExternalURL)
	if err != nil {
		return nil, nil, fmt.Errorf("external_url: %w", err)
	}
	opts := &rules.ManagerOptions{
		QueryFunc:    rules.EngineQueryFunc(s.engine, st),
		AppendableV2: st,
		Context:      context.Background(),
		NotifyFunc:   func(context.Context, string, ...*rules.Alert) {},
		ExternalURL:  external,
		Logger:       logger,
		Metrics:      groupMetrics,
		Parser:       s.parser,
	}
	var out []*rules.Group
	for _, g := range s.ordered(groups) {
		var list []rules.Rule
		for _, r := range g.Rules {
			expr, err := s.parser.ParseExpr(r.Expr)
			if err != nil {
				return nil, nil, fmt.Errorf("rule %s%s: %w", r.Alert, r.Record, err)
			}
			lset := rules.FromMaps(g.Labels, r.Labels)
			if r.Alert == "" {
				list = append(list, rules.NewRecordingRule(r.Record, expr, lset))
				continue
			}
			list = append(list, rules.NewAlertingRule(r.Alert, expr, time.Duration(r.For), time.Duration(r.KeepFiringFor),
				lset, labels.FromMap(r.Annotations), s.ExternalLabels, s.ExternalURL, true, logger))
		}
		interval := time.Duration(g.Interval)
		if interval == 0 {
			interval = time.Duration(s.Interval)
		}
		out = append(out, rules.NewGroup(rules.GroupOptions{
			Name: g.Name, Interval: interval, Limit: g.Limit, Rules: list, QueryOffset: (*time.Duration)(g.QueryOffset), Opts: opts,
		}))
	}
	return st, out, nil
}

// ordered puts the groups into the order the test asks for.
func (s *Suite) ordered(groups []rulefmt.RuleGroup) []rulefmt.RuleGroup {
	if len(s.order) == 0 {
		return groups
	}
	rank := func(g rulefmt.RuleGroup) int { return max(slices.Index(s.order, g.Name), 0) }
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b rulefmt.RuleGroup) int { return rank(a) - rank(b) })
	return groups
}
