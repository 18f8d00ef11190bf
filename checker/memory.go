package checker

import (
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/checker/internal/exposition"
	"github.com/alertnative/preflight/checker/internal/exposition/protobuf"
	"github.com/alertnative/preflight/checker/spec"
)

// memory holds the metrics of a checker that is scraped itself. Counters and
// histograms continue over runs, as in a [Textfile].
type memory struct {
	namespace string

	mu       sync.Mutex
	families map[string]*exposition.Family
}

var _ prometheus.Gatherer = (*memory)(nil)

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
	families := map[string]*exposition.Family{}
	for _, f := range merged {
		families[f.Name] = f
	}
	m.families = families
	return merger.notes, nil
}

// Gather returns the families, sorted by name.
func (m *memory) Gather() ([]*dto.MetricFamily, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	families := make([]*dto.MetricFamily, 0, len(m.families))
	for _, name := range slices.Sorted(maps.Keys(m.families)) {
		families = append(families, protobuf.Family(*m.families[name]))
	}
	return families, nil
}
