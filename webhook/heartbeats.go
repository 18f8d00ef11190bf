package webhook

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// maxClusters bounds the number of clusters whose heartbeats are known: each has
// metrics and an alert of its own.
const maxClusters = 200

// heartbeats is the state of the heartbeats of all clusters. A heartbeat counts
// from its receipt, if it reports an evaluation that no earlier one of its cluster
// reported: Alertmanager repeats the alert while Prometheus is down. So no other
// clock is compared with the local one.
type heartbeats struct {
	started   time.Time
	beat      chan struct{}             // a heartbeat arrived
	connected atomic.Pointer[time.Time] // the time from which other replicas are followed; zero: not yet

	storing sync.Mutex // held while heartbeats are stored
	full    bool       // a cluster is not known because of maxClusters; guarded by storing

	mu       sync.RWMutex
	clusters map[string]pulse
	renamed  map[string]time.Time // since when another name has the state of a cluster
}

func newHeartbeats() heartbeats {
	return heartbeats{started: time.Now(), beat: make(chan struct{}, 1), clusters: map[string]pulse{}, renamed: map[string]time.Time{}}
}

// pulse is the state of the heartbeats of a cluster. The zero value has none.
type pulse struct {
	evaluations
	own       time.Time // the receipt of the newest one at this replica
	elsewhere time.Time // the receipt of the newest one at another replica
	source    state.Source
	clock     clock
}

// last returns the receipt of the newest heartbeat, or zero.
func (p pulse) last() time.Time { return state.Later(p.own, p.elsewhere) }

// stored returns the pulse of a cluster as the spool stores it.
func (p pulse) stored(cluster string) spool.Heartbeat {
	return spool.Heartbeat{Cluster: cluster, Own: p.own, Elsewhere: p.elsewhere, Evaluation: p.newest, Source: p.source}
}

// evaluations are those that heartbeats reported at this replica, in Prometheus's
// clock.
type evaluations struct {
	newest time.Time
	// low is the newest of those before newest. It grows while the clock of a
	// Prometheus is behind, because it was set back or is that of another one.
	low   time.Time
	lowAt time.Time // since when only low grows
}

// take records an evaluation, and reports whether it is a new one.
func (e *evaluations) take(at, now time.Time, timeout time.Duration) bool {
	switch {
	case at.After(e.newest):
		e.newest, e.lowAt = at, time.Time{}
		return true
	case at.Equal(e.newest), !at.After(e.low):
		return false
	}
	e.low = at
	if e.lowAt.IsZero() {
		e.lowAt = now
	}
	if now.Sub(e.lowAt) >= timeout {
		e.newest, e.lowAt = at, time.Time{}
	}
	return true
}

// pulse returns the state of a cluster, and whether it is known.
func (h *heartbeats) pulse(cluster string) (p pulse, known bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	p, known = h.clusters[cluster]
	return p, known
}

// pulses returns the known clusters.
func (h *heartbeats) pulses() map[string]pulse {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return maps.Clone(h.clusters)
}

// set stores the state of a cluster. If the cluster had a former name, the state
// under that name is removed.
func (h *heartbeats) set(cluster string, p pulse, former *string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if former != nil {
		delete(h.clusters, *former)
		h.renamed[*former] = time.Now()
	}
	h.clusters[cluster] = p
	delete(h.renamed, cluster)
}

// forget removes the state of a cluster.
func (h *heartbeats) forget(cluster string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clusters, cluster)
}

// renamedAt returns the time since which another name has the state of a cluster, or
// zero.
func (h *heartbeats) renamedAt(cluster string) time.Time {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.renamed[cluster]
}

// judging returns the cluster whose heartbeats decide on the alerts of a cluster:
// itself, if it sends any. Otherwise the URL of the heartbeats may lack the name, or
// that of the alerts.
func (h *heartbeats) judging(cluster string) string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if _, known := h.clusters[cluster]; known {
		return cluster
	}
	if cluster == "" && len(h.clusters) == 1 {
		for only := range h.clusters {
			return only
		}
	}
	return ""
}

