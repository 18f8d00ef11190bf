package webhook_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook"
)

// database changes the spool of the stopped webhook.
func (w *world) database(statements ...string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.config.Spool)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(w.t.Context(), s); err != nil {
			w.t.Fatal(err)
		}
	}
}

// fact returns a fact of the spool of the stopped webhook.
func (w *world) fact(name string) int64 {
	w.t.Helper()
	return w.rows(`SELECT value FROM facts WHERE name = ?`, name)
}

// rows returns the number that a query of the spool of the stopped webhook selects.
func (w *world) rows(query string, args ...any) (value int64) {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.config.Spool)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(w.t.Context(), query, args...).Scan(&value); err != nil {
		w.t.Fatal(err)
	}
	return value
}

// downgraded leaves in the spool what the version before had stored.
func (w *world) downgraded() {
	w.t.Helper()
	w.database(`DROP TRIGGER touched_instance`, `DROP TABLE touched`, `DROP TABLE chat_clusters`, `DROP TABLE heartbeats`, `DELETE FROM goose_db_version WHERE version_id >= 14`,
		`ALTER TABLE messages DROP COLUMN shown_as`, `ALTER TABLE messages DROP COLUMN message_id`,
		`ALTER TABLE chats DROP COLUMN receivers`, `ALTER TABLE chats DROP COLUMN removed_at`, `DROP INDEX instances_origin`,
		`ALTER TABLE instances DROP COLUMN origin`, `ALTER TABLE instances DROP COLUMN receiver`, `ALTER TABLE instances DROP COLUMN chat`,
		`ALTER TABLE inbox DROP COLUMN receiver`)
}

// A spool of the version before has the heartbeats of all clusters in one. The first
// cluster with a name continues them, also if they are missing.
func TestHeartbeatsOfTheVersionBefore(t *testing.T) {
	for name, missing := range map[string]bool{"they arrive": false, "they are missing": true} {
		for then, cluster := range map[string]string{"": "", ", named then": "tokyo"} {
			t.Run(name+then, func(t *testing.T) {
				inClusters(t, func(w *world) {
					p := plants("")[0]
					w.beatsOf(5*time.Minute, p)
					want := 0
					if missing {
						w.after(5 * time.Minute)
						want = 2
					}
					w.stop()
					w.downgraded()
					w.start()
					p.cluster, p.url, p.since = cluster, "http://other", time.Now()
					w.beatsOf(20*time.Minute, p)
					m := w.bot.Messages(person)
					if len(m) != want || missing && (m[1].ReplyTo != 1 || !strings.HasPrefix(m[0].Text, "✅")) {
						t.Fatalf("the chat shows %v", m)
					}
					if got := w.heartbeatsOf(); !slices.Equal(got, []string{cluster}) {
						t.Errorf("there are heartbeats of %q", got)
					}
				})
			})
		}
	}
}

// The version before reads the newest heartbeat of all clusters. What it stores
// counts for all of them.
func TestTheVersionBeforeUsesTheSpool(t *testing.T) {
	inClusters(t, func(w *world) {
		all := plants("tokyo", "seoul")
		w.beatsOf(5*time.Minute, all...)
		w.stop()
		last := time.Now().Add(-30 * time.Second).UnixMicro()
		for _, name := range []string{"watchdog_at", "watchdog_evaluated_at"} {
			if got := w.fact(name); got != last {
				t.Errorf("%s is %d, not %d", name, got, last)
			}
		}
		w.after(time.Hour)
		w.database(fmt.Sprintf(`UPDATE facts SET value = %d WHERE name IN ('watchdog_at', 'watchdog_evaluated_at')`, time.Now().UnixMicro()))
		w.start()
		for _, cluster := range []string{"tokyo", "seoul"} {
			if got := w.metric("preflight_webhook_watchdog_timestamp_seconds", cluster); got != float64(time.Now().Unix()) {
				t.Errorf("the last heartbeat of %s was at %v", cluster, got)
			}
		}
		w.beatsOf(20*time.Minute, all...)
		w.expect(person)
	})
}

// A heartbeat at a replica of the version before counts for every cluster.
func TestAReplicaOfTheVersionBeforeHearsForAllClusters(t *testing.T) {
	asPair(t, "7", func(p *pair) {
		p.config.HeartbeatTimeout = webhook.DefaultHeartbeatTimeout
		p.world.restart()
		p.second.stop()
		all := plants("tokyo", "seoul")
		p.beatsOf(5*time.Minute, all...)
		for range 20 {
			p.beatOf(all[0])
			p.a.mu.Lock()
			p.a.unnamed = time.Now()
			p.a.mu.Unlock()
			p.after(30 * time.Second)
		}
		p.expect(person)
		if got := p.heartbeatsOf(); !slices.Equal(got, []string{"seoul", "tokyo"}) {
			t.Errorf("there are heartbeats of %q", got)
		}
		p.beatsOf(5*time.Minute, all[0])
		p.expect(person, "1 🚨 P0: Alerting is blind ["+missingFrom("seoul")+"]")
		p.second.start()
	})
}
