package metrics

import (
	"slices"

	"github.com/alertnative/preflight/finding"
)

// The statuses a check or one of its targets can have.
const (
	Pass = "pass"
	Warn = "warn"
	Fail = "fail"
	Skip = "skip" // not executed, so nothing is known
)

// Statuses are the values of the label "status", in order of gravity.
func Statuses() []string { return []string{Pass, Warn, Fail, Skip} }

// Vocabulary is what the labels of the checker's metrics can say; the checks
// supply it (see checks.Vocabulary).
type Vocabulary struct {
	Checks  []string // the names of the checks
	Reasons []string // the reasons of all checks
}

// Preflight is the set of metrics that the checker emits. Every field is one
// family; the names start with the namespace.
type Preflight struct {
	RunsTotal        Desc
	LastSuccess      Desc
	Duration         Desc
	ChecksTotal      Desc
	RedisLatency     Desc
	PostgresLatency  Desc
	ReadyForLive     Desc
	CheckStatus      Desc
	TargetStatus     Desc
	CheckProblem     Desc
	CheckDuration    Desc
	LastRunTimestamp Desc
	BuildInfo        Desc
}

// NewPreflight describes the checker's metrics under a namespace, "arbitrage"
// in the shipped pack.
func NewPreflight(namespace string, v Vocabulary) Preflight {
	var (
		name   = func(s string) string { return namespace + "_preflight_" + s }
		env    = Label{Name: "env"}
		check  = Label{Name: "check", Values: slices.Clone(v.Checks)}
		target = Label{Name: "target"}
		status = Label{Name: "status", Values: Statuses()}
		reason = Label{Name: "reason", Values: slices.Clone(v.Reasons)}
	)
	return Preflight{
		RunsTotal: Desc{
			Name: name("runs_total"), Type: Counter, Cadence: EveryRun, Labels: []Label{env},
			Help:    "Runs of the preflight.",
			Waivers: []finding.Waiver{{Code: "DF002", Why: "how often it ran is asked by hand, over days; that it runs is what alerts watch, by its last run"}},
		},
		LastSuccess: Desc{
			Name: name("last_success"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env},
			Help: "1 when the last run executed checks and none of them failed, else 0.",
		},
		Duration: Desc{
			Name: name("duration_seconds"), Type: Histogram, Unit: Seconds, Cadence: EveryRun, Labels: []Label{env},
			Buckets: LatencyBuckets(),
			Help:    "How long a run of the preflight took.",
		},
		ChecksTotal: Desc{
			Name: name("checks_total"), Type: Counter, Cadence: EveryRun,
			Labels: []Label{env, check, {Name: "status", Values: []string{Pass, Fail, Warn}}},
			Help:   "Results of executed checks.",
		},
		RedisLatency: Desc{
			Name: name("realcheck_redis_latency_seconds"), Type: Histogram, Unit: Seconds, Cadence: EveryRun, Labels: []Label{env},
			Buckets: LatencyBuckets(),
			Help:    "How long Redis took to answer PING, connecting included.",
		},
		PostgresLatency: Desc{
			Name: name("realcheck_postgres_latency_seconds"), Type: Histogram, Unit: Seconds, Cadence: EveryRun, Labels: []Label{env},
			Buckets: LatencyBuckets(),
			Help:    "How long PostgreSQL took to answer SELECT 1, connecting included.",
		},
		ReadyForLive: Desc{
			Name: name("ready_for_live"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env},
			Help: "1 when the last run executed every check for real and none failed, else 0.",
		},
		CheckStatus: Desc{
			Name: name("check_status"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env, check, status},
			Help: "1 for the status of the check's last execution, 0 for the others.",
		},
		TargetStatus: Desc{
			Name: name("target_status"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env, check, target, status},
			Help: "1 for the status that the check's last execution found the target in, 0 for the others.",
		},
		CheckProblem: Desc{
			Name: name("check_problem"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env, check, target, status, reason},
			Help: "1 for each problem that the check's last execution found.",
		},
		CheckDuration: Desc{
			Name: name("check_duration_seconds"), Type: Histogram, Unit: Seconds, Cadence: EveryRun, Labels: []Label{env, check},
			Buckets: LatencyBuckets(),
			Help:    "How long an execution of the check took.",
			Waivers: []finding.Waiver{{Code: "DF002", Why: "which check is the slow one is asked by hand, when PreflightSlow fires"}},
		},
		LastRunTimestamp: Desc{
			Name: name("last_run_timestamp_seconds"), Type: Gauge, Unit: Timestamp, Cadence: EveryRun, Labels: []Label{env},
			Help: "When the last run ended.",
		},
		BuildInfo: Desc{
			Name: name("build_info"), Type: Gauge, Unit: Bool, Cadence: EveryRun,
			Labels:  []Label{{Name: "version"}, {Name: "goversion"}},
			Help:    "1, labelled with the version of the checker and of Go.",
			Waivers: []finding.Waiver{{Code: "DF002", Why: "which version runs where is asked by hand"}},
		},
	}
}

// All returns the families in a fixed order.
func (p Preflight) All() []Desc {
	return []Desc{
		p.RunsTotal, p.LastSuccess, p.Duration, p.ChecksTotal, p.RedisLatency, p.PostgresLatency, p.ReadyForLive,
		p.CheckStatus, p.TargetStatus, p.CheckProblem, p.CheckDuration, p.LastRunTimestamp, p.BuildInfo,
	}
}
