package webhook

import (
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/version"

	"github.com/alertnative/preflight/metrics/instrument"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// instruments are the metrics that package deliver does not have.
type instruments struct {
	received, strangers                      *prometheus.CounterVec
	coalesced, duplicated, aside             *prometheus.CounterVec
	replaced, ends, flapping, reloads        *prometheus.CounterVec
	flapNames                                map[string]bool // that have a counter
	beating                                  sync.Mutex
	beats                                    map[string]pulse // that have gauges; guarded by beating
	accept                                   *prometheus.HistogramVec
	heartbeat, writable, backlog, backlogAge *prometheus.GaugeVec
	inbox, inboxAge, durable, offset         *prometheus.GaugeVec
	reloadSuccessful, unprotected            *prometheus.GaugeVec
	historyBacklog, historyLag, replicaState *prometheus.GaugeVec
}

// newInstruments registers the metrics. The backlog is read from the spool when they
// are gathered, and unprotected is called then.
func newInstruments(r prometheus.Registerer, s *spool.Spool, chats func() state.Chats, unprotected func() bool) (*instruments, error) {
	d := api.NewFamilies()
	m := &instruments{
		received: instrument.Counter(d.Received), strangers: instrument.Counter(d.UnknownReceiver),
		coalesced: instrument.Counter(d.Coalesced), duplicated: instrument.Counter(d.Duplicated),
		aside: instrument.Counter(d.SetAside), inbox: instrument.Gauge(d.Inbox), inboxAge: instrument.Gauge(d.InboxAge),
		replaced: instrument.Counter(d.SpoolReplaced), durable: instrument.Gauge(d.SpoolDurable), unprotected: instrument.Gauge(d.Unprotected),
		accept: instrument.Histogram(d.AcceptDuration), heartbeat: instrument.Gauge(d.WatchdogTimestamp), writable: instrument.Gauge(d.SpoolWritable),
		backlog: instrument.Gauge(d.Backlog), backlogAge: instrument.Gauge(d.BacklogAge),
		flapping: instrument.Counter(d.FlappingEpisodes), flapNames: map[string]bool{},
		ends: instrument.Counter(d.Ends), offset: instrument.Gauge(d.ClockOffset),
		reloads: instrument.Counter(d.Reloads), reloadSuccessful: instrument.Gauge(d.ReloadSuccessful),
		historyBacklog: instrument.Gauge(d.HistoryBacklog), historyLag: instrument.Gauge(d.HistoryLag), replicaState: instrument.Gauge(d.ReplicaState),
	}
	// A counter that appears with its first event hides that event from rate().
	for _, v := range d.Received.Labels[0].Values {
		m.received.WithLabelValues(v)
	}
	for _, v := range d.Coalesced.Labels[0].Values {
		m.coalesced.WithLabelValues(v)
	}
	for _, kind := range api.AsideKinds() {
		m.aside.WithLabelValues(kind)
	}
	for _, how := range d.Ends.Labels[0].Values {
		m.ends.WithLabelValues(how)
	}
	for _, outcome := range d.Reloads.Labels[0].Values {
		m.reloads.WithLabelValues(outcome)
	}
	m.reloadSuccessful.WithLabelValues().Set(1)
	m.strangers.WithLabelValues()
	for _, chat := range chats().All() {
		m.duplicated.WithLabelValues(chat)
	}
	m.pulses(nil)
	m.replaced.WithLabelValues()
	m.history(spool.Backlog{})
	build := instrument.Gauge(d.BuildInfo)
	build.WithLabelValues(version.Version, runtime.Version()).Set(1)

	for _, c := range []prometheus.Collector{
		m.received, m.strangers, m.coalesced, m.duplicated, m.aside, m.ends, m.flapping, m.offset, m.replaced, m.durable, m.accept, m.heartbeat, m.historyBacklog, m.historyLag, m.replicaState, m.reloads, m.reloadSuccessful, build, &gathered{m, s, chats, unprotected},
	} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

const (
	// maxFlapNames bounds the number of counters.
	maxFlapNames = 200
	otherFlaps   = "other"
)

// flaps counts episodes of alerts that flap, by name.
func (m *instruments) flaps(names []string) {
	for _, name := range names {
		name = strings.ToValidUTF8(name, "�")
		if !m.flapNames[name] && len(m.flapNames) >= maxFlapNames {
			name = otherFlaps
		} else {
			m.flapNames[name] = true
		}
		m.flapping.WithLabelValues(name).Inc()
	}
}

// pulses sets the metrics of the heartbeats of each cluster. Before the first
// heartbeat, they are those of a cluster without a name.
func (m *instruments) pulses(all map[string]pulse) {
	if len(all) == 0 {
		all = map[string]pulse{"": {}}
	}
	m.beating.Lock()
	defer m.beating.Unlock()
	for cluster := range m.beats {
		if _, known := all[cluster]; !known {
			m.heartbeat.DeleteLabelValues(cluster)
			m.offset.DeleteLabelValues(cluster)
		}
	}
	m.beats = all
	for cluster, p := range all {
		at := 0.0
		if last := p.last(); !last.IsZero() {
			at = float64(last.UnixMicro()) / 1e6
		}
		m.heartbeat.WithLabelValues(cluster).Set(at)
		m.offset.WithLabelValues(cluster).Set(p.clock.offset().Seconds())
	}
}

// reloaded counts a reload.
func (m *instruments) reloaded(applied bool) {
	outcome, successful := api.ReloadRefused, 0.0
	if applied {
		outcome, successful = api.ReloadApplied, 1
	}
	m.reloads.WithLabelValues(outcome).Inc()
	m.reloadSuccessful.WithLabelValues().Set(successful)
}

// history sets the number of alerts that the history database lacks, and the
// age of the oldest.
func (m *instruments) history(waiting spool.Backlog) {
	m.historyBacklog.WithLabelValues().Set(float64(waiting.Alerts))
	m.historyLag.WithLabelValues().Set(waiting.Age.Seconds())
}

// replica sets the state of the replica.
func (m *instruments) replica(state string) {
	for _, s := range api.ReplicaStates() {
		v := 0.0
		if s == state {
			v = 1
		}
		m.replicaState.WithLabelValues(s).Set(v)
	}
}

// gathered collects the metrics that are read from the spool.
type gathered struct {
	m     *instruments
	s     *spool.Spool
	chats func() state.Chats
	// unprotected reports whether other hosts can post without a token.
	unprotected func() bool
}

func (g *gathered) vectors() []*prometheus.GaugeVec {
	return []*prometheus.GaugeVec{g.m.backlog, g.m.backlogAge, g.m.inbox, g.m.inboxAge, g.m.writable, g.m.unprotected}
}

func (g *gathered) Describe(ch chan<- *prometheus.Desc) {
	for _, v := range g.vectors() {
		v.Describe(ch)
	}
}

// Collect writes to the spool, so that the metric is true at any moment.
func (g *gathered) Collect(ch chan<- prometheus.Metric) {
	var backlogs map[string]spool.Backlog
	var inbox spool.Backlog
	now := time.Now()
	if err := g.s.Do(func(tx *spool.Tx) (err error) {
		if inbox, err = tx.InboxBacklog(now); err == nil {
			backlogs, err = tx.Backlogs(now)
		}
		return err
	}); err == nil {
		g.m.backlog.Reset() // a chat may be removed
		g.m.backlogAge.Reset()
		for _, chat := range g.chats().All() {
			b := backlogs[chat]
			g.m.backlog.WithLabelValues(chat).Set(float64(b.Alerts))
			g.m.backlogAge.WithLabelValues(chat).Set(b.Age.Seconds())
		}
		g.m.inbox.WithLabelValues().Set(float64(inbox.Alerts))
		g.m.inboxAge.WithLabelValues().Set(inbox.Age.Seconds())
	}
	writable := 0.0
	if g.s.Check() == nil {
		writable = 1
	}
	g.m.writable.WithLabelValues().Set(writable)
	open := 0.0
	if g.unprotected() {
		open = 1
	}
	g.m.unprotected.WithLabelValues().Set(open)
	for _, v := range g.vectors() {
		v.Collect(ch)
	}
}
