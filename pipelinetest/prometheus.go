package pipelinetest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// server is Prometheus: its real rule engine over the store. A [target] does
// the scraping.
type server struct {
	store    *store
	pace     *pace
	registry *registry
	manager  *rules.Manager
	sender   *sender
	stopped  context.CancelFunc
	wait     sync.WaitGroup

	mu      sync.Mutex
	failing map[string]bool // groups whose evaluation fails
}

// serverOptions is the configuration of Prometheus.
type serverOptions struct {
	interval time.Duration // evaluation interval
	external map[string]string
	files    map[string][]byte // rule files
	used     map[string]bool   // metrics that some rule reads
	alertmanagers
}

// startServer starts the rule engine. The store keeps the state of a previous
// one.
func startServer(s *store, p *pace, o serverOptions, failing map[string]bool) (*server, error) {
	srv := &server{store: s, pace: p, registry: newRegistry(o.used), failing: failing}
	ctx, cancel := context.WithCancel(context.Background())
	srv.stopped = cancel
	srv.sender = newSender(srv.registry, o.alertmanagers, labels.FromMap(o.external), p)
	srv.sender.run(ctx, &srv.wait)
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: slog.New(slog.DiscardHandler), MaxSamples: 50_000_000, Timeout: 2 * time.Minute,
		LookbackDelta: lookback, EnableAtModifier: true, EnableNegativeOffset: true,
	})
	s.restart()
	query := rules.EngineQueryFunc(engine, s)
	if !p.full {
		query = newMemo(s, query).Query
	}
	srv.manager = rules.NewManager(&rules.ManagerOptions{
		Context: ctx, AppendableV2: s, Queryable: s, Registerer: srv.registry, Logger: slog.New(slog.DiscardHandler),
		QueryFunc: func(ctx context.Context, q string, at time.Time) (promql.Vector, error) {
			if srv.fails(groupOf(ctx).name) {
				return nil, errors.New("query timed out in expression evaluation")
			}
			return query(ctx, q, at)
		},
		NotifyFunc:      rules.SendAlerts(srv.sender, "http://prometheus:9090"),
		OutageTolerance: time.Hour, ForGracePeriod: 10 * time.Minute, ResendDelay: resendDelay,
		GroupLoader: loader{o.files, parser.NewParser(parser.Options{})},
	})
	var names []string
	for name := range o.files {
		names = append(names, name)
	}
	slices.Sort(names)
	if err := srv.manager.Update(o.interval, names, labels.FromMap(o.external), "http://prometheus:9090", srv.evaluate); err != nil {
		cancel()
		return nil, err
	}
	srv.wait.Go(srv.manager.Run)
	return srv, nil
}

func (s *server) stop() {
	s.manager.Stop()
	s.stopped()
	s.wait.Wait()
}

func (s *server) fails(group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failing[group]
}

func (s *server) fail(group string, fails bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing[group] = fails
}

// evaluate runs one evaluation of a group, unless its result cannot have
// changed.
func (s *server) evaluate(ctx context.Context, g *rules.Group, at time.Time) {
	if s.pace.due(g, at) {
		rules.DefaultEvalIterationFunc(context.WithValue(ctx, groupKey{}, group{g.Name(), g.Interval()}), g, at)
	}
}

// group is the rule group of a context.
type group struct {
	name     string
	interval time.Duration
}

type groupKey struct{}

func groupOf(ctx context.Context) group {
	g, _ := ctx.Value(groupKey{}).(group)
	if g.interval == 0 {
		g.interval = time.Second
	}
	return g
}

// loader reads rule files under fixed names. Prometheus derives the offset of a
// group in its interval from a hash of the name.
type loader struct {
	files  map[string][]byte
	parser parser.Parser
}

func (l loader) Load(name string, _ bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	return rulefmt.Parse(l.files[name], false, scheme, l.parser, slog.New(slog.DiscardHandler))
}

func (l loader) Parse(query string) (parser.Expr, error) { return l.parser.ParseExpr(query) }

// coarse is the time between two evaluations while nothing changes; idleCoarse
// is the time if no alert of the group is pending or fires. lookback and
// resendDelay are Prometheus's defaults: the lookback, and the time after which
// it sends an alert again.
const (
	coarse      = time.Minute
	idleCoarse  = 5 * time.Minute
	lookback    = 5 * time.Minute
	resendDelay = time.Minute
)
