package spec

import (
	"slices"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics/desc"
)

// The statuses a check or one of its targets can have.
const (
	Pass = "pass"
	Warn = "warn"
	Fail = "fail"
	Skip = "skip" // not executed
)

// Statuses returns the values of the label "status".
func Statuses() []string { return []string{Pass, Warn, Fail, Skip} }

// RunFamilies describes the metrics of a checker's runs, one field per family.
// Only the latencies depend on the checks.
type RunFamilies struct {
	RunsTotal        desc.Desc
	LastSuccess      desc.Desc
	Duration         desc.Desc
	ChecksTotal      desc.Desc
	Latencies        []LatencyFamily
	ReadyForLive     desc.Desc
	CheckStatus      desc.Desc
	TargetStatus     desc.Desc
	CheckProblem     desc.Desc
	CheckDuration    desc.Desc
	LastRunTimestamp desc.Desc
	BuildInfo        desc.Desc
}

// LatencyFamily is a histogram that a check declares for one of its targets.
type LatencyFamily struct {
	Check, Target string
	Probe         bool // of the write probe
	Desc          desc.Desc
}

// NewRunFamilies describes the metrics of the runs of these checks. Their names
// start with the namespace.
func NewRunFamilies(namespace string, specs ...Spec) RunFamilies {
	f := RunFamilies{Latencies: latencies(namespace, specs)}
	f.ofTheRun(namespace)
	f.ofTheChecks(namespace, specs)
	return f
}

// ofTheRun describes the metrics of the whole run.
func (f *RunFamilies) ofTheRun(namespace string) {
	env := []desc.Label{{Name: "env"}}
	f.RunsTotal = desc.Desc{
		Name: familyName(namespace, "runs_total"), Type: desc.Counter, Cadence: desc.EveryRun, Labels: env,
		Help:    "Runs of the preflight.",
		Waivers: []finding.Waiver{{Code: "DF002", Why: "people query the number of runs over days; alerts use the time of the last run"}},
	}
	f.LastSuccess = desc.Desc{
		Name: familyName(namespace, "last_success"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun, Labels: env,
		Help: "1 when the last run executed checks and none of them failed, else 0.",
	}
	f.Duration = desc.Desc{
		Name: familyName(namespace, "duration_seconds"), Type: desc.Histogram, Unit: desc.Seconds, Cadence: desc.EveryRun, Labels: env,
		Buckets: desc.LatencyBuckets(),
		Help:    "How long a run of the preflight took.",
	}
	f.ReadyForLive = desc.Desc{
		Name: familyName(namespace, "ready_for_live"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun, Labels: env,
		Help: "1 when the last run executed every check for real and none failed, else 0.",
	}
	f.LastRunTimestamp = desc.Desc{
		Name: familyName(namespace, "last_run_timestamp_seconds"), Type: desc.Gauge, Unit: desc.Timestamp, Cadence: desc.EveryRun, Labels: env,
		Help: "When the last run ended.",
	}
	f.BuildInfo = desc.Desc{
		Name: familyName(namespace, "build_info"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun,
		Labels:  []desc.Label{{Name: "env"}, {Name: "version"}, {Name: "goversion"}},
		Help:    "1, labelled with the version of the checker and of Go.",
		Waivers: []finding.Waiver{{Code: "DF002", Why: "people query the running versions"}},
	}
}

// ofTheChecks describes the metrics of each check.
func (f *RunFamilies) ofTheChecks(namespace string, specs []Spec) {
	checks, reasons := vocabulary(specs)
	var (
		env    = desc.Label{Name: "env"}
		check  = desc.Label{Name: "check", Values: checks}
		target = desc.Label{Name: "target"}
		status = desc.Label{Name: "status", Values: Statuses()}
		reason = desc.Label{Name: "reason", Values: reasons}
	)
	f.ChecksTotal = desc.Desc{
		Name: familyName(namespace, "checks_total"), Type: desc.Counter, Cadence: desc.EveryRun,
		Labels: []desc.Label{env, check, {Name: "status", Values: []string{Pass, Fail, Warn}}},
		Help:   "Results of executed checks.",
	}
	f.CheckStatus = desc.Desc{
		Name: familyName(namespace, "check_status"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun,
		Labels: []desc.Label{env, check, status},
		Help:   "1 for the status of the check's last execution, 0 for the others.",
	}
	f.TargetStatus = desc.Desc{
		Name: familyName(namespace, "target_status"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun,
		Labels: []desc.Label{env, check, target, status},
		Help:   "1 for the status that the check's last execution found the target in, 0 for the others.",
	}
	f.CheckProblem = desc.Desc{
		Name: familyName(namespace, "check_problem"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun,
		Labels: []desc.Label{env, check, target, status, reason},
		Help:   "1 for each problem that the check's last execution found.",
	}
	f.CheckDuration = desc.Desc{
		Name: familyName(namespace, "check_duration_seconds"), Type: desc.Histogram, Unit: desc.Seconds, Cadence: desc.EveryRun,
		Labels:  []desc.Label{env, check},
		Buckets: desc.LatencyBuckets(),
		Help:    "How long an execution of the check took.",
		Waivers: []finding.Waiver{{Code: "DF002", Why: "people query the slow check when a run is slow"}},
	}
}

// All returns the families in the order of a textfile.
func (f RunFamilies) All() []desc.Desc {
	all := []desc.Desc{f.RunsTotal, f.LastSuccess, f.Duration, f.ChecksTotal}
	for _, l := range f.Latencies {
		all = append(all, l.Desc)
	}
	return append(all, f.ReadyForLive, f.CheckStatus, f.TargetStatus, f.CheckProblem, f.CheckDuration, f.LastRunTimestamp, f.BuildInfo)
}

// Metrics describes all metrics of a checker of these checks: those of its
// runs, and those of the service.
func Metrics(namespace string, specs ...Spec) []desc.Desc {
	return append(NewRunFamilies(namespace, specs...).All(), NewServiceFamilies().All()...)
}

// vocabulary returns the values of the labels "check" and "reason".
func vocabulary(specs []Spec) (checks, reasons []string) {
	for _, s := range specs {
		checks = append(checks, s.Name)
		for _, r := range s.AllReasons() {
			reasons = append(reasons, r.Name)
		}
	}
	slices.Sort(reasons)
	return checks, slices.Compact(reasons)
}

// latencies describes the histograms that the checks declare.
func latencies(namespace string, specs []Spec) (families []LatencyFamily) {
	for _, s := range specs {
		for _, l := range s.Latencies {
			d := desc.Desc{
				Name: familyName(namespace, l.Metric), Type: desc.Histogram, Unit: desc.Seconds, Cadence: desc.EveryRun,
				Labels: []desc.Label{{Name: "env"}}, Buckets: desc.LatencyBuckets(), Help: l.Help,
			}
			if l.Probe {
				d.Waivers = []finding.Waiver{{Code: "DF002", Why: "people query the time of the probe when writes are slow"}}
			}
			families = append(families, LatencyFamily{s.Name, l.Target, l.Probe, d})
		}
	}
	return families
}

func familyName(namespace, name string) string { return namespace + "_preflight_" + name }
