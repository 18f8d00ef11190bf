package spec

import (
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics/desc"
)

// ServicePrefix starts the names of the service's metrics about itself.
const ServicePrefix = "preflight_checker_"

// Outputs of a run that can fail.
const (
	OutputTextfile = "textfile"
	OutputEvidence = "evidence"
	OutputJUnit    = "junit"
)

// Outputs returns the values of the label "output".
func Outputs() []string { return []string{OutputTextfile, OutputEvidence, OutputJUnit} }

// ServiceFamilies describes the service's metrics about itself.
type ServiceFamilies struct {
	OutputErrors     desc.Desc
	OutputSuccessful desc.Desc
	ConfigSuccessful desc.Desc
	MissedRuns       desc.Desc
}

// NewServiceFamilies describes the metrics of a service. They belong to the
// program, so their names have no namespace.
func NewServiceFamilies() ServiceFamilies {
	var (
		name   = func(s string) string { return ServicePrefix + s }
		env    = desc.Label{Name: "env"}
		output = desc.Label{Name: "output", Values: Outputs()}
	)
	return ServiceFamilies{
		OutputErrors: desc.Desc{
			Name: name("output_errors_total"), Type: desc.Counter, Cadence: desc.EveryRun, Labels: []desc.Label{env, output},
			Waivers: []finding.Waiver{{Code: "DF002", Why: "people query the number of failures when the alert on the last write fires"}},
			Help:    "Runs whose result could not be written to the output.",
		},
		OutputSuccessful: desc.Desc{
			Name: name("output_last_write_successful"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun, Labels: []desc.Label{env, output},
			Help: "1 when the result of the last run was written to the output, else 0.",
		},
		ConfigSuccessful: desc.Desc{
			Name: name("config_last_reload_successful"), Type: desc.Gauge, Unit: desc.Bool, Cadence: desc.EveryRun, Labels: []desc.Label{env},
			Help: "1 when the last run could read its configuration, 0 when it used the previous one.",
		},
		MissedRuns: desc.Desc{
			Name: name("missed_runs_total"), Type: desc.Counter, Cadence: desc.EveryRun, Labels: []desc.Label{env},
			Waivers: []finding.Waiver{{Code: "DF002", Why: "people query the skipped runs when the checks are slow"}},
			Help:    "Runs that were skipped because the previous one took too long.",
		},
	}
}

// All returns the families in a fixed order.
func (f ServiceFamilies) All() []desc.Desc {
	return []desc.Desc{f.OutputErrors, f.OutputSuccessful, f.ConfigSuccessful, f.MissedRuns}
}
