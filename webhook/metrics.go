package webhook

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/metrics/instrument"
	"github.com/alertnative/preflight/webhook/api"
)

// instruments are the webhook's own metrics.
type instruments struct {
	received, coalesced, delivered, failed, retried, ambiguous, duplicated *prometheus.CounterVec
	accept, delay                                                          *prometheus.HistogramVec
	state, watchdog, writable, backlog, backlogAge                         *prometheus.GaugeVec
	historyBacklog, historyLag, replicaState                               *prometheus.GaugeVec
}

// newInstruments registers the metrics. The backlog is read from the spool
// when they are gathered.
func newInstruments(r prometheus.Registerer, s *spool, chats []string) (*instruments, error) {
	d := api.NewFamilies()
	m := &instruments{
		received: instrument.Counter(d.Received), coalesced: instrument.Counter(d.Coalesced), delivered: instrument.Counter(d.Delivered),
		failed: instrument.Counter(d.Failed), retried: instrument.Counter(d.Retried), ambiguous: instrument.Counter(d.AmbiguousCalls),
		accept: instrument.Histogram(d.AcceptDuration), delay: instrument.Histogram(d.DeliveryDelay),
		state: instrument.Gauge(d.ChatState), watchdog: instrument.Gauge(d.WatchdogTimestamp), writable: instrument.Gauge(d.SpoolWritable),
		backlog: instrument.Gauge(d.Backlog), backlogAge: instrument.Gauge(d.BacklogAge),
		historyBacklog: instrument.Gauge(d.HistoryBacklog), historyLag: instrument.Gauge(d.HistoryLag),
		duplicated: instrument.Counter(d.Duplicated), replicaState: instrument.Gauge(d.ReplicaState),
	}
	// A counter that begins with its first event hides that event from rate().
	for _, v := range d.Received.Labels[0].Values {
		m.received.WithLabelValues(v)
	}
	for _, v := range d.Coalesced.Labels[0].Values {
		m.coalesced.WithLabelValues(v)
	}
	for _, chat := range chats {
		m.failed.WithLabelValues(chat)
		m.ambiguous.WithLabelValues(chat)
		m.duplicated.WithLabelValues(chat)
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
	m.watchdog.WithLabelValues().Set(0)
	m.historyBacklog.WithLabelValues().Set(0)
	m.historyLag.WithLabelValues().Set(0)
	build := instrument.Gauge(d.BuildInfo)
	build.WithLabelValues(version.Version, runtime.Version()).Set(1)

	for _, c := range []prometheus.Collector{
		m.received, m.coalesced, m.delivered, m.failed, m.retried, m.ambiguous, m.duplicated, m.accept, m.delay, m.state, m.watchdog,
		m.historyBacklog, m.historyLag, m.replicaState, build, &gathered{m, s, chats},
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// chatState sets the one state that the chat is in.
func (m *instruments) chatState(chat, state string) {
	for _, s := range api.ChatStates() {
		v := 0.0
		if s == state {
			v = 1
		}
		m.state.WithLabelValues(chat, s).Set(v)
	}
}

// standing sets the one state that the replica is in.
func (m *instruments) standing(state string) {
	for _, s := range api.ReplicaStates() {
		v := 0.0
		if s == state {
			v = 1
		}
		m.replicaState.WithLabelValues(s).Set(v)
	}
}

// gathered collects what only the spool knows.
type gathered struct {
	m     *instruments
	s     *spool
	chats []string
}

func (g *gathered) Describe(ch chan<- *prometheus.Desc) {
	for _, v := range []*prometheus.GaugeVec{g.m.backlog, g.m.backlogAge, g.m.writable} {
		v.Describe(ch)
	}
}

func (g *gathered) Collect(ch chan<- prometheus.Metric) {
	if backlog, err := readBacklog(g.s); err == nil {
		for _, chat := range g.chats {
			b := backlog[chat]
			g.m.backlog.WithLabelValues(chat).Set(float64(b.alerts))
			g.m.backlogAge.WithLabelValues(chat).Set(b.age.Seconds())
		}
	}
	writable := 0.0
	if g.s.writable.Load() {
		writable = 1
	}
	g.m.writable.WithLabelValues().Set(writable)
	for _, v := range []*prometheus.GaugeVec{g.m.backlog, g.m.backlogAge, g.m.writable} {
		v.Collect(ch)
	}
}

type backlog struct {
	alerts int
	age    time.Duration
}

func readBacklog(s *spool) (chats map[string]backlog, err error) {
	err = s.do(func(tx *txn) error {
		chats = map[string]backlog{}
		rows, err := tx.Query(`SELECT v.chat, COUNT(*), MIN(i.received_at) FROM views v JOIN instances i ON i.id = v.instance
			WHERE v.pending = 1 GROUP BY v.chat`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var chat string
			var b backlog
			var oldest int64
			if err := rows.Scan(&chat, &b.alerts, &oldest); err != nil {
				return err
			}
			b.age = max(0, time.Since(time.UnixMicro(oldest)))
			chats[chat] = b
		}
		return rows.Err()
	})
	return chats, err
}
