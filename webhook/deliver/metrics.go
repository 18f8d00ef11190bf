package deliver

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/metrics/instrument"
	"github.com/alertnative/preflight/webhook/api"
)

// instruments are the metrics of the deliveries.
type instruments struct {
	delivered, failed, retried, ambiguous *prometheus.CounterVec
	storms, summarized                    *prometheus.CounterVec
	storm                                 *prometheus.GaugeVec
	delay                                 *prometheus.HistogramVec
	state                                 *prometheus.GaugeVec
}

func newInstruments(r prometheus.Registerer) (*instruments, error) {
	d := api.NewFamilies()
	m := &instruments{
		delivered: instrument.Counter(d.Delivered), failed: instrument.Counter(d.Failed),
		retried: instrument.Counter(d.Retried), ambiguous: instrument.Counter(d.AmbiguousCalls),
		delay: instrument.Histogram(d.DeliveryDelay), state: instrument.Gauge(d.ChatState),
		storms: instrument.Counter(d.Storms), summarized: instrument.Counter(d.Summarized), storm: instrument.Gauge(d.Storm),
	}
	for _, c := range []prometheus.Collector{m.delivered, m.failed, m.retried, m.ambiguous, m.delay, m.state, m.storms, m.summarized, m.storm} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// add adds the metrics of a chat. A counter that appears with its first event hides
// that event from rate().
func (m *instruments) add(chat string) {
	d := api.NewFamilies()
	m.failed.WithLabelValues(chat)
	m.ambiguous.WithLabelValues(chat)
	m.storms.WithLabelValues(chat)
	m.summarized.WithLabelValues(chat)
	m.storm.WithLabelValues(chat)
	kinds, _ := d.Delivered.Label("kind")
	for _, kind := range kinds.Values {
		m.delivered.WithLabelValues(chat, kind)
	}
	reasons, _ := d.Retried.Label("reason")
	for _, reason := range reasons.Values {
		m.retried.WithLabelValues(chat, reason)
	}
	m.chatState(chat, api.ChatOK)
}

// remove removes the metrics of a chat.
func (m *instruments) remove(chat string) {
	for _, v := range []interface {
		DeletePartialMatch(prometheus.Labels) int
	}{m.delivered, m.failed, m.retried, m.ambiguous, m.state, m.storms, m.summarized, m.storm} {
		v.DeletePartialMatch(prometheus.Labels{"chat": chat})
	}
}

// chatState sets the state of a chat.
func (m *instruments) chatState(chat, state string) {
	for _, s := range api.ChatStates() {
		v := 0.0
		if s == state {
			v = 1
		}
		m.state.WithLabelValues(chat, s).Set(v)
	}
}
