package webhook

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// watch makes an alert if no heartbeat arrives, and resolves it later. It does
// so by a notification of its own, so that this alert is delivered like every
// other. It also decides on the held resolutions.
func (s *Service) watch(ctx context.Context) {
	for {
		held, ok := s.holder.Next(ctx)
		if !ok {
			return
		}
		s.watchUnder(held.Context(), held.OwnOnly)
	}
}

// watchUnder watches until the lease ends.
func (s *Service) watchUnder(ctx context.Context, ownOnly bool) {
	w := watcher{service: s, ownOnly: ownOnly}
	if err := s.spool.Do(func(tx *spool.Tx) error {
		i, err := tx.OwnAlert()
		if i != nil {
			w.alert = &i.Alert
		}
		return err
	}); err != nil {
		s.config.Log.Error("reading the state of the heartbeat failed", "err", err)
	}
	for ctx.Err() == nil {
		next, err := w.look()
		if err != nil {
			s.config.Log.Error("storing the state of the heartbeat failed: trying again", "err", err)
			next = time.Now().Add(firstRetry)
		}
		if next.IsZero() {
			next = time.Now().Add(pruneEvery)
		}
		sleepUntil(ctx, next, s.beat)
	}
}

// watcher keeps the alert about missing heartbeats.
type watcher struct {
	service *Service
	ownOnly bool
	alert   *template.Alert // that fires; nil for none
}

// look starts or resolves the alert. It returns the time of the next look, or
// zero for the time after the next heartbeat.
//
// A replica that delivers alone and receives no heartbeat makes no alert: only one
// Alertmanager of a cluster sends heartbeats, to the webhook of that one.
func (w *watcher) look() (next time.Time, err error) {
	s := w.service
	timeout := s.config.HeartbeatTimeout
	if timeout == 0 || s.awaits() {
		if w.alert != nil { // of an earlier process, which expected a heartbeat
			err = w.resolve(time.Now())
		}
		return next, err
	}
	own, elsewhere := *s.own.Load(), *s.elsewhere.Load()
	last := state.Later(own, elsewhere)
	from := state.Later(last, s.receivesSince())
	switch {
	case w.alert != nil:
		if last.After(w.alert.StartsAt) && time.Since(last) < timeout {
			return time.Now(), w.resolve(last)
		}
		return next, nil
	case w.ownOnly && elsewhere.After(own):
		return next, nil
	case time.Since(from) >= timeout:
		since := last
		if last.IsZero() {
			since = from
		}
		alert := s.noHeartbeatAlert(since)
		if err = s.acceptOwn(alert); err == nil {
			w.alert = &alert
		}
		return next, err
	default:
		return from.Add(timeout), nil
	}
}

// resolve resolves the alert since a time.
func (w *watcher) resolve(since time.Time) error {
	resolved := *w.alert
	resolved.Status, resolved.EndsAt = "resolved", since.UTC()
	err := w.service.acceptOwn(resolved)
	if err == nil {
		w.alert = nil
	}
	return err
}

// acceptOwn accepts a notification of the webhook itself.
func (s *Service) acceptOwn(a template.Alert) error {
	body, err := json.Marshal(ownPayload(state.OwnGroup, a))
	if err != nil {
		return err
	}
	n, err := s.parse(body, "", nil)
	if err != nil {
		return err
	}
	id, err := s.commit(n, api.Loud)
	if err == nil {
		s.accepted(id, n, api.Loud)
	}
	return err
}

// noHeartbeatAlert returns the alert that fires while no heartbeat arrives.
func (s *Service) noHeartbeatAlert(since time.Time) template.Alert {
	timeout, scale := s.config.HeartbeatTimeout.String(), s.scale()
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
	a.Fingerprint = state.Fingerprint(a.Labels)
	return a
}
