package checker

import (
	"cmp"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/metrics/instrument"
)

// record returns the families of one run by name, without earlier runs.
func record(m spec.RunFamilies, specs []spec.Spec, env string, r Report) (map[string]*dto.MetricFamily, error) {
	reg := prometheus.NewRegistry()
	recordRun(reg, m, env, r)
	recordChecks(reg, m, specs, env, r)
	info := instrument.Gauge(m.BuildInfo)
	info.WithLabelValues(env, programVersion(), runtime.Version()).Set(1)
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

// programVersion returns the checker's version, or "devel" if the build has
// none.
func programVersion() string { return cmp.Or(version.Version, "devel") }

// recordRun records the metrics of the whole run.
func recordRun(reg prometheus.Registerer, m spec.RunFamilies, env string, r Report) {
	runs, duration := instrument.Counter(m.RunsTotal), instrument.Histogram(m.Duration)
	success, ready, last := instrument.Gauge(m.LastSuccess), instrument.Gauge(m.ReadyForLive), instrument.Gauge(m.LastRunTimestamp)
	reg.MustRegister(runs, duration, success, ready, last)
	runs.WithLabelValues(env).Inc()
	duration.WithLabelValues(env).Observe(r.Duration.Seconds())
	success.WithLabelValues(env).Set(bit(r.Succeeded()))
	ready.WithLabelValues(env).Set(bit(r.Ready()))
	last.WithLabelValues(env).Set(float64(r.Started.Add(r.Duration).UnixMilli()) / 1000)
}

// recordChecks records each check and its targets. Every counter and histogram
// exists from the first run on, with zero, so that increase() counts the first
// failure.
func recordChecks(reg prometheus.Registerer, m spec.RunFamilies, specs []spec.Spec, env string, r Report) {
	total, duration := instrument.Counter(m.ChecksTotal), instrument.Histogram(m.CheckDuration)
	status, target, problem := instrument.Gauge(m.CheckStatus), instrument.Gauge(m.TargetStatus), instrument.Gauge(m.CheckProblem)
	reg.MustRegister(total, duration, status, target, problem)
	type of struct {
		check, target string
		probe         bool
	}
	latency := map[of]prometheus.Observer{}
	for _, l := range m.Latencies {
		histogram := instrument.Histogram(l.Desc)
		reg.MustRegister(histogram)
		latency[of{l.Check, l.Target, l.Probe}] = histogram.WithLabelValues(env)
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
			for probe, took := range map[bool]time.Duration{false: o.Latency, true: o.Probe} {
				if l := latency[of{result.Check, o.Target, probe}]; l != nil && took > 0 {
					l.Observe(took.Seconds())
				}
			}
		}
	}
}

// setStatus sets 1 for the status and 0 for the others.
func setStatus(g *prometheus.GaugeVec, is Status, labels ...string) {
	for _, s := range spec.Statuses() {
		g.WithLabelValues(append(labels, s)...).Set(bit(s == string(is)))
	}
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
