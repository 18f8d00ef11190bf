package serve

import (
	"slices"
	"sync"
	"time"

	"github.com/alertnative/preflight/checker"
)

// keptRuns is the number of runs that the page shows.
const keptRuns = 50

// runs holds the results of the last runs of a service.
type runs struct {
	mu   sync.Mutex
	last []pastRun // the oldest first
}

// pastRun is the status of each check in a run.
type pastRun struct {
	finished time.Time
	statuses map[string]checker.Status
}

// cell is the status of a check in one run.
type cell struct {
	Finished time.Time
	Status   checker.Status // "" if the run had no such check
}

// add adds a run.
func (r *runs) add(e checker.Evidence) {
	run := pastRun{e.Finished, map[string]checker.Status{}}
	for _, result := range e.Results {
		run.statuses[result.Check] = result.Status
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = append(r.last, run)
	if n := len(r.last) - keptRuns; n > 0 {
		r.last = slices.Delete(r.last, 0, n)
	}
}

// strip returns a check's statuses in the last runs, the oldest first.
func (r *runs) strip(check string) []cell {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]cell, len(r.last))
	for i, run := range r.last {
		out[i] = cell{run.finished, run.statuses[check]}
	}
	return out
}
