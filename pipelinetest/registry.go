package pipelinetest

import (
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
)

// registry leaves out metrics that no rule reads, because it is gathered
// thousands of times.
type registry struct {
	*prometheus.Registry
	used map[string]bool // by series name
}

func newRegistry(used map[string]bool) *registry {
	return &registry{prometheus.NewRegistry(), used}
}

// described matches the printed form of a description, which is the only way to
// get its name.
var described = regexp.MustCompile(`^Desc\{fqName: "([^"]+)"`)

// Register implements [prometheus.Registerer].
func (r *registry) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() { c.Describe(descs); close(descs) }()
	wanted := false
	for d := range descs {
		m := described.FindStringSubmatch(d.String())
		if m == nil || r.used[m[1]] || r.used[m[1]+"_bucket"] || r.used[m[1]+"_sum"] || r.used[m[1]+"_count"] {
			wanted = true
		}
	}
	if !wanted {
		return nil
	}
	return r.Registry.Register(c)
}

// MustRegister implements [prometheus.Registerer].
func (r *registry) MustRegister(list ...prometheus.Collector) {
	for _, c := range list {
		if err := r.Register(c); err != nil {
			panic(err)
		}
	}
}
