package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/notifier"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/logging"
	"golang.org/x/sync/errgroup"
)

// The defaults of Prometheus's flags.
const (
	lookback        = 5 * time.Minute
	queryTimeout    = 2 * time.Minute
	maxSamples      = 50_000_000
	outageTolerance = time.Hour
	forGracePeriod  = 10 * time.Minute
	resendDelay     = time.Minute
	maxConcurrent   = 4
	queueCapacity   = 10_000
)

// Prometheus runs Prometheus's storage, scraping, rules and notifier until ctx
// is done. It scrapes only static targets, and serves its own metrics.
func Prometheus(ctx context.Context, o Options) (err error) {
	conf, err := config.LoadFile(o.ConfigFile, false, o.Log)
	if err != nil {
		return err
	}
	external, err := url.Parse(o.ExternalURL)
	if err != nil {
		return err
	}
	reg := newRegistry()
	loaded := promauto.With(reg).NewGauge(prometheus.GaugeOpts{
		Name: "prometheus_config_last_reload_successful",
		Help: "Whether the last configuration reload attempt was successful.",
	})
	db, err := tsdb.Open(o.Data, o.Log, reg, tsdb.DefaultOptions(), nil)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	g, ctx := errgroup.WithContext(ctx)
	s, err := newServer(ctx, o, conf, external, db, reg)
	if err != nil {
		return err
	}
	if err := s.apply(conf, external.String()); err != nil {
		return err
	}
	loaded.Set(1)
	s.run(ctx, g)
	g.Go(func() error { return serve(ctx, o.Listen, newMux(reg)) })
	return g.Wait()
}

// server holds the managers of Prometheus, connected as in its main function.
type server struct {
	scraper           *scrape.Manager
	targets, managers *discovery.Manager // targets of scrapes, and addresses of Alertmanager
	notifier          *notifier.Manager
	rules             *rules.Manager
}

func newServer(ctx context.Context, o Options, conf *config.Config, external *url.URL, db storage.Storage, reg prometheus.Registerer) (*server, error) {
	sdMetrics, err := discovery.CreateAndRegisterSDMetrics(reg)
	if err != nil {
		return nil, err
	}
	s := &server{
		targets:  discovery.NewManager(ctx, o.Log, reg, sdMetrics, discovery.Name("scrape")),
		managers: discovery.NewManager(ctx, o.Log, reg, sdMetrics, discovery.Name("notify")),
		notifier: notifier.NewManager(&notifier.Options{QueueCapacity: queueCapacity, DrainOnShutdown: true, Registerer: reg},
			conf.GlobalConfig.MetricNameValidationScheme, o.Log),
	}
	if s.targets == nil || s.managers == nil {
		return nil, errors.New("service discovery: its metrics cannot be registered")
	}
	if s.scraper, err = scrape.NewManager(&scrape.Options{DiscoveryReloadOnStartup: true}, o.Log, logging.NewJSONFileLogger, nil, db, reg); err != nil {
		return nil, err
	}
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: o.Log, Reg: reg, MaxSamples: maxSamples, Timeout: queryTimeout, LookbackDelta: lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Duration(conf.GlobalConfig.EvaluationInterval).Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true,
	})
	s.rules = rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: conf.GlobalConfig.MetricNameValidationScheme,
		AppendableV2:         db, Queryable: db, QueryFunc: rules.EngineQueryFunc(engine, db),
		NotifyFunc: rules.SendAlerts(s.notifier, external.String()), ExternalURL: external,
		Context: context.WithoutCancel(ctx), Registerer: reg, Logger: o.Log,
		OutageTolerance: outageTolerance, ForGracePeriod: forGracePeriod, ResendDelay: resendDelay, MaxConcurrentEvals: maxConcurrent,
		DefaultRuleQueryOffset: func() time.Duration { return time.Duration(conf.GlobalConfig.RuleQueryOffset) },
		Parser:                 parser.NewParser(parser.Options{}),
	})
	return s, nil
}

// apply configures the managers in Prometheus's order: the scrape and notifier
// managers need the configuration before the first targets.
func (s *server) apply(conf *config.Config, externalURL string) error {
	if err := s.scraper.ApplyConfig(conf); err != nil {
		return err
	}
	jobs, err := conf.GetScrapeConfigs()
	if err != nil {
		return err
	}
	targets := map[string]discovery.Configs{}
	for _, j := range jobs {
		targets[j.JobName] = j.ServiceDiscoveryConfigs
	}
	managers := map[string]discovery.Configs{}
	for name, m := range conf.AlertingConfig.AlertmanagerConfigs.ToMap() {
		managers[name] = m.ServiceDiscoveryConfigs
	}
	var files []string
	for _, pattern := range conf.RuleFiles {
		matched, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("rule files %s: %w", pattern, err)
		}
		files = append(files, matched...)
	}
	return errors.Join(
		s.targets.ApplyConfig(targets),
		s.notifier.ApplyConfig(conf),
		s.managers.ApplyConfig(managers),
		s.rules.Update(time.Duration(conf.GlobalConfig.EvaluationInterval), files, conf.GlobalConfig.ExternalLabels, externalURL, nil),
	)
}

// run runs the managers in a group until the group's ctx is done.
func (s *server) run(ctx context.Context, g *errgroup.Group) {
	discover := func(m *discovery.Manager) func() error {
		return func() error {
			if err := m.Run(); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		}
	}
	g.Go(discover(s.targets))
	g.Go(discover(s.managers))
	g.Go(func() error { return s.scraper.Run(s.targets.SyncCh()) })
	g.Go(func() error { s.notifier.Run(s.managers.SyncCh()); return nil })
	g.Go(func() error { s.rules.Run(); return nil })
	g.Go(func() error {
		<-ctx.Done()
		s.rules.Stop()
		s.scraper.Stop()
		s.notifier.Stop()
		return nil
	})
}
