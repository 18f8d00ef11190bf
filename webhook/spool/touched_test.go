package spool_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// An alert fires in the chats of a receiver and ends while the version before runs. That
// version copies it to the history under another id. After the upgrade the history gets
// the end.
func TestTheEndInAVersionBeforeIsCopied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spool.db")
	start := time.Now().Add(-time.Hour)
	within := func(f func(tx *spool.Tx) error) {
		t.Helper()
		s, _, err := spool.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Do(f), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	before := func(statements ...string) {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	// copies copies the changes, and returns the number of records that are over, and
	// over in all chats.
	copies := func(tx *spool.Tx) (records, over, everywhere int, err error) {
		list, _, err := tx.Changes(100, "priority", time.Now())
		for _, c := range list {
			if records++; c.Record.EndsAt != nil {
				over++
			}
			if c.Record.OverEverywhere {
				everywhere++
			}
		}
		return records, over, everywhere, errors.Join(err, tx.ChangesCopied(list))
	}
	expect := func(tx *spool.Tx, records, over, everywhere int) error {
		a, b, c, err := copies(tx)
		if a != records || b != over || c != everywhere {
			t.Errorf("%d records, %d are over, %d everywhere; not %d, %d, %d", a, b, c, records, over, everywhere)
		}
		return err
	}
	within(func(tx *spool.Tx) error {
		chats := state.Chats{Default: []string{"5"}, Receivers: []state.ReceiverChats{{Name: "team", Chats: []string{"7", "8"}}}}
		n := state.Arrival{ID: 1, At: start, Notify: state.Loud, Cluster: "main", Receiver: "team", Payload: state.Payload{GroupKey: "{}:{}"}}
		n.Alerts = template.Alerts{{Status: "firing", StartsAt: start, Fingerprint: "f", Labels: template.KV{"alertname": "A"}}}
		_, err := spool.Applier{Tx: tx, Chats: chats, Rank: func(template.KV) int { return 0 }}.Apply(n)
		return errors.Join(err, expect(tx, 2, 0, 0))
	})
	within(func(tx *spool.Tx) error { return errors.Join(tx.Recopy(), expect(tx, 0, 0, 0)) })

	before(`UPDATE instances SET resolved_at = first_at + 1000000, closed = 'superseded' WHERE chat = '7'`, `DELETE FROM outbox`)
	within(func(tx *spool.Tx) error { return errors.Join(tx.Recopy(), expect(tx, 1, 1, 0)) })
	before(`UPDATE instances SET resolved_at = first_at + 1000000 WHERE chat = '8'`, `DELETE FROM outbox`)
	within(func(tx *spool.Tx) error { return errors.Join(tx.Recopy(), expect(tx, 2, 2, 2)) })
	within(func(tx *spool.Tx) error { return errors.Join(tx.Recopy(), expect(tx, 0, 0, 0)) })
}
