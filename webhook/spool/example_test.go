package spool_test

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// A notification is stored, applied later, and then due in the chat.
func Example() {
	s, _, err := spool.Open(context.Background(), spool.InMemory)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	body := `{"version": "4", "groupKey": "{}:{}", "status": "firing",
		"alerts": [{"status": "firing", "startsAt": "2026-03-03T22:30:00Z", "labels": {"alertname": "LatencyHigh"}}]}`
	err = s.Do(func(tx *spool.Tx) error {
		if err := tx.RegisterChats(state.Chats{Default: []string{"-100"}}, false); err != nil {
			return err
		}
		_, err := tx.AddArrival(time.Now(), state.Loud, spool.Sender{}, []byte(body))
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.Do(func(tx *spool.Tx) error {
		applier := spool.Applier{Tx: tx, Chats: state.Chats{Default: []string{"-100"}}, Rank: func(template.KV) int { return 0 }}
		inbox, err := tx.Inbox(spool.InboxRange{}, 10, 1<<20)
		if err != nil {
			return err
		}
		for _, n := range inbox {
			if _, err := applier.Apply(n); err != nil {
				return err
			}
			if err := tx.DeleteArrival(n.ID); err != nil {
				return err
			}
		}
		dues, _, err := tx.Dues("-100", false, 1, time.Now())
		due, ok := dues.First(func(spool.Due) bool { return true })
		fmt.Println("due:", ok, "group:", due.Group, "alert:", due.Class == spool.DueAlert)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: due: true group: {}:{} alert: true
}
