package checker

import "time"

// Report is the result of a run.
type Report struct {
	Started     time.Time
	Duration    time.Duration
	Real        bool
	Interrupted bool // stopped before every check was done
	Results     []Result
}

// Result is the result of one check.
type Result struct {
	Check        string
	Status       Status
	Why          string        // reason for skipping it
	Observations []Observation // one for each target, in the check's order
	Duration     time.Duration
}

// Count returns the number of checks with that status.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

// Succeeded reports whether checks were executed and none of them failed.
func (r Report) Succeeded() bool {
	return r.Count(Fail) == 0 && r.Count(Skip) < len(r.Results)
}

// Ready reports whether every check was executed for real and none failed.
func (r Report) Ready() bool {
	return r.Real && len(r.Results) > 0 && r.Count(Fail) == 0 && r.Count(Skip) == 0
}

// Tree returns the digest of the checkout's uncommitted content that a check
// found, or "".
func (r Report) Tree() string {
	for _, result := range r.Results {
		for _, o := range result.Observations {
			if o.Tree != "" {
				return o.Tree
			}
		}
	}
	return ""
}

// Commit returns the commit that a check found, or "".
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
