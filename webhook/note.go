package webhook

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// noteEvery is the shortest time between two notes about items that were set
// aside.
const noteEvery = time.Minute

// countAside counts and logs items that were set aside, and lets a note about them
// be made.
func (s *Service) countAside(list []spool.Aside) {
	for _, a := range list {
		s.metrics.aside.WithLabelValues(a.Kind).Inc()
		s.config.Log.Error("item set aside: it cannot be read or applied: look in Alertmanager for the alerts that fire", "kind", a.Kind,
			"receiver", a.Receiver, "alerts", a.Alerts, "path", a.Path, "err", a.Reason)
	}
	s.wakeApply()
}

// note makes an alert about the items that were set aside since the last note.
// It returns the number of notes, and the time of the next one or zero.
func (s *Service) note(tx *spool.Tx) (n int, next time.Time, err error) {
	now := time.Now()
	list, next, err := tx.TakeAsides(now, noteEvery)
	if err != nil || len(list) == 0 {
		return 0, next, err
	}
	return 1, next, s.addNote(tx, asideNote(list), now)
}

// addNote accepts a note: an alert without an end. Its status is resolved, so
// that an earlier version of the webhook can read it too.
func (s *Service) addNote(tx *spool.Tx, annotations template.KV, now time.Time) error {
	scale := s.scale()
	a := template.Alert{
		Status: string(model.AlertResolved), StartsAt: now.UTC(), EndsAt: now.UTC(), Fingerprint: rand.Text(),
		Labels: template.KV{
			model.AlertNameLabel: "WebhookNote", scale.Label: scale.Levels[0].Name, api.Source: "preflight-webhook",
		},
		Annotations: annotations,
	}
	body, err := json.Marshal(ownPayload(state.NoteGroup, a))
	if err != nil {
		return err
	}
	_, err = tx.AddArrival(now, state.Loud, spool.Sender{}, body)
	return err
}

// ownPayload returns a notification of the webhook itself.
func ownPayload(group string, a template.Alert) state.Payload {
	p := state.Payload{Version: "4", GroupKey: group}
	p.Receiver, p.Status, p.ExternalURL = "watchdog", a.Status, "preflight-webhook"
	p.Alerts = template.Alerts{a}
	return p
}

// asideNote returns the texts of a note about items that were set aside.
func asideNote(list []spool.Aside) template.KV {
	var count, notifications int
	var receivers, alerts, paths []string
	add := func(to *[]string, texts ...string) {
		for _, text := range texts {
			if text != "" && !slices.Contains(*to, text) && len(*to) < 10 {
				*to = append(*to, text)
			}
		}
	}
	for _, a := range list {
		count += a.Items
		if a.Kind == api.AsideNotification || a.Kind == api.AsideInbox || a.Kind == api.AsideEvent {
			notifications += a.Items
		}
		add(&receivers, a.Receiver)
		add(&alerts, a.Alerts...)
		add(&paths, a.Path)
	}
	title, ko := "A notification could not be read", "알림을 읽을 수 없음"
	summary, summaryKo := fmt.Sprintf("%d notifications could not be read", count), fmt.Sprintf("읽을 수 없는 알림 %d건", count)
	switch {
	case notifications == 0:
		title, ko = "The spool is damaged", "스풀 손상"
		summary, summaryKo = fmt.Sprintf("%d damaged rows were set aside", count), fmt.Sprintf("손상된 행 %d개를 따로 보관함", count)
	case count == 1:
		summary = "1 notification could not be read"
	}
	for _, part := range []struct {
		en, ko string
		list   []string
	}{{"receiver", "수신자", receivers}, {"alerts", "알림", alerts}, {"path", "경로", paths}} {
		if len(part.list) > 0 {
			summary += "; " + part.en + " " + strings.Join(part.list, ", ")
			summaryKo += "; " + part.ko + " " + strings.Join(part.list, ", ")
		}
	}
	return template.KV{
		api.Title: title, api.In(api.Title, "ko"): ko,
		api.ListTitle: "Set aside", api.In(api.ListTitle, "ko"): "따로 보관됨",
		api.Summary: summary, api.In(api.Summary, "ko"): summaryKo,
		api.Actions:               "look at Alertmanager's page for the alerts that fire\nread the cause in the webhook's log: \"item set aside\"",
		api.In(api.Actions, "ko"): "Alertmanager 페이지에서 발생 중인 알림 확인\n웹훅 로그의 \"item set aside\"에서 원인 확인",
	}
}

// setAside commits an item that cannot be read, for the next note.
func (s *Service) setAside(a spool.Aside) error {
	return s.spool.Do(func(tx *spool.Tx) error { return tx.SetAside(a, time.Now()) })
}
