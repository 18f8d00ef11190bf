package checks

import (
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/metrics"
)

// Memory is what [Textfile] is, for a checker that stays up and is scraped
// itself: counters and histograms continue over runs.
type Memory struct {
	Metrics metrics.Preflight

	mu       sync.Mutex
	families map[string]*dto.MetricFamily
}

var _ prometheus.Gatherer = (*Memory)(nil)

// Add merges a run of an environment, of checks with these specs. The notes say what could not be carried
// over.
func (m *Memory) Add(env string, specs []Spec, r Report) (notes []string, err error) {
	run, err := Record(m.Metrics, specs, env, r)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	merger := newMerger(env, specs, r)
	families := map[string]*dto.MetricFamily{}
	for _, f := range merger.merge(m.Metrics.All(), m.families, run) {
		families[f.GetName()] = f
	}
	m.families = families
	return merger.notes, nil
}

// Gather returns the families, sorted by name.
func (m *Memory) Gather() ([]*dto.MetricFamily, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	families := make([]*dto.MetricFamily, 0, len(m.families))
	for _, name := range slices.Sorted(maps.Keys(m.families)) {
		families = append(families, m.families[name])
	}
	return families, nil
}
