// Package instrument makes client_golang's counters, gauges and histograms from
// the descriptions of package metrics, so that a program and the rules that read
// its metrics share names, labels and buckets.
package instrument

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/metrics"
)

// Counter returns the counter that d describes. It panics if d is not a
// counter.
func Counter(d metrics.Desc) *prometheus.CounterVec {
	mustBe(d, metrics.Counter)
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.LabelNames())
}

// Gauge returns the gauge that d describes. It panics if d is not a gauge.
func Gauge(d metrics.Desc) *prometheus.GaugeVec {
	mustBe(d, metrics.Gauge)
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Help}, d.LabelNames())
}

// Histogram returns the histogram that d describes. It panics if d is not a
// histogram.
func Histogram(d metrics.Desc) *prometheus.HistogramVec {
	mustBe(d, metrics.Histogram)
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: d.Name, Help: d.Help, Buckets: d.Buckets,
	}, d.LabelNames())
}

func mustBe(d metrics.Desc, t metrics.Type) {
	if d.Type != t {
		panic(fmt.Sprintf("instrument: %s is a %s, not a %s", d.Name, d.Type, t))
	}
}
