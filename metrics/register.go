package metrics

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// NewCounter makes the client_golang counter that d describes.
func (d Desc) NewCounter() *prometheus.CounterVec {
	d.mustBe(Counter)
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.LabelNames())
}

// NewGauge makes the client_golang gauge that d describes.
func (d Desc) NewGauge() *prometheus.GaugeVec {
	d.mustBe(Gauge)
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Help}, d.LabelNames())
}

// NewHistogram makes the client_golang histogram that d describes.
func (d Desc) NewHistogram() *prometheus.HistogramVec {
	d.mustBe(Histogram)
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: d.Name, Help: d.Help, Buckets: d.Buckets,
	}, d.LabelNames())
}

func (d Desc) mustBe(t Type) {
	if d.Type != t {
		panic(fmt.Sprintf("metrics: %s is a %s, not a %s", d.Name, d.Type, t))
	}
}
