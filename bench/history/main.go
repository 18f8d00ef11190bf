// Command history measures `preflight-webhook history` and the upkeep of its
// tables in a real PostgreSQL, for each number of rows: the time to the first
// line, the whole time and the memory of the command, the time to store alerts,
// and the time to remove old ones.
//
// The alerts started within the last 30 days. Those of the present month are in
// its table, the others in the table of earlier versions, as after an upgrade.
// With --before=PROGRAM the same is measured of another build. "make bench" runs
// it.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook/history"
)

const keep = 30 * 24 * time.Hour

// settings are those of a small production server. The tests of the project turn
// syncs off.
var settings = []string{"fsync=on", "full_page_writes=on", "shared_buffers=256MB", "autovacuum=on", "max_wal_size=4GB"}

func main() {
	rows := flag.String("rows", "1000000", "numbers of rows, separated by commas")
	before := flag.String("before", "", "another preflight-webhook to compare with")
	flag.Parse()
	for _, text := range strings.Split(*rows, ",") {
		n, err := strconv.Atoi(text)
		if err == nil {
			err = bench(context.Background(), n, *before)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "history: %v\n", err)
			os.Exit(1)
		}
	}
}

// bench fills a new PostgreSQL with n alerts and measures.
func bench(ctx context.Context, n int, before string) (err error) {
	dir, err := os.MkdirTemp("", "preflight-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	postgres, err := servers.StartPostgres(ctx, servers.Config{Dir: dir, Options: settings})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, postgres.Close()) }()
	store, err := history.Open(postgres.DSN())
	if err != nil {
		return err
	}
	defer store.Close()
	if err := errors.Join(store.Migrate(ctx), store.Maintain(ctx, keep)); err != nil {
		return err
	}
	begin := time.Now()
	if err := fill(ctx, postgres.DSN(), n); err != nil {
		return err
	}
	fmt.Printf("history of %d alerts in PostgreSQL, made in %s:\n", n, time.Since(begin).Round(time.Second))
	present, err := servers.Find("preflight-webhook")
	if err != nil {
		return err
	}
	for _, program := range []string{present, before} {
		if program == "" {
			continue
		}
		fmt.Printf("  %s\n", program)
		for _, args := range []string{"--since=24h", "--since=24h --json", "--since=24h --env=live --priority=P0", "--since=720h --env=live --priority=P0", "--since=720h --json"} {
			if err := list(ctx, program, postgres.DSN(), args); err != nil {
				return err
			}
		}
	}
	return upkeep(ctx, store, n)
}

// fill stores n alerts of two deliveries for each three. Every hundredth still
// fires, every tenth is live, every twentieth a P0.
func fill(ctx context.Context, dsn string, n int) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	now := time.Now().UTC()
	month := now.Format("2006_01")
	start := fmt.Sprintf(`timestamptz '%s' - (interval '%d seconds' * (i::float8 / %d))`, now.Format(time.RFC3339), int(keep.Seconds()), n)
	first := fmt.Sprintf(`timestamptz '%s'`, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339))
	for _, sql := range []string{
		`SET synchronous_commit = off`,
		`ALTER TABLE preflight.alerts DISABLE TRIGGER USER; ALTER TABLE preflight.deliveries DISABLE TRIGGER USER`,
		`CREATE TEMP VIEW made AS SELECT i, encode(sha256(i::text::bytea), 'hex') AS id, ` + start + ` AS starts_at,
			CASE WHEN i % 10 = 0 THEN 'live' ELSE 'paper' END AS env, CASE WHEN i % 20 = 0 THEN 'P0' ELSE 'P1' END AS priority
			FROM generate_series(` + strconv.Itoa(n) + `, 1, -1) i`,
		fillAlerts("alerts", "starts_at < "+first),
		fillAlerts("alerts_"+month, "starts_at >= "+first),
		fillDeliveries("deliveries", "starts_at < "+first),
		fillDeliveries("deliveries_"+month, "starts_at >= "+first),
		`ALTER TABLE preflight.alerts ENABLE TRIGGER USER; ALTER TABLE preflight.deliveries ENABLE TRIGGER USER`,
		`ANALYZE`, // as autovacuum does within minutes
		`CHECKPOINT`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func fillAlerts(table, where string) string {
	return `INSERT INTO preflight.` + table + ` (id, group_key, fingerprint, starts_at, episode, ends_at, closed, alertname, priority, env,
			notify, labels, annotations, received_at, resolution_at, cluster)
		SELECT id, '{}/{priority="P0"}:{env="' || env || '"}', left(id, 16), starts_at, 0,
			CASE WHEN i % 100 <> 0 THEN starts_at + interval '7 minutes' END, '', 'PreflightCheckFailed', priority, env, 'loud',
			jsonb_build_object('alertname', 'PreflightCheckFailed', 'env', env, 'priority', priority, 'check', 'Database', 'target', 'target-' || i),
			jsonb_build_object('title', 'Preflight FAIL', 'summary', 'target-' || i || ' does not answer (connection_refused)'),
			starts_at, CASE WHEN i % 100 <> 0 THEN starts_at + interval '7 minutes' END, 'main' FROM made WHERE ` + where
}

func fillDeliveries(table, where string) string {
	return `INSERT INTO preflight.` + table + ` SELECT id, '-100123', starts_at + interval '1 second', starts_at + interval '8 minutes'
		FROM made WHERE i % 3 <> 0 AND ` + where
}

// list runs a program and prints its times and its memory.
func list(ctx context.Context, program, dsn, args string) error {
	cmd := exec.CommandContext(ctx, program, append([]string{"history"}, strings.Fields(args)...)...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+dsn)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	var first time.Duration
	var peak, lines int
	reader := bufio.NewReaderSize(out, 1<<20)
	for {
		_, err := reader.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if lines == 0 {
			first = time.Since(begin)
		}
		if lines++; lines%10_000 == 1 {
			peak = resident(cmd.Process.Pid, peak)
		}
	}
	peak = resident(cmd.Process.Pid, peak)
	if err := cmd.Wait(); err != nil {
		fmt.Printf("    history %-42s failed after %.1f s: %s\n", args, time.Since(begin).Seconds(), strings.TrimSpace(errs.String()))
		return nil
	}
	fmt.Printf("    history %-42s first line %6.2f s, %8d lines in %6.1f s, %4d MB resident\n", args, first.Seconds(), lines, time.Since(begin).Seconds(), peak>>20)
	return nil
}

// resident returns the greatest resident memory of a process in bytes, or known
// if the process has ended.
func resident(pid, known int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return known
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return known
	}
	return kib << 10
}

// upkeep measures writes, and the removal of a third of the rows.
func upkeep(ctx context.Context, store *history.Store, n int) error {
	const batch, batches = 200, 50
	now := time.Now()
	begin := now
	for b := range batches {
		records := make([]history.Record, batch)
		for i := range records {
			records[i] = history.Record{
				Group: "g", Fingerprint: fmt.Sprintf("new-%d-%d", b, i), StartsAt: now, ReceivedAt: now, Priority: "P0", Notify: "loud",
				Labels:     map[string]string{"alertname": "A", "env": "paper"},
				Deliveries: []history.Delivery{{Chat: "-100123", DeliveredAt: &now}},
			}
		}
		if err := store.Put(ctx, records); err != nil {
			return err
		}
	}
	fmt.Printf("    %-50s %.0f/s\n", "alerts with a delivery stored", batch*batches/time.Since(begin).Seconds())
	begin = time.Now()
	if err := store.Maintain(ctx, keep*2/3); err != nil {
		return err
	}
	took := time.Since(begin)
	fmt.Printf("    %-50s %.1f s\n\n", fmt.Sprintf("removal of about %d old alerts", n/3), took.Seconds())
	return nil
}
