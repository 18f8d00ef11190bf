package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
)

const (
	// verifyEvery is the shortest time between two checks of the spool's
	// structure. A check may take one part in verifyShare of the time.
	verifyEvery = time.Minute
	verifyShare = 50
)

// verifyAll checks the spool in the background, because SQLite notices damage
// only where it reads.
func (s *Service) verifyAll(ctx context.Context) {
	wait := verifyEvery
	for sleepUntil(ctx, time.Now().Add(wait), nil) {
		begin := time.Now()
		if err := s.spool.Verify(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.Error("checking the spool failed: trying again", "err", err)
		}
		wait = max(verifyEvery, verifyShare*time.Since(begin))
	}
}

// seed fills a new database in the place of a damaged one.
func (s *Service) seed(tx *spool.Tx, r spool.Replaced) error {
	s.metrics.replaced.WithLabelValues().Inc()
	s.config.Log.Error("the spool was damaged, deleted or replaced: a new file is in use", "kept", r.Kept, "saved", len(r.Saved), "err", r.Reason)
	if r.Kept != "" {
		if err := s.begin(tx, r); err != nil {
			return err
		}
	}
	if err := s.addNote(tx, replacedNote(r), time.Now()); err != nil {
		return err
	}
	s.wakeApply()
	return nil
}

// begin stores the state that this process knows.
func (s *Service) begin(tx *spool.Tx, r spool.Replaced) error {
	if err := tx.RegisterChats(s.present.chats(), false); err != nil {
		return err
	}
	for cluster, p := range s.pulses() {
		if err := tx.SetHeartbeat(p.stored(cluster)); err != nil {
			return err
		}
	}
	for _, a := range r.Saved {
		if _, err := tx.AddArrival(a.At, a.Notify, spool.Sender{Cluster: a.Cluster, Receiver: a.Receiver}, a.Body); err != nil {
			return err
		}
	}
	return nil
}

// replacedNote returns the texts of a note about a new spool.
func replacedNote(r spool.Replaced) template.KV {
	n := template.KV{
		api.Title: "The spool was damaged", api.In(api.Title, "ko"): "스풀 손상",
		api.ListTitle: "Spool", api.In(api.ListTitle, "ko"): "스풀",
		api.Summary:               fmt.Sprintf("a new spool is in use; %d waiting notifications were saved; the resolutions of earlier alerts may come as new messages", len(r.Saved)),
		api.In(api.Summary, "ko"): fmt.Sprintf("새 스풀을 사용 중이며 대기 중이던 알림 %d건을 복구함; 이전 알림의 해소는 새 메시지로 올 수 있음", len(r.Saved)),
		api.Actions:               "look at Alertmanager's page for the alerts that fire\ncheck the disk of --spool\nread the webhook's log: it names the old file",
		api.In(api.Actions, "ko"): "Alertmanager 페이지에서 발생 중인 알림 확인\n--spool 디스크 점검\n웹훅 로그에서 이전 파일 이름 확인",
	}
	if r.Kept == "" {
		n[api.Title], n[api.In(api.Title, "ko")] = "The spool's files were deleted or replaced", "스풀 파일이 삭제되거나 교체됨"
		n[api.Summary] = "they were written again, and no notification is lost"
		n[api.In(api.Summary, "ko")] = "파일을 다시 기록했으며 손실된 알림 없음"
		n[api.Actions] = "find out which program changes the files of --spool"
		n[api.In(api.Actions, "ko")] = "--spool 파일을 변경하는 프로그램 확인"
	}
	return n
}

// showDurability warns of a file system that can lose the spool.
func (s *Service) showDurability() {
	kind := "memory"
	if s.config.Spool != spool.InMemory {
		kind = spool.Volatile(s.config.Spool)
	}
	s.metrics.durable.WithLabelValues().Set(1)
	if kind == "" {
		return
	}
	s.metrics.durable.WithLabelValues().Set(0)
	if s.config.Spool != spool.InMemory {
		s.config.Log.Error("the file system of the spool can lose it, and acknowledged notifications with it: put --spool on a local disk", "file_system", kind, "spool", s.config.Spool)
	}
}
