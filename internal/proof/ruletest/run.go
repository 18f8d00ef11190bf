// Package ruletest runs promtool's rule tests in process, on Prometheus's own
// engine and rule groups. It evaluates at the same moments as promtool. It
// keeps the series in memory, so a test is loaded once and runs on many
// versions of a rule.
package ruletest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/memstore"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// maxSamples is promtool's limit for one evaluation.
const maxSamples = 10000

// histogramSize is more than the number of samples that a histogram of a test
// counts as.
const histogramSize = 30

// Suite is a loaded test with parsed series. It may run any number of times,
// also concurrently.
type Suite struct {
	testfile.Test
	File    string
	every   time.Duration
	fuzzy   bool
	order   []string
	input   *memstore.Set
	series  int // number of input series
	samples int // number of input samples
	// histograms reports whether some input sample is a native histogram.
	histograms bool
	shared     map[string]*sharedLine // by expression of the original rules
	engines    engines
	parser     parser.Parser
	expected   [][]instance // expected instances by index in Alerts
}

// engines evaluate expressions: instant at one time with promtool's limit, wide
// at many times.
type engines struct{ instant, wide *promql.Engine }

func newEngines(p parser.Parser, every time.Duration) engines {
	build := func(samples int) *promql.Engine {
		return promql.NewEngine(promql.EngineOpts{
			MaxSamples: samples, Timeout: 100 * time.Second, Parser: p,
			EnableAtModifier: true, EnableNegativeOffset: true,
			NoStepSubqueryIntervalFn: func(int64) int64 { return every.Milliseconds() },
		})
	}
	return engines{build(maxSamples), build(math.MaxInt32)}
}

// Loader loads tests that share engines and parsed expressions. Its methods may
// be called concurrently.
type Loader struct {
	parser *memoParser
	mu     sync.Mutex
	known  map[time.Duration]engines // by evaluation interval
}

// NewLoader returns an empty loader.
func NewLoader() *Loader {
	return &Loader{parser: newMemoParser(), known: map[time.Duration]engines{}}
}

func (l *Loader) engines(every time.Duration) engines {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.known[every]
	if !ok {
		e = newEngines(l.parser, every)
		l.known[every] = e
	}
	return e
}

// Load parses the tests of a file. The error names the first series that does
// not parse.
func Load(f testfile.File) ([]*Suite, error) { return NewLoader().Load(f) }

// Load parses the tests of a file. The error names the first series that does
// not parse.
func (l *Loader) Load(f testfile.File) ([]*Suite, error) {
	every := time.Duration(f.EvaluationInterval)
	p, e := l.parser, l.engines(every)
	var out []*Suite
	for _, t := range f.Tests {
		s := &Suite{Test: t, File: f.Path, every: every, fuzzy: f.FuzzyCompare, order: f.GroupEvalOrder, engines: e, parser: p, input: memstore.NewSet()}
		lines, _ := t.Lines()
		for _, in := range lines {
			parsed, n, err := parseSeries(p, in, s.start().UnixMilli(), time.Duration(t.Interval).Milliseconds())
			if err != nil {
				return nil, fmt.Errorf("%s: test %q: %w", f.Path, t.Name, err)
			}
			s.series++
			s.samples += n
			s.histograms = s.histograms || strings.Contains(in.Text, "{{")
			if old := s.input.Find(parsed.Labels); old != nil {
				*old = *parsed // the last of equal series counts, as in promtool
				continue
			}
			s.input.Add(parsed)
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

// Run evaluates the groups' rules and returns the first expectation that is not
// met, or nil. It checks only the cases that want accepts, or all if want is
// nil. Alert cases are numbered first, then expressions.
func (s *Suite) Run(groups []rulefmt.RuleGroup, want func(i int) bool) *Failure {
	var out *Failure
	s.run(groups, want, func(f *Failure) bool {
		out = f
		return false
	})
	return out
}

// RunAll evaluates the groups' rules and returns all expectations that are not
// met.
func (s *Suite) RunAll(groups []rulefmt.RuleGroup) []Failure {
	var out []Failure
	s.run(groups, nil, func(f *Failure) bool {
		out = append(out, *f)
		return true
	})
	return out
}

// run evaluates the groups' rules and reports failures until report returns
// false.
func (s *Suite) run(groups []rulefmt.RuleGroup, want func(i int) bool, report func(*Failure) bool) {
	alerts, exprs, end := s.cases(want)
	if len(alerts)+len(exprs) == 0 {
		return
	}
	w, err := s.newWorld(groups, end)
	if err != nil {
		report(&Failure{Test: s.Name, Err: err})
		return
	}
	for now := time.Duration(0); now <= end && len(alerts)+len(exprs) > 0; now += s.every {
		due := 0
		for due < len(alerts) && time.Duration(s.Alerts[alerts[due]].At) < now+s.every {
			due++
		}
		w.look(func(name string) bool {
			return slices.ContainsFunc(alerts[:due], func(i int) bool { return s.Alerts[i].Alert == name })
		})
		if err := w.step(now); err != nil {
			report(&Failure{Test: s.Name, At: now, Err: err})
			return
		}
		for _, i := range alerts[:due] {
			if f := s.checkAlert(w, i); f != nil && !report(f) {
				return
			}
		}
		alerts = alerts[due:]
	}
	for _, i := range exprs {
		if f := s.checkExpr(w, s.Exprs[i]); f != nil && !report(f) {
			return
		}
	}
}

// cases returns the accepted cases, alerts ordered by time, and the moment of
// the last case. An expression that reads later samples sees those until the
// last case of the test.
func (s *Suite) cases(want func(i int) bool) (alerts, exprs []int, end time.Duration) {
	var last time.Duration
	looks := false
	for i, c := range s.Alerts {
		last = max(last, time.Duration(c.At))
		if want == nil || want(i) {
			alerts = append(alerts, i)
			end = max(end, time.Duration(c.At))
		}
	}
	for i, c := range s.Exprs {
		last = max(last, time.Duration(c.At))
		if want == nil || want(len(s.Alerts)+i) {
			exprs = append(exprs, i)
			end = max(end, time.Duration(c.At))
			looks = looks || s.looksAhead(c.Expr)
		}
	}
	if looks {
		end = last
	}
	slices.SortStableFunc(alerts, func(a, b int) int { return cmp.Compare(s.Alerts[a].At, s.Alerts[b].At) })
	return alerts, exprs, end
}

// looksAhead reports whether an expression may read samples later than its
// evaluation.
func (s *Suite) looksAhead(text string) bool {
	expr, err := s.parser.ParseExpr(text)
	if err != nil {
		return false
	}
	found := false
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			found = found || n.OriginalOffset < 0 || n.OriginalOffsetExpr != nil || n.Timestamp != nil || n.StartOrEnd != 0
		case *parser.SubqueryExpr:
			found = found || n.OriginalOffset < 0 || n.OriginalOffsetExpr != nil || n.Timestamp != nil || n.StartOrEnd != 0
		}
		return nil
	})
	return found
}
