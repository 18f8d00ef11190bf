package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/prometheus/alertmanager/template"
)

const (
	watchdogSeen      = "watchdog_at"
	watchdogElsewhere = "watchdog_elsewhere_at"
	watchdogGroup     = "preflight-webhook/watchdog"

	// evaluatedAt is the annotation in which the watchdog says, as RFC 3339, when
	// Prometheus evaluated it.
	evaluatedAt = "evaluated_at"
)

// Heartbeat is a sign of life: an alert that always fires has come through the
// pipeline.
type Heartbeat struct {
	// EvaluatedAt is when Prometheus last evaluated the alert, by its own clock;
	// the zero time when the alert does not say, and its arrival counts.
	EvaluatedAt time.Time
	// Since is when the alert began to fire, as far as Alertmanager remembers.
	Since time.Time
}

// heartbeat reads the newest sign of life of a notification, and reports false
// for one of what is over.
func heartbeat(p Payload) (h Heartbeat, ok bool) {
	for _, a := range p.Alerts {
		if a.Status != "firing" {
			continue
		}
		at, err := time.Parse(time.RFC3339, a.Annotations[evaluatedAt])
		if err != nil { // somebody else's watchdog
			at = time.Time{}
		}
		if !ok || at.After(h.EvaluatedAt) {
			h, ok = Heartbeat{EvaluatedAt: at, Since: a.StartsAt}, true
		}
	}
	return h, ok
}

// Watchdog notes that the pipeline sees. One that tells of no evaluation newer
// than those that are known changes nothing: Alertmanager repeats what it has
// while Prometheus is dead.
func (s *Service) Watchdog(h Heartbeat) error {
	s.beating.Lock()
	defer s.beating.Unlock()
	now := time.Now()
	at := h.EvaluatedAt
	if at.IsZero() || at.After(now) { // clocks that differ must not hide an outage to come
		at = now
	}
	if own := *s.watchdog.Load(); !at.After(own) && !own.After(now) {
		return nil
	}
	if err := s.spool.do(func(tx *txn) error {
		o, lost, err := s.see(tx, at, h.Since)
		if err == nil && lost && s.config.Replicas != nil {
			_, err = note(tx, now, eventOutage, outageEvent{o.first.UnixMicro(), o.from.UnixMicro(), o.to.UnixMicro()})
		}
		return errors.Join(err, setFact(tx, watchdogSeen, at))
	}); err != nil {
		return err
	}
	s.watchdog.Store(&at)
	s.saw()
	return nil
}

// see notes an outage that ended with an evaluation, if there was one. Whoever
// sees the evaluation must know of the outage, so this comes first.
func (s *Service) see(tx *txn, at, since time.Time) (o outage, lost bool, err error) {
	v, err1 := s.state(tx).sight()
	told, _, err2 := toldBlind(tx)
	if err := errors.Join(err1, err2); err != nil {
		return o, false, err
	}
	// A watchdog that began to fire meanwhile had ceased.
	if !v.see(at, s.couldSee(), told || since.After(v.seen)) {
		return v.outage, false, nil
	}
	return v.outage, true, setOutage(tx, v.outage)
}

// couldSee returns since when a watchdog could have come, or been heard of:
// while this process did not run nothing could arrive; and what arrived at
// other replicas while the database was away is told when it is back.
func (s *Service) couldSee() time.Time {
	if s.elsewhere.Load().After(*s.watchdog.Load()) {
		return later(s.started, *s.contact.Load())
	}
	return s.started
}

// saw tells of a newer evaluation.
func (s *Service) saw() {
	s.showSeen()
	select {
	case s.beat <- struct{}{}:
	default:
	}
}

func (s *Service) showSeen() {
	if seen := later(*s.watchdog.Load(), *s.elsewhere.Load()); !seen.IsZero() {
		s.metrics.watchdog.WithLabelValues().Set(float64(seen.UnixMicro()) / 1e6)
	}
}

// watch tells the chats when alerting is blind, and when it sees again. It does
// so by accepting a notification of its own, so that this alert is delivered,
// edited and resolved like every other. It also decides on the resolutions that
// are not believed meanwhile.
func (s *Service) watch(ctx context.Context) {
	for {
		turn, ok := s.turns.next(ctx)
		if !ok {
			return
		}
		s.watchTurn(turn.ctx, turn.ownOnly)
	}
}

