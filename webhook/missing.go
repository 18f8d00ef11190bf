package webhook

import (
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// forgetAfter is the time for which the alert about missing heartbeats of a cluster
// fires at most, if nothing else comes from the cluster and another one works: it
// was removed.
const forgetAfter = 7 * 24 * time.Hour

// forget ends the alert about a cluster that was removed, and expects no more of its
// heartbeats.
func (w *watcher) forget(cluster string, alert missing) error {
	s := w.service
	p, _ := s.pulse(cluster)
	if time.Since(alert.at) < forgetAfter || time.Since(s.receivesSince(p)) < s.present.timeout() || !s.othersBeat(cluster) {
		return nil
	}
	var notified bool
	if err := s.spool.Do(func(tx *spool.Tx) (err error) {
		notified, err = tx.NotifiedSince(cluster, time.Now().Add(-forgetAfter))
		return err
	}); err != nil || notified {
		return err
	}
	annotations := s.noHeartbeatAlert(cluster, alert.StartsAt).Annotations
	name, ko := "the cluster "+cluster, "클러스터 "+cluster
	if cluster == "" {
		name, ko = "the cluster without a name", "이름 없는 클러스터"
	}
	annotations[api.Summary] = "nothing came from " + name + " for 7 days: its heartbeats are no longer expected"
	annotations[api.In(api.Summary, "ko")] = "7일 동안 " + ko + "에서 수신된 것이 없어 하트비트를 더 이상 기다리지 않음"
	if err := w.resolve(cluster, time.Now(), annotations); err != nil {
		return err
	}
	s.config.Log.Warn("nothing came from a cluster for 7 days: its heartbeats are no longer expected", "cluster", cluster)
	return s.dropCluster(cluster)
}

// othersBeat reports whether the heartbeats of another cluster arrive.
func (s *Service) othersBeat(cluster string) bool {
	for other, p := range s.pulses() {
		if other != cluster && time.Since(p.last()) < s.present.timeout() {
			return true
		}
	}
	return false
}

// dropCluster removes the state of the heartbeats of a cluster.
func (s *Service) dropCluster(cluster string) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	if err := s.spool.Do(func(tx *spool.Tx) error { return tx.ForgetHeartbeats(cluster) }); err != nil {
		return err
	}
	s.heartbeats.forget(cluster)
	s.showHeartbeats()
	return nil
}

// wasForgotten reports whether another replica, or an earlier process, expects no
// more heartbeats of a cluster, whose last one arrived at a time. Then the alert
// about them ended later.
func (s *Service) wasForgotten(cluster string, last time.Time) (yes bool, err error) {
	if last.IsZero() || time.Since(last) < forgetAfter {
		return false, nil
	}
	unnamed := ""
	if err := s.spool.Do(func(tx *spool.Tx) error {
		i, err := tx.NewestInstance(&unnamed, "", s.noHeartbeatAlert(cluster, last).Fingerprint)
		yes = i != nil && !i.Firing() && i.Alert.EndsAt.Sub(last) >= s.present.timeout()
		return err
	}); err != nil || !yes {
		return false, err
	}
	return true, s.dropCluster(cluster)
}

// noHeartbeatAlert returns the alert that fires while no heartbeat of a cluster
// arrives.
func (s *Service) noHeartbeatAlert(cluster string, since time.Time) template.Alert {
	timeout, scale := s.present.timeout().String(), s.scale()
	of, ko, removed, removedKo := "", "", "", ""
	if cluster != "" {
		of, ko = " of the cluster "+cluster, "클러스터 "+cluster+": "
	}
	if len(s.pulses()) > 1 {
		removed, removedKo = "\nif the cluster was removed: this alert ends after 7 days", "\n제거된 클러스터라면 이 알림은 7일 후 종료됨"
	}
	a := template.Alert{
		Status: "firing", StartsAt: since.UTC(),
		Labels: template.KV{model.AlertNameLabel: "PipelineBlind", scale.Label: scale.Levels[0].Name, api.Source: "preflight-webhook"},
		Annotations: template.KV{
			api.Title:                 "Alerting is blind",
			api.In(api.Title, "ko"):   "알림 파이프라인 중단",
			api.Summary:               "no rule evaluation" + of + " known for " + timeout + ": Prometheus or Alertmanager is down or cut off, other alerts can't arrive, and what is open here stays open",
			api.In(api.Summary, "ko"): ko + timeout + " 동안 규칙 평가가 확인되지 않음: Prometheus 또는 Alertmanager가 중단되었거나 연결이 끊겨 다른 알림이 도착하지 않으며, 열려 있는 알림은 그대로 유지됩니다",
			api.Actions: "check that Prometheus and Alertmanager run\n" +
				"check the " + api.Watchdog + " alert and its route to " + api.HeartbeatPath(cluster) + "\ncompare the clocks of their hosts" + removed,
			api.In(api.Actions, "ko"): "Prometheus와 Alertmanager가 실행 중인지 확인\n" +
				api.Watchdog + " 알림과 " + api.HeartbeatPath(cluster) + " 경로 확인\n각 호스트의 시계가 일치하는지 확인" + removedKo,
		},
	}
	if cluster != "" {
		a.Labels[api.Cluster] = cluster
	}
	a.Fingerprint = state.Fingerprint(a.Labels)
	return a
}
