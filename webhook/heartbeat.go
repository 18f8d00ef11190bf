package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
)

const (
	watchdogSeen      = "watchdog_at"
	watchdogElsewhere = "watchdog_elsewhere_at"
	watchdogGroup     = "preflight-webhook/watchdog"
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
		at, err := time.Parse(time.RFC3339, a.Annotations[api.EvaluatedAt])
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
	if s.awaits() {
		s.config.Log.Info("first heartbeat received: a missing one is noticed from now on")
	}
	s.watchdog.Store(&at)
	s.saw()
	return nil
}

// see notes an outage that ended with an evaluation, if there was one. Whoever
// sees the evaluation must know of the outage, so this comes first.
func (s *Service) see(tx *txn, at, since time.Time) (o outage, lost bool, err error) {
	v, err1 := s.state(tx).sight()
	told, err2 := toldBlind(tx)
	if err := errors.Join(err1, err2); err != nil {
		return o, false, err
	}
	// A watchdog that began to fire meanwhile had ceased.
	if !v.see(at, s.couldSee(), told != nil || since.After(v.seen)) {
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
	if w.told, err = s.toldBlind(); err != nil {
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
	told    *template.Alert // by which the chats were told that it is; nil while they were not
}

// look tells the chats what has changed. It returns when to look again, at the
// latest at a time that is given; the zero time for when there is something new.
//
// Alone, a replica that the watchdog does not come to can't say that it does
// not come: only one Alertmanager of a cluster sends it, to that one's webhook.
func (w *watcher) look(latest time.Time) (next time.Time, err error) {
	s := w.service
	timeout := s.config.WatchdogTimeout
	if timeout == 0 || s.awaits() {
		if w.told != nil { // by an earlier process, which expected a heartbeat
			err = w.sees(time.Now())
		}
		return latest, err
	}
	own, elsewhere := *s.watchdog.Load(), *s.elsewhere.Load()
	seen := later(own, elsewhere)
	from := later(seen, s.couldSee())
	due := from.Add(timeout)
	switch {
	case w.told != nil:
		if seen.After(w.told.StartsAt) && time.Since(seen) < timeout {
			return time.Now(), w.sees(seen)
		}
		due = time.Time{}
	case w.ownOnly && elsewhere.After(own):
		due = time.Time{}
	case time.Since(from) >= timeout:
		since := seen
		if seen.IsZero() {
			since = from
		}
		told := s.blindAlert(since)
		if err = s.acceptOwn(told); err == nil {
			w.told = &told
		}
		return latest, err
	}
	if due.IsZero() || !latest.IsZero() && latest.Before(due) {
		return latest, err
	}
	return due, err
}

// sees tells the chats that alerting is no longer blind since a time.
func (w *watcher) sees(since time.Time) error {
	over := *w.told
	over.Status, over.EndsAt = "resolved", since.UTC()
	err := w.service.acceptOwn(over)
	if err == nil {
		w.told = nil
	}
	return err
}

// awaits reports whether the first heartbeat has yet to arrive.
func (s *Service) awaits() bool {
	return s.config.AwaitHeartbeat && s.watchdog.Load().IsZero() && s.elsewhere.Load().IsZero()
}

// logAwaiting logs that nothing notices when alerting is blind.
func (s *Service) logAwaiting() {
	if s.config.WatchdogTimeout > 0 && s.awaits() {
		s.config.Log.Warn("no heartbeat received yet: a missing one is noticed only after the first: route the alert Watchdog to this path", "path", api.WatchdogPath)
	}
}

// toldBlind reads from the spool the alert by which the chats were told that
// alerting is blind; nil when they were not.
func (s *Service) toldBlind() (told *template.Alert, err error) {
	err = s.spool.do(func(tx *txn) (err error) {
		told, err = toldBlind(tx)
		return err
	})
	return told, err
}

func toldBlind(tx *txn) (*template.Alert, error) {
	list, err := queryInstances(tx, `WHERE i.group_key = ? AND i.resolved_at IS NULL`, watchdogGroup)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0].alert, nil
}

func (s *Service) acceptOwn(a template.Alert) error {
	p := Payload{Version: "4", GroupKey: watchdogGroup}
	p.Receiver, p.Status, p.ExternalURL = "watchdog", a.Status, "preflight-webhook"
	p.Alerts = template.Alerts{a}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	id, err := s.Accept(body, api.Loud)
	if err == nil {
		s.accepted(id, p, api.Loud)
	}
	return err
}

// blindAlert describes that the pipeline is blind since a time.
func (s *Service) blindAlert(since time.Time) template.Alert {
	timeout, scale := s.config.WatchdogTimeout.String(), s.scale()
	a := template.Alert{
		Status: "firing", StartsAt: since.UTC(),
		Labels: template.KV{model.AlertNameLabel: "PipelineBlind", scale.Label: scale.Levels[0].Name, api.Source: "preflight-webhook"},
		Annotations: template.KV{
			api.Title:                 "Alerting is blind",
			api.In(api.Title, "ko"):   "알림 파이프라인 중단",
			api.Summary:               "no rule evaluation known for " + timeout + ": Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open",
			api.In(api.Summary, "ko"): timeout + " 동안 규칙 평가가 확인되지 않음: Prometheus 또는 Alertmanager가 중단되었거나 연결이 끊겨 다른 알림이 도착하지 않으며, 열려 있는 알림은 그대로 유지됩니다",
			api.Actions: "check that Prometheus and Alertmanager run\n" +
				"check the " + api.Watchdog + " alert and its route to " + api.WatchdogPath + "\ncompare the clocks of their hosts",
			api.In(api.Actions, "ko"): "Prometheus와 Alertmanager가 실행 중인지 확인\n" +
				api.Watchdog + " 알림과 " + api.WatchdogPath + " 경로 확인\n각 호스트의 시계가 일치하는지 확인",
		},
	}
	a.Fingerprint = fingerprint(a.Labels)
	return a
}
