package metrics

// What a checker that stays up writes.
const (
	OutputTextfile = "textfile"
	OutputEvidence = "evidence"
	OutputJUnit    = "junit"
)

// Outputs are the values of the label "output".
func Outputs() []string { return []string{OutputTextfile, OutputEvidence, OutputJUnit} }

// Checker is the set of metrics that a checker that stays up emits about
// itself; what its runs find is in [Preflight].
type Checker struct {
	OutputErrors     Desc
	OutputSuccessful Desc
	ConfigSuccessful Desc
	MissedRuns       Desc
}

// NewChecker describes the metrics of a checker that stays up.
func NewChecker() Checker {
	var (
		name   = func(s string) string { return "preflight_checker_" + s }
		env    = Label{Name: "env"}
		output = Label{Name: "output", Values: Outputs()}
	)
	return Checker{
		OutputErrors: Desc{
			Name: name("output_errors_total"), Type: Counter, Cadence: EveryRun, Labels: []Label{env, output},
			Help: "Runs whose outcome could not be written there.",
		},
		OutputSuccessful: Desc{
			Name: name("output_last_write_successful"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env, output},
			Help: "1 when the outcome of the last run was written there, else 0.",
		},
		ConfigSuccessful: Desc{
			Name: name("config_last_reload_successful"), Type: Gauge, Unit: Bool, Cadence: EveryRun, Labels: []Label{env},
			Help: "1 when the last run could read its configuration, 0 when it went on with the one before.",
		},
		MissedRuns: Desc{
			Name: name("missed_runs_total"), Type: Counter, Cadence: EveryRun, Labels: []Label{env},
			Help: "Runs that were left out because the one before took too long.",
		},
	}
}

// All returns the families in a fixed order.
func (c Checker) All() []Desc {
	return []Desc{c.OutputErrors, c.OutputSuccessful, c.ConfigSuccessful, c.MissedRuns}
}
