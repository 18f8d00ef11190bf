package spec

import (
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
)

// ServicePrefix begins the names of the metrics that the checker as a service
// exposes about itself.
const ServicePrefix = "preflight_checker_"

// The outputs of a run that can fail.
const (
	OutputTextfile = "textfile"
	OutputEvidence = "evidence"
	OutputJUnit    = "junit"
)

// Outputs returns the values of the label "output".
func Outputs() []string { return []string{OutputTextfile, OutputEvidence, OutputJUnit} }

// ServiceFamilies describes the metrics that a checker that stays up emits about
// itself.
type ServiceFamilies struct {
	OutputErrors     metrics.Desc
	OutputSuccessful metrics.Desc
	ConfigSuccessful metrics.Desc
	MissedRuns       metrics.Desc
}

// NewServiceFamilies describes the metrics of a checker that stays up. They are
// of the program, so no namespace is before their names.
func NewServiceFamilies() ServiceFamilies {
	var (
		name   = func(s string) string { return ServicePrefix + s }
		env    = metrics.Label{Name: "env"}
		output = metrics.Label{Name: "output", Values: Outputs()}
	)
	return ServiceFamilies{
		OutputErrors: metrics.Desc{
			Name: name("output_errors_total"), Type: metrics.Counter, Cadence: metrics.EveryRun, Labels: []metrics.Label{env, output},
			Waivers: []finding.Waiver{{Code: "DF002", Why: "how often an output failed is asked by hand, when the alert on the last write fires"}},
			Help:    "Runs whose outcome could not be written there.",
		},
		OutputSuccessful: metrics.Desc{
			Name: name("output_last_write_successful"), Type: metrics.Gauge, Unit: metrics.Bool, Cadence: metrics.EveryRun, Labels: []metrics.Label{env, output},
			Help: "1 when the outcome of the last run was written there, else 0.",
		},
		ConfigSuccessful: metrics.Desc{
			Name: name("config_last_reload_successful"), Type: metrics.Gauge, Unit: metrics.Bool, Cadence: metrics.EveryRun, Labels: []metrics.Label{env},
			Help: "1 when the last run could read its configuration, 0 when it went on with the one before.",
		},
		MissedRuns: metrics.Desc{
			Name: name("missed_runs_total"), Type: metrics.Counter, Cadence: metrics.EveryRun, Labels: []metrics.Label{env},
			Waivers: []finding.Waiver{{Code: "DF002", Why: "how many runs were left out is asked by hand, when the checks are slow"}},
			Help:    "Runs that were left out because the one before took too long.",
		},
	}
}

// All returns the families in a fixed order.
func (f ServiceFamilies) All() []metrics.Desc {
	return []metrics.Desc{f.OutputErrors, f.OutputSuccessful, f.ConfigSuccessful, f.MissedRuns}
}