// naming returns the cluster for which a heartbeat counts, and a former name of that
// cluster, or nil. The names of two clusters decide, unless one has no name or beats
// no more: then the start of the Watchdog shows that both are of one Prometheus.
func (h *heartbeats) naming(cluster string, source state.Source, now time.Time) (name string, former *string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	names := slices.Sorted(maps.Keys(h.clusters))
	if cluster == "" {
		for _, other := range names {
			if other != "" && h.clusters[other].source.SameStart(source) {
				return other, nil
			}
		}
		return "", nil
	}
	_, known := h.clusters[cluster]
	for _, other := range names {
		p := h.clusters[other]
		same := p.source.SameStart(source)
		switch {
		case other == cluster:
			continue
		case other == "": // also that of an earlier version
			same = same || p.source == (state.Source{}) || !known && p.source.SameSender(source)
		default:
			same = same && now.Sub(p.last()) >= state.Settle
		}
		if same {
			return cluster, &other
		}
	}
	return cluster, nil
}

// merge returns the state of a cluster that has another name too.
func merge(p, former pulse) pulse {
	if p.last().IsZero() {
		return former
	}
	p.own, p.elsewhere = state.Later(p.own, former.own), state.Later(p.elsewhere, former.elsewhere)
	return p
}

// room reports whether the heartbeats of a cluster can be known, and logs it once if
// not.
func (s *Service) room(cluster string, former *string) bool {
	all := s.pulses()
	if _, known := all[cluster]; known || former != nil || len(all) < maxClusters {
		return true
	}
	if !s.full {
		s.config.Log.Error("heartbeats of too many clusters: those of further ones are not expected: use fewer names in the URLs of the receivers", "limit", maxClusters, "cluster", cluster)
	}
	s.full = true
	return false
}

// loadHeartbeats reads what earlier processes stored.
func (s *Service) loadHeartbeats() error {
	var list []spool.Heartbeat
	if err := s.spool.Do(func(tx *spool.Tx) (err error) {
		list, err = tx.Heartbeats()
		return err
	}); err != nil {
		return err
	}
	now := time.Now()
	for _, h := range list {
		p := pulse{own: h.Own, elsewhere: h.Elsewhere, source: h.Source}
		p.newest = h.Evaluation
		for _, at := range []*time.Time{&p.own, &p.elsewhere} {
			if at.After(now) { // the clock was set back
				*at = now
			}
		}
		s.set(h.Cluster, p, nil)
	}
	s.connected.Store(new(time.Time))
	s.showHeartbeats()
	return nil
}

// sources returns the facts that decide which resolutions of a cluster count at
// once, without its last outage.
func (s *Service) sources(cluster string) state.Sources {
	p, _ := s.pulse(s.judging(cluster))
	return state.Sources{
		Prometheus: len(s.config.Prometheuses) > 0, Alertmanager: len(s.config.Alertmanagers) > 0,
		Timeout: s.present.timeout(), Evaluated: s.lastEvaluation(p), Dead: s.unheard(p, s.receivesSince(p)),
	}
}

// receivesSince returns the time from which this process could know of a
// heartbeat. Before its start, none could arrive here. Heartbeats at other
// replicas are known only while the shared database is connected.
func (s *Service) receivesSince(p pulse) time.Time {
	since := state.Later(s.started, s.present.Load().expects)
	if p.elsewhere.After(p.own) {
		return state.Later(since, *s.connected.Load())
	}
	return since
}

// wakeWatch makes [Service.watch] look at the heartbeats.
func (s *Service) wakeWatch() {
	select {
	case s.beat <- struct{}{}:
	default:
	}
}

// unheard reports whether no heartbeat is known for long, counted from a time or
// later.
func (s *Service) unheard(p pulse, from time.Time) bool {
	last, timeout := p.last(), s.present.timeout()
	return timeout > 0 && !last.IsZero() && time.Since(state.Later(last, from)) >= timeout
}

// lastEvaluation returns the newest known evaluation, in Prometheus's clock. It
// is zero for a replica that delivers alone and receives no heartbeat.
func (s *Service) lastEvaluation(p pulse) time.Time {
	switch {
	case !p.elsewhere.After(p.own):
		return p.newest
	case s.holder.Alone():
		return time.Time{}
	default:
		return p.elsewhere.Add(p.clock.offset())
	}
}

// ownHeartbeats returns the newest heartbeats at this replica.
func (s *Service) ownHeartbeats() map[string]lease.Heartbeat {
	out := map[string]lease.Heartbeat{}
	for cluster, p := range s.pulses() {
		if !p.own.IsZero() {
			out[cluster] = lease.Heartbeat{Age: max(time.Since(p.own), time.Nanosecond), Source: p.source}
		}
	}
	return out
}

func (s *Service) announceHeartbeats() {
	s.showHeartbeats()
	for _, wake := range []chan struct{}{s.beat, s.doubts} {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// showHeartbeats sets the metrics of all clusters.
func (s *Service) showHeartbeats() { s.metrics.pulses(s.pulses()) }
