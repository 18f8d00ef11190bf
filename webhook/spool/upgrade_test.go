package spool_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

// earlierSpool opens a spool of the version before episodes, in which the alert of
// instance 1 also fires in other groups. The chat shows one of these.
func earlierSpool(t *testing.T) *spool.Spool {
	t.Helper()
	dump, err := os.ReadFile("testdata/before.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	const again = `INSERT INTO instances (group_key, fingerprint, starts_at, alert, rank, notify, notification, received_at, first_at, seen_at, said_by)
		SELECT '%s', fingerprint, starts_at, json_set(alert, '$.startsAt', '%s'), rank, %d, notification, received_at, first_at, seen_at, said_by FROM instances WHERE id = 1`
	for _, statement := range []string{
		string(dump),
		fmt.Sprintf(again, "another", "2026-01-01T00:00:01Z", 0),
		fmt.Sprintf(again, "a third", "2026-01-01T00:00:02Z", 1),
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
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// open returns the groups in which the alert of instance 1 fires.
func open(t *testing.T, tx *spool.Tx, fingerprint string) (list []string) {
	t.Helper()
	firing, err := tx.FiringQuiet(time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range firing {
		if i.Alert.Fingerprint == fingerprint {
			list = append(list, strings.TrimSpace(fmt.Sprint(i.Cluster, " ", i.Group)))
		}
	}
	return list
}

// In a spool of the version before episodes, an alert fires in several groups.
// They are of one cluster or of several, which only their notifications show.
func TestAnAlertOfSeveralGroupsOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	first := `{}/{priority="P0"}:{env="paper", priority="P0"}`
	for name, c := range map[string]struct {
		reports []string // cluster and group
		want    []string
	}{
		"not yet reported":  {nil, []string{first, "another", "a third"}},
		"one unnamed":       {[]string{"/a third"}, []string{first}},
		"one cluster":       {[]string{"main/another", "main/" + first, "main/a third"}, []string{"main " + first}},
		"two clusters":      {[]string{"tokyo/another", "seoul/a third"}, []string{first, "tokyo another", "seoul a third"}},
		"a cluster is new":  {[]string{"tokyo/new"}, []string{first, "another", "a third", "tokyo new"}},
		"it ends in one":    {[]string{"tokyo/another", "seoul/a third", "tokyo/another/resolved"}, []string{first, "seoul a third"}},
		"it ends, unnamed":  {[]string{"/another/resolved"}, nil},
		"all end, of three": {[]string{"a/another/resolved", "b/a third/resolved", "c/" + first + "/resolved"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := earlierSpool(t)
			if err := s.Do(func(tx *spool.Tx) error {
				i, err := tx.FiringInstance(1)
				if err != nil {
					return err
				}
				applier := spool.Applier{Tx: tx, Chats: state.Chats{Default: []string{"dry-run"}}, Rank: func(template.KV) int { return 0 }}
				for k, report := range c.reports {
					at := time.Now().Add(time.Duration(k) * time.Minute)
					cluster, group, _ := strings.Cut(report, "/")
					group, resolved := strings.CutSuffix(group, "/resolved")
					n := state.Arrival{ID: int64(100 + k), At: at, Notify: state.Silent, Cluster: cluster}
					a := i.Alert
					a.StartsAt = at
					if resolved {
						a.Status, a.EndsAt = "resolved", at
					}
					n.GroupKey, n.ExternalURL, n.Status, n.Alerts = group, "http://another", a.Status, template.Alerts{a}
					if _, err := applier.Apply(n); err != nil {
						return err
					}
				}
				if got := open(t, tx, i.Alert.Fingerprint); !slices.Equal(got, c.want) {
					t.Errorf("it fires in %q, not %q", got, c.want)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Where a chat shows an instance that continues in another, it shows its end.
func TestAnInstanceThatContinuesInAnotherEndsInTheChat(t *testing.T) {
	t.Parallel()
	s := earlierSpool(t)
	if err := s.Do(func(tx *spool.Tx) error {
		i, err := tx.FiringInstance(1)
		if err != nil {
			return err
		}
		n := state.Arrival{ID: 100, At: time.Now(), Notify: state.Loud}
		n.GroupKey, n.Status, n.Alerts = i.Group, "firing", template.Alerts{i.Alert}
		if _, err := (spool.Applier{Tx: tx, Chats: state.Chats{Default: []string{"dry-run"}}, Rank: func(template.KV) int { return 0 }}).Apply(n); err != nil {
			return err
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
		VALUES ('g', 'f', 1, '{"status": "firing", "fingerprint": "f"}', 0, 2, 1, 1, 1, 1, 'http://a', 1)`); err != nil {
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
		n := state.Arrival{ID: 2, At: time.Now(), Notify: state.Loud, Cluster: "main"}
		n.GroupKey, n.Status, n.Alerts = "g", "firing", template.Alerts{{Status: "firing", Fingerprint: "f", StartsAt: time.Now()}}
		if _, err := (spool.Applier{Tx: tx, Rank: func(template.KV) int { return 0 }}).Apply(n); err != nil {
			return err
		}
		if got := open(t, tx, "f"); !slices.Equal(got, []string{"main g"}) {
			t.Errorf("it fires in %q", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
