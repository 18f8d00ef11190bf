package checker

import (
	"sync"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/checker/spec"
)

// memory holds the metrics of a checker that is scraped itself. Counters and
// histograms continue over runs, as in a [Textfile].
type memory struct {
	namespace string

	mu       sync.Mutex
	families map[string]*exposition.Family
	content  string
}

// add merges a run of an environment. The notes name the series that could not
// be continued.
func (m *memory) add(env string, specs []spec.Spec, r Report) (notes []string, err error) {
	described := spec.NewRunFamilies(m.namespace, specs...)
	run := record(described, specs, env, r)
	m.mu.Lock()
	defer m.mu.Unlock()
	merger := newMerger(env, specs, r)
	merged, err := merger.merge(described.All(), m.families, run)
	if err != nil {
		return merger.notes, err
	}
	m.families = map[string]*exposition.Family{}
	for _, f := range merged {
		m.families[f.Name] = f
	}
	m.content = string(text(merged))
	return merger.notes, nil
}

// text returns the metrics of the runs in the text format.
func (m *memory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.content
}
