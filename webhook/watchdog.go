package webhook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prometheus/alertmanager/template"
)

const (
	watchdogSeen      = "watchdog_at"
	watchdogElsewhere = "watchdog_elsewhere_at"
	watchdogGroup     = "preflight-webhook/watchdog"
)

// Watchdog notes that the pipeline still sees: that an alert which always
// fires has come through it.
func (s *Service) Watchdog() error {
	now := time.Now()
	if err := s.spool.do(func(tx *txn) error { return setFact(tx, watchdogSeen, now) }); err != nil {
		return err
	}
	s.noteWatchdog(now)
	select {
	case s.beat <- struct{}{}:
	default:
	}
	return nil
}

// noteWatchdog keeps when the last one arrived; the zero time is before the
// first.
func (s *Service) noteWatchdog(t time.Time) {
	s.watchdog.Store(&t)
	seen := t
	if elsewhere := *s.elsewhere.Load(); elsewhere.After(seen) {
		seen = elsewhere
	}
	if !seen.IsZero() {
		s.metrics.watchdog.WithLabelValues().Set(float64(seen.UnixMicro()) / 1e6)
	}
}

// watch tells the chats when no watchdog comes, and when one comes again. It
// does so by accepting a notification of its own, so that this alert is
// delivered, edited and resolved like every other.
func (s *Service) watch(ctx context.Context) {
	for {
		turn, ok := s.turns.next(ctx)
		if !ok {
			return
		}
		s.watchTurn(turn.ctx, turn.ownOnly)
	}
}

// watchTurn watches until the turn is over. Alone, a replica that the watchdog
// does not come to can't say that it does not come: only one Alertmanager of a
// cluster sends it, to that one's webhook.
func (s *Service) watchTurn(ctx context.Context, ownOnly bool) {
	timeout := s.config.WatchdogTimeout
	blind, since, err := s.isBlind()
	if err != nil {
		s.config.Log.Error("the state of the watchdog is not known", "err", err)
	}
	for ctx.Err() == nil {
		own, elsewhere := *s.watchdog.Load(), *s.elsewhere.Load()
		seen := own
		if elsewhere.After(own) {
			seen = elsewhere
		}
		// While this process did not run nothing could arrive; and what arrived at
		// other replicas while the database was away is told when it is back.
		from := seen
		if from.Before(s.started) {
			from = s.started
		}
		if contact := *s.contact.Load(); elsewhere.After(own) && from.Before(contact) {
			from = contact
		}
		var next time.Time
		switch {
		case blind && seen.After(since):
			err = s.acceptOwn(blindAlert("resolved", since, seen, timeout))
			blind = err != nil
		case ownOnly && elsewhere.After(own):
			next = time.Now().Add(timeout)
		case !blind && time.Since(from) >= timeout:
			since = from
			err = s.acceptOwn(blindAlert("firing", since, time.Time{}, timeout))
			blind = err == nil
		case blind:
			next = time.Now().Add(timeout)
		default:
			next = from.Add(timeout)
		}
		if err != nil {
			s.config.Log.Error("the state of the watchdog could not be recorded, trying again", "err", err)
			next, err = time.Now().Add(firstRetry), nil
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

// isBlind reads from the spool whether the chats were told so.
func (s *Service) isBlind() (blind bool, since time.Time, err error) {
	err = s.spool.do(func(tx *txn) error {
		list, err := queryInstances(tx, `WHERE i.group_key = ? AND i.resolved_at IS NULL`, watchdogGroup)
		if err == nil && len(list) > 0 {
			blind, since = true, list[0].alert.StartsAt
		}
		return err
	})
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
			"summary":    "no watchdog for " + timeout.String() + ": Prometheus or Alertmanager no longer reaches the webhook, other alerts can't arrive",
			"summary_ko": timeout.String() + " 동안 워치독 없음: Prometheus 또는 Alertmanager가 웹훅에 닿지 않아 다른 알림이 도착하지 않습니다",
			"actions":    "check that Prometheus and Alertmanager run\ncheck the Watchdog alert and its route to /api/v1/watchdog",
			"actions_ko": "Prometheus와 Alertmanager가 실행 중인지 확인\nWatchdog 알림과 /api/v1/watchdog 경로 확인",
		},
	}
	a.Fingerprint = fingerprint(a.Labels)
	return a
}
