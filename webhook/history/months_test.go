package history_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/history"
)

const keep = 30 * 24 * time.Hour

// database is a connection for what the store does not offer.
type database struct {
	t    *testing.T
	conn *pgx.Conn
}

func connect(t *testing.T, dsn string) database {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return database{t, conn}
}

func (d database) exec(query string, args ...any) {
	d.t.Helper()
	if _, err := d.conn.Exec(d.t.Context(), query, args...); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
}

// texts returns the only column of a query.
func (d database) texts(query string, args ...any) []string {
	d.t.Helper()
	rows, err := d.conn.Query(d.t.Context(), query, args...)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return list
}

// before makes the schema of the version before.
func before(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE SCHEMA preflight`); err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("migrations"), goose.WithTableName("preflight.goose_db_version"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
}

// The statements of the version before.
const (
	putBefore = `
INSERT INTO preflight.alerts AS old (id, group_key, fingerprint, starts_at, episode, ends_at, closed, alertname, priority, env,
	notify, labels, annotations, received_at, resolution_at, cluster)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (id) DO UPDATE SET group_key = EXCLUDED.group_key, cluster = EXCLUDED.cluster,
	ends_at = COALESCE(EXCLUDED.ends_at, old.ends_at),
	closed = CASE WHEN EXCLUDED.ends_at IS NULL THEN old.closed ELSE EXCLUDED.closed END,
	notify = EXCLUDED.notify, annotations = EXCLUDED.annotations,
	received_at = LEAST(old.received_at, EXCLUDED.received_at),
	resolution_at = LEAST(old.resolution_at, EXCLUDED.resolution_at)`
	putDeliveryBefore = `
INSERT INTO preflight.deliveries AS old (alert, chat, told_at, over_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (alert, chat) DO UPDATE SET
	told_at = LEAST(old.told_at, EXCLUDED.told_at), over_at = LEAST(old.over_at, EXCLUDED.over_at)`
	listBefore = `
		SELECT a.fingerprint || ' ' || (a.ends_at IS NOT NULL) || ' ' || coalesce(
			(SELECT json_agg(json_build_object('chat', d.chat, 'over', d.over_at IS NOT NULL) ORDER BY d.chat)::text FROM preflight.deliveries d WHERE d.alert = a.id), '')
		FROM preflight.alerts a WHERE (a.ends_at IS NULL OR a.ends_at >= $1 OR a.starts_at >= $1) ORDER BY a.starts_at, a.id`
	pruneBefore = `DELETE FROM preflight.alerts WHERE ends_at < $1`
)

// put stores a record by the statements of the version before. The id is that of
// the record of the name.
func (d database) put(name string, r history.Record) {
	d.t.Helper()
	ids := d.texts(`SELECT id FROM preflight.alerts WHERE fingerprint = $1`, r.Fingerprint)
	id := "id of " + name
	if len(ids) > 0 {
		id = ids[0]
	}
	d.exec(putBefore, id, r.Group, r.Fingerprint, r.StartsAt, r.Episode, r.EndsAt, r.Closed, "A", r.Priority, "paper", r.Notify, "{}", "{}", r.ReceivedAt, r.ResolutionAt, "")
	for _, delivery := range r.Deliveries {
		d.exec(putDeliveryBefore, id, delivery.Chat, delivery.DeliveredAt, delivery.ResolvedAt)
	}
}

// fired and over return an alert that fires, and that has ended.
func fired(name string, starts time.Time) history.Record {
	return history.Record{
		Fingerprint: name, StartsAt: starts, ReceivedAt: starts, Priority: "P0", Notify: "loud",
		Labels: map[string]string{"alertname": "A", "env": "paper"}, Deliveries: []history.Delivery{{Chat: "7", DeliveredAt: &starts}},
	}
}

func over(name string, starts, ends time.Time) history.Record {
	r := fired(name, starts)
	r.EndsAt, r.ResolutionAt = &ends, &ends
	r.Deliveries[0].ResolvedAt = &ends
	return r
}

// has checks the fingerprints of the history, and that each alert has its
// delivery.
func has(t *testing.T, s *history.Store, want ...string) {
	t.Helper()
	records, err := s.List(t.Context(), history.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, r.Fingerprint)
		if len(r.Deliveries) != 1 || (r.Deliveries[0].ResolvedAt != nil) != (r.EndsAt != nil) {
			t.Errorf("%s, ended at %v: deliveries %+v", r.Fingerprint, r.EndsAt, r.Deliveries)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the history (-want +got):\n%s", d)
	}
}

// must fails the test if one of the steps failed.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A record is in the table of its month if there is one, else in the table of
// the first version, wherever its clock was.
func TestRecordsAreInTheTableOfTheirMonth(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	store := open(t, postgres.DSN())
	must(t, store.Migrate(t.Context()))
	var replicas sync.WaitGroup
	for range 4 {
		replica := open(t, postgres.DSN())
		replicas.Go(func() {
			if err := replica.Maintain(t.Context(), keep); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()

	d := connect(t, postgres.DSN())
	now := time.Now().UTC().Truncate(time.Second)
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	table := func(at time.Time) string { return "alerts_" + at.Format("2006_01") }
	where := map[string]struct {
		starts time.Time
		table  string
	}{
		"now":                 {now, table(now)},
		"begin of the month":  {first, table(now)},
		"end of the month":    {first.AddDate(0, 1, 0).Add(-time.Microsecond), table(now)},
		"in another zone":     {first.AddDate(0, 1, 0).In(time.FixedZone("", -8*3600)), table(first.AddDate(0, 1, 0))},
		"next month":          {first.AddDate(0, 1, 0), table(first.AddDate(0, 1, 0))},
		"month after that":    {first.AddDate(0, 3, 0).Add(-time.Microsecond), table(first.AddDate(0, 2, 0))},
		"later":               {first.AddDate(0, 3, 0), "alerts"},
		"last month":          {first.Add(-time.Microsecond), "alerts"},
		"year 9999":           {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "alerts"},
		"year 1970":           {time.Unix(0, 0), "alerts"},
		"year 9999, with end": {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "alerts"},
	}
	var names []string
	for name, w := range where {
		names = append(names, name)
		for range 2 {
			must(t, store.Put(t.Context(), []history.Record{fired(name, w.starts)}))
		}
		if name != "now" {
			must(t, store.Put(t.Context(), []history.Record{over(name, w.starts, w.starts)}), store.Put(t.Context(), []history.Record{fired(name, w.starts)}))
		}
		if got := d.texts(`SELECT tableoid::regclass::text FROM preflight.alerts WHERE fingerprint = $1`, name); !slices.Equal(got, []string{w.table}) {
			t.Errorf("%s is in %v, not in %s", name, got, w.table)
		}
	}
	has(t, store, names...)

	// The end of a wrong clock does not keep a record for ever.
	d.exec(`UPDATE preflight.alerts SET resolution_at = $1 WHERE fingerprint = 'year 9999, with end'`, now.Add(-2*keep))
	must(t, store.Maintain(t.Context(), keep))
	has(t, store, slices.DeleteFunc(names, func(name string) bool {
		return name == "year 1970" || name == "year 9999, with end" || name == "last month" && where[name].starts.Before(now.Add(-keep))
	})...)
}

// The version before and this one use one database in turns: on its schema, and
// after the migration. Nothing is lost or doubled.
func TestTheVersionBeforeUsesTheSameTables(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	before(t, postgres.DSN())
	d, store := connect(t, postgres.DSN()), open(t, postgres.DSN())
	now := time.Now().UTC().Truncate(time.Second)
	end := now.Add(time.Minute)

	d.put("old", fired("old", now))
	must(t, store.Put(t.Context(), []history.Record{fired("new", now)})) // before it could migrate
	has(t, store, "old", "new")
	must(t, store.Migrate(t.Context()), store.Maintain(t.Context(), keep))
	has(t, store, "old", "new")
	must(t, store.Put(t.Context(), []history.Record{fired("new again", now), over("new", now, end)}))
	d.put("old again", fired("old again", now))
	d.put("old", over("old", now, end))
	has(t, store, "old", "new", "old again", "new again")
	// Each changes the rows of the other.
	d.put("new again", over("new again", now, end))
	d.exec(`UPDATE preflight.alerts SET fingerprint = 'known' WHERE fingerprint = 'old again'`)
	d.put("known", over("known", now, end))
	has(t, store, "old", "new", "known", "new again")
	want := []string{}
	for _, name := range []string{"known", "new", "new again", "old"} {
		want = append(want, name+` true [{"chat" : "7", "over" : true}]`)
	}
	got := d.texts(listBefore, now)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the version before lists (-want +got):\n%s", diff)
	}
	if tables := d.texts(`SELECT DISTINCT tableoid::regclass::text FROM preflight.alerts ORDER BY 1`); len(tables) != 2 {
		t.Errorf("the rows are in %v", tables)
	}
	d.exec(pruneBefore, end.Add(time.Second))
	has(t, store)
	if left := d.texts(`SELECT alert FROM preflight.deliveries`); len(left) != 0 {
		t.Errorf("deliveries without an alert: %v", left)
	}
}

// A role that may only write uses the schema of the version before, and then the
// tables that another role made.
func TestARoleThatMayNotCreate(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	before(t, postgres.DSN())
	d := connect(t, postgres.DSN())
	d.exec(`CREATE ROLE writer LOGIN PASSWORD 'w'; GRANT USAGE ON SCHEMA preflight TO writer;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA preflight TO writer`)
	dsn, err := url.Parse(postgres.DSN())
	must(t, err)
	dsn.User = url.UserPassword("writer", "w")
	writer := open(t, dsn.String())
	now := time.Now().UTC().Truncate(time.Second)
	first := fired("first", now)
	if err := writer.Migrate(t.Context()); !errors.Is(err, history.ErrOldSchema) {
		t.Fatalf("migrating: %v", err)
	}
	must(t, writer.Put(t.Context(), []history.Record{first}))
	if err := writer.Maintain(t.Context(), keep); err == nil || !strings.Contains(err.Error(), "index alerts_") {
		t.Errorf("maintaining the old schema: %v", err)
	}
	owner := open(t, postgres.DSN())
	must(t, owner.Migrate(t.Context()))
	must(t, writer.Migrate(t.Context()))
	if err := writer.Maintain(t.Context(), keep); err == nil || !strings.Contains(err.Error(), "give the role CREATE on the schema preflight") {
		t.Errorf("maintaining the schema: %v", err)
	}
	must(t, writer.Put(t.Context(), []history.Record{fired("second", now)}), owner.Maintain(t.Context(), keep))
	must(t, writer.Put(t.Context(), []history.Record{fired("third", now), over("first", now, now), over("second", now, now.Add(-2*keep))}))
	has(t, writer, "first", "second", "third")
	if got, want := d.texts(`SELECT fingerprint FROM ONLY preflight.alerts ORDER BY 1`), []string{"first", "second"}; !slices.Equal(got, want) {
		t.Errorf("outside of the months: %v", got)
	}
	_ = writer.Maintain(t.Context(), keep) // it may delete
	has(t, writer, "first", "third")
}

// Months that are over go at once, the others in batches, and a row that fires
// stays.
func TestOldRecordsAreRemoved(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	store := open(t, postgres.DSN())
	must(t, store.Migrate(t.Context()), store.Maintain(t.Context(), keep))
	d := connect(t, postgres.DSN())
	now := time.Now().UTC()
	present := now.Format("2006_01")
	// Months are renamed, as if they had been made years ago.
	add := func(name string, from time.Time) {
		d.exec(fmt.Sprintf(`CREATE TABLE preflight.alerts_%[1]s (PRIMARY KEY (id), CHECK (starts_at >= '%[2]s' AND starts_at < '%[3]s')) INHERITS (preflight.alerts);
			CREATE TABLE preflight.deliveries_%[1]s (PRIMARY KEY (alert, chat), FOREIGN KEY (alert) REFERENCES preflight.alerts_%[1]s ON DELETE CASCADE) INHERITS (preflight.deliveries)`,
			name, from.Format(time.RFC3339), from.AddDate(0, 1, 0).Format(time.RFC3339)))
	}
	at := func(month int) time.Time { return time.Date(2021, time.Month(month), 1, 0, 0, 0, 0, time.UTC) }
	for m := 1; m <= 4; m++ {
		add(at(m).Format("2006_01"), at(m))
	}
	must(t, store.Put(t.Context(), []history.Record{
		over("over", at(1), at(1)), over("all", at(2), at(2)), fired("fires", at(2)), over("long", at(3), now), over("elsewhere", at(5), at(5)),
		fired("now", now), over("just", now, now),
	}))
	// More than one batch, in the table that has no month.
	d.exec(`INSERT INTO preflight.alerts SELECT 'x' || i, '', 'x', '2020-01-01', i, '2020-01-01', '', 'A', 'P0', 'paper', 'loud', '{}', '{}', now(), now(), ''
		FROM generate_series(1, 12000) i`)
	// A month that is read is emptied and dropped another time.
	reader, err := connect(t, postgres.DSN()).conn.Begin(t.Context())
	must(t, err)
	_, err = reader.Exec(t.Context(), `SELECT FROM preflight.alerts_2021_04`)
	must(t, err)
	must(t, store.Maintain(t.Context(), keep))
	has(t, store, "fires", "long", "now", "just")
	months := `SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relname LIKE 'alerts%' AND c.relname < 'alerts_' || $1 ORDER BY 1`
	if got, want := d.texts(months, present), []string{"alerts_2021_02", "alerts_2021_03", "alerts_2021_04"}; !slices.Equal(got, want) {
		t.Errorf("months %v, want %v", got, want)
	}
	must(t, reader.Rollback(t.Context()))
	must(t, store.Maintain(t.Context(), keep))
	if got, want := d.texts(months, present), []string{"alerts_2021_02", "alerts_2021_03"}; !slices.Equal(got, want) {
		t.Errorf("months %v, want %v", got, want)
	}
	// Rows of the present month that are old.
	must(t, store.Maintain(t.Context(), -10*365*24*time.Hour))
	has(t, store, "fires", "now")
}

// An index whose making was interrupted is made again.
func TestABrokenIndexIsReplaced(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	store := open(t, postgres.DSN())
	must(t, store.Migrate(t.Context()), store.Maintain(t.Context(), keep))
	d := connect(t, postgres.DSN())
	d.exec(`UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'preflight.alerts_by_end'::regclass; DROP INDEX preflight.alerts_by_env`)
	must(t, store.Maintain(t.Context(), keep))
	got := d.texts(`SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'preflight.alerts'::regclass AND i.indisvalid ORDER BY 1`)
	want := []string{"alerts_by_end", "alerts_by_env", "alerts_by_open", "alerts_by_priority", "alerts_by_start", "alerts_pkey"}
	if !slices.Equal(got, want) {
		t.Errorf("indexes %v, want %v", got, want)
	}
}