// watchTurn watches until the turn is over.
func (s *Service) watchTurn(ctx context.Context, ownOnly bool) {
	w := watcher{service: s, ownOnly: ownOnly}
	var err error
	if w.blind, w.since, err = s.isBlind(); err != nil {
		s.config.Log.Error("the state of the watchdog is not known", "err", err)
	}
	for ctx.Err() == nil {
		next, err := s.review()
		if err == nil {
			next, err = w.look(next)
		}
		if err != nil {
			s.config.Log.Error("the state of the watchdog could not be recorded, trying again", "err", err)
			next = time.Now().Add(firstRetry)
		}
		if next.IsZero() {
			next = time.Now().Add(pruneEvery)
		}
		wait := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
		case <-s.beat:
		case <-wait.C:
		}
		wait.Stop()
	}
}

// watcher tells whether alerting is blind.
type watcher struct {
	service *Service
	ownOnly bool
	blind   bool      // the chats were told so
	since   time.Time // the last evaluation before
}

// look tells the chats what has changed. It returns when to look again, at the
// latest at a time that is given; the zero time for when there is something new.
//
// Alone, a replica that the watchdog does not come to can't say that it does
// not come: only one Alertmanager of a cluster sends it, to that one's webhook.
func (w *watcher) look(latest time.Time) (next time.Time, err error) {
	s := w.service
	timeout := s.config.WatchdogTimeout
	if timeout == 0 {
		return latest, nil
	}
	own, elsewhere := *s.watchdog.Load(), *s.elsewhere.Load()
	seen := later(own, elsewhere)
	from := later(seen, s.couldSee())
	due := from.Add(timeout)
	switch {
	case w.blind:
		if seen.After(w.since) && time.Since(seen) < timeout {
			err = s.acceptOwn(blindAlert("resolved", w.since, seen, timeout))
			w.blind = err != nil
			return time.Now(), err
		}
		due = time.Time{}
	case w.ownOnly && elsewhere.After(own):
		due = time.Time{}
	case time.Since(from) >= timeout:
		if w.since = seen; seen.IsZero() {
			w.since = from
		}
		err = s.acceptOwn(blindAlert("firing", w.since, time.Time{}, timeout))
		w.blind = err == nil
		return latest, err
	}
	if due.IsZero() || !latest.IsZero() && latest.Before(due) {
		return latest, err
	}
	return due, err
}

// isBlind reads from the spool whether the chats were told so.
func (s *Service) isBlind() (blind bool, since time.Time, err error) {
	err = s.spool.do(func(tx *txn) (err error) {
		blind, since, err = toldBlind(tx)
		return err
	})
	return blind, since, err
}

func toldBlind(tx *txn) (blind bool, since time.Time, err error) {
	list, err := queryInstances(tx, `WHERE i.group_key = ? AND i.resolved_at IS NULL`, watchdogGroup)
	if err == nil && len(list) > 0 {
		blind, since = true, list[0].alert.StartsAt
	}
	return blind, since, err
}

func (s *Service) acceptOwn(a template.Alert) error {
	p := Payload{Version: "4", GroupKey: watchdogGroup}
	p.Receiver, p.Status, p.ExternalURL = "watchdog", a.Status, "preflight-webhook"
	p.Alerts = template.Alerts{a}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	id, err := s.Accept(body, Loud)
	if err == nil {
		s.accepted(id, p, Loud)
	}
	return err
}

// blindAlert describes that the pipeline is blind.
func blindAlert(status string, since, until time.Time, timeout time.Duration) template.Alert {
	a := template.Alert{
		Status: status, StartsAt: since.UTC(), EndsAt: until.UTC(),
		Labels: template.KV{"alertname": "PipelineBlind", "priority": "P0", "source": "preflight-webhook"},
		Annotations: template.KV{
			"title":      "Alerting is blind",
			"title_ko":   "알림 파이프라인 중단",
			"summary":    "no rule evaluation known for " + timeout.String() + ": Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open",
			"summary_ko": timeout.String() + " 동안 규칙 평가가 확인되지 않음: Prometheus 또는 Alertmanager가 중단되었거나 연결이 끊겨 다른 알림이 도착하지 않으며, 열려 있는 알림은 그대로 유지됩니다",
			"actions":    "check that Prometheus and Alertmanager run\ncheck the Watchdog alert and its route to /api/v1/watchdog\ncompare the clocks of their hosts",
			"actions_ko": "Prometheus와 Alertmanager가 실행 중인지 확인\nWatchdog 알림과 /api/v1/watchdog 경로 확인\n각 호스트의 시계가 일치하는지 확인",
		},
	}
	a.Fingerprint = fingerprint(a.Labels)
	return a
}
