package checker

import "time"

// Report is the outcome of a run.
type Report struct {
	Started     time.Time
	Duration    time.Duration
	Real        bool
	Interrupted bool // before every check was done
	Results     []Result
}

// Result is the outcome of one check.
type Result struct {
	Check        string
	Status       Status
	Why          string        // why it was skipped
	Observations []Observation // one for each target, in the check's order
	Duration     time.Duration
}

// Count returns how many checks ended with that status.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

// Succeeded reports whether no check that was executed failed. A run that
// executed none succeeded in nothing.
func (r Report) Succeeded() bool {
	return r.Count(Fail) == 0 && r.Count(Skip) < len(r.Results)
}

// Ready reports whether every check was executed for real and none failed.
func (r Report) Ready() bool {
	return r.Real && len(r.Results) > 0 && r.Count(Fail) == 0 && r.Count(Skip) == 0
}

// Commit returns the commit that a check found checked out; "" when none did.
func (r Report) Commit() string {
	for _, result := range r.Results {
		for _, o := range result.Observations {
			if o.Commit != "" {
				return o.Commit
			}
		}
	}
	return ""
}
