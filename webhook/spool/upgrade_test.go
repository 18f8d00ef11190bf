package spool_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// In a spool of the version before episodes, an alert fires in two groups. It
// continues in the louder one, and the other is closed where a chat shows it.
func TestAnAlertOfTwoGroupsBecomesOneEpisode(t *testing.T) {
	t.Parallel()
	dump, err := os.ReadFile("testdata/before.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		string(dump),
		`INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification, received_at, first_at, seen_at, said_by)
			SELECT 'another', fingerprint, starts_at, alert, rank, 0, notification, received_at, first_at, seen_at, said_by FROM instances WHERE id = 1`,
		`INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification, received_at, first_at, seen_at, said_by)
			SELECT 'a third', fingerprint, starts_at, alert, rank, 1, notification, received_at, first_at, seen_at, said_by FROM instances WHERE id = 1`,
		`INSERT INTO views (chat, instance, pending, shown) SELECT 'dry-run', max(id), 0, 1 FROM instances`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, _, err := spool.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Do(func(tx *spool.Tx) error {
		firing, err := tx.FiringQuiet(time.Now())
		if err != nil {
			return err
		}
		if len(firing) != 2 || firing[0].ID != 1 || firing[0].Notify != state.Loud || firing[0].OldGroup == "" {
			t.Errorf("these fire: %+v", firing)
		}
		due, ok, err := tx.MostUrgent("dry-run", false, 1)
		if err != nil || !ok || due.Class != spool.DueResolution || due.Group != "a third" {
			t.Errorf("due is %+v %v", due, ok)
		}
		resolved, err := tx.ResolvedViews("dry-run", "a third")
		if len(resolved) != 1 || resolved[0].Closed != "superseded" || resolved[0].Alert.EndsAt.IsZero() {
			t.Errorf("resolved are %+v", resolved)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// The version before episodes can use the spool of this one. What it stores is
// known under a cluster later.
func TestAnInstanceOfAnEarlierVersionIsAdopted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "spool.db")
	s, _, err := spool.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification, received_at, first_at, seen_at, said_by, own)
		VALUES ('g', 'f', 1, '{"status": "firing"}', 0, 2, 1, 1, 1, 1, 'http://a', 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s, _, err = spool.Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Do(func(tx *spool.Tx) error {
		cluster := "main"
		i, err := tx.NewestInstance(&cluster, "f")
		if i == nil || i.OldGroup != "g" {
			t.Errorf("it is %+v", i)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
