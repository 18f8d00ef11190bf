package checks

import (
	"cmp"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/metrics"
)

// Record returns what one run says in metrics: its families by name, as if
// nothing had run before.
func Record(m metrics.Preflight, specs []Spec, env string, r Report) (map[string]*dto.MetricFamily, error) {
	reg := prometheus.NewRegistry()
	recordRun(reg, m, env, r)
	recordChecks(reg, m, specs, env, r)
	info := m.BuildInfo.NewGauge()
	info.WithLabelValues(Version(), runtime.Version()).Set(1)
	reg.MustRegister(info)
	families, err := reg.Gather()
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*dto.MetricFamily, len(families))
	for _, f := range families {
		byName[f.GetName()] = f
	}
	return byName, nil
}

// Version is the checker's version; "devel" when the build does not say.
func Version() string { return cmp.Or(version.Version, "devel") }

// recordRun records what concerns the whole run.
func recordRun(reg prometheus.Registerer, m metrics.Preflight, env string, r Report) {
	runs, duration := m.RunsTotal.NewCounter(), m.Duration.NewHistogram()
	success, ready, last := m.LastSuccess.NewGauge(), m.ReadyForLive.NewGauge(), m.LastRunTimestamp.NewGauge()
	reg.MustRegister(runs, duration, success, ready, last)
	runs.WithLabelValues(env).Inc()
	duration.WithLabelValues(env).Observe(r.Duration.Seconds())
	success.WithLabelValues(env).Set(bit(r.Succeeded()))
	ready.WithLabelValues(env).Set(bit(r.Ready()))
	last.WithLabelValues(env).Set(float64(r.Started.Add(r.Duration).UnixMilli()) / 1000)
}

// recordChecks records each check and its targets. Every counter and histogram
// is there from the first run, at zero: increase() sees the first failure.
func recordChecks(reg prometheus.Registerer, m metrics.Preflight, specs []Spec, env string, r Report) {
	total, duration := m.ChecksTotal.NewCounter(), m.CheckDuration.NewHistogram()
	status, target, problem := m.CheckStatus.NewGauge(), m.TargetStatus.NewGauge(), m.CheckProblem.NewGauge()
	latency := map[string]*prometheus.HistogramVec{
		TargetRedis: m.RedisLatency.NewHistogram(), TargetPostgres: m.PostgresLatency.NewHistogram(),
	}
	reg.MustRegister(total, duration, status, target, problem, latency[TargetRedis], latency[TargetPostgres])
	for _, l := range latency {
		l.WithLabelValues(env)
	}
	for _, s := range specs {
		duration.WithLabelValues(env, s.Name)
		for _, st := range []Status{Pass, Fail, Warn} {
			total.WithLabelValues(env, s.Name, string(st))
		}
	}
	for _, result := range r.Results {
		setStatus(status, result.Status, env, result.Check)
		if result.Status != Skip {
			total.WithLabelValues(env, result.Check, string(result.Status)).Inc()
			duration.WithLabelValues(env, result.Check).Observe(result.Duration.Seconds())
		}
		for _, o := range result.Observations {
			setStatus(target, o.Status, env, result.Check, o.Target)
			if o.Status == Warn || o.Status == Fail {
				problem.WithLabelValues(env, result.Check, o.Target, string(o.Status), o.Reason).Set(1)
			}
			if l := latency[o.Target]; l != nil && result.Check == (Database{}).Spec().Name && o.Latency > 0 {
				l.WithLabelValues(env).Observe(o.Latency.Seconds())
			}
		}
	}
}

// setStatus sets 1 for the status and 0 for the others.
func setStatus(g *prometheus.GaugeVec, is Status, labels ...string) {
	for _, s := range metrics.Statuses() {
		g.WithLabelValues(append(labels, s)...).Set(bit(s == string(is)))
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
