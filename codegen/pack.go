// Package codegen turns the definitions of a product's observability, its
// [Pack], into the files that Prometheus, Alertmanager, Grafana and people on
// call read.
//
// Generation is all or nothing: every definition is checked first, all
// mistakes are reported at once, and nothing is written unless there are none.
package codegen

import (
	"time"

	"github.com/alertnative/preflight/checks"
	"github.com/alertnative/preflight/dashgen"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// Pack is everything that is generated for one product, and what its parts
// share.
type Pack struct {
	// Namespace is the prefix of the product's own metrics.
	Namespace string
	// Envs are the environments that must report; one that does not is
	// missed.
	Envs   []string
	Timing metrics.Timing
	// ExternalLabels are what this Prometheus adds to everything it sends.
	ExternalLabels map[string]string
	// Endpoints are the addresses, unless the generator is given others.
	Endpoints Endpoints

	Jobs      []Job
	Metrics   []metrics.Desc // of the product's own programs
	Exporters []metrics.Desc // of the other programs that are scraped
	Checks    []checks.Spec  // explained in the runbooks

	Groups     []rules.Group
	Routing    rules.Routing
	Dashboards []dashgen.Dashboard
}

// Job is a scrape job. Its targets are in [Endpoints].
type Job struct {
	Name     string
	Interval time.Duration     // 0: Timing.Scrape
	Labels   map[string]string // added to everything its targets expose
}
