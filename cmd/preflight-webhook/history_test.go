package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/alertnative/preflight/internal/testing/testservers"
	"github.com/alertnative/preflight/webhook/history"
)

// runHistory runs the command and returns its output.
func runHistory(t *testing.T, dsn string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.Command("preflight-webhook", append([]string{"history"}, args...)...)
	cmd.Env = append(cmd.Environ(), "DATABASE_URL="+dsn)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("history %v: %v\n%s", args, err, errs.String())
	}
	return out.String(), errs.String()
}

func TestHistoryFromPostgreSQL(t *testing.T) {
	t.Parallel()
	postgres := testservers.StartPostgres(t)
	store, err := history.Open(postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	record := func(name, env, priority string, start, end *time.Time) history.Record {
		return history.Record{
			Group: "g", Fingerprint: name, StartsAt: *start, EndsAt: end, Priority: priority, Notify: "loud", ReceivedAt: *start,
			Labels:      map[string]string{"alertname": name, "env": env, "priority": priority},
			Annotations: map[string]string{"summary": "clear\x1b[2J\nscreen"},
			Deliveries:  []history.Delivery{{Chat: "-100", DeliveredAt: start, ResolvedAt: end}},
		}
	}
	if err := store.Put(t.Context(), []history.Record{
		record("Old", "paper", "P0", ago(72*time.Hour), ago(71*time.Hour)),
		record("Ended", "paper", "P1", ago(72*time.Hour), ago(time.Hour)),
		record("Fires", "live", "P0", ago(48*time.Hour), nil),
	}); err != nil {
		t.Fatal(err)
	}
	text, errs := runHistory(t, postgres.DSN())
	if errs != "" || strings.Contains(text, "Old") || strings.ContainsRune(text, '\x1b') || strings.Count(text, "\n") != 3 ||
		!strings.Contains(text, ago(72*time.Hour).Format(time.RFC3339)+"  "+ago(time.Hour).Format(time.RFC3339)) ||
		!strings.Contains(text, "still firing") || !strings.Contains(text, "-100 "+ago(48*time.Hour).Format(time.RFC3339)) {
		t.Errorf("as text, of the last day:\n%s%s", text, errs)
	}
	for _, tt := range []struct{ args, want string }{
		{"--since=7d", "Old Ended Fires"},
		{"--since=" + ago(2*time.Hour).Format(time.RFC3339), "Ended Fires"},
		{"--since=10m", "Fires"},
		{"--env=paper", "Ended"},
		{"--priority=P0", "Fires"},
		{"--env=paper --priority=P0", ""},
	} {
		out, _ := runHistory(t, postgres.DSN(), append(strings.Fields(tt.args), "--json")...)
		want := map[string]bool{}
		for _, name := range strings.Fields(tt.want) {
			want[name] = true
		}
		lines := 0
		for line := range strings.Lines(out) {
			var r history.Record
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%s: %v in %s", tt.args, err, line)
			}
			if lines++; !want[r.Labels["alertname"]] {
				t.Errorf("%s lists %s", tt.args, r.Labels["alertname"])
			}
		}
		if lines != len(want) {
			t.Errorf("%s lists %d alerts, want %s", tt.args, lines, tt.want)
		}
	}
}

// manyRecords returns a PostgreSQL with a history of several pages. Each is larger
// than the buffers of a pipe, so the command waits for its reader.
func manyRecords(t *testing.T) *testservers.Postgres {
	t.Helper()
	postgres := testservers.StartPostgres(t)
	store, err := history.Open(postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), postgres.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `INSERT INTO preflight.alerts
		SELECT md5(i::text), '', 'f' || i, now() - interval '1 second' * i, 0, NULL, '', 'A', 'P0', 'paper', 'loud',
			'{"alertname": "A"}', jsonb_build_object('summary', repeat('x', 500)), now(), NULL, '' FROM generate_series(1, 9000) i`); err != nil {
		t.Fatal(err)
	}
	return postgres
}

// A list that ends early ends with an error and another exit status. What is
// printed are whole lines.
func TestHistoryThatEndsEarly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end    func(*testservers.Postgres, *os.Process) error
		status int
		text   string
	}{
		"PostgreSQL stops": {func(p *testservers.Postgres, _ *os.Process) error { p.Stop(); return nil }, 1, "the list is not complete: after "},
		"Ctrl-C":           {func(_ *testservers.Postgres, p *os.Process) error { return p.Signal(os.Interrupt) }, 130, "interrupted: the list is not complete"},
	} {
		for _, format := range []string{"--json", "--no-json"} {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				postgres := manyRecords(t)
				cmd := exec.Command("preflight-webhook", "history", format)
				cmd.Env = append(cmd.Environ(), "DATABASE_URL="+postgres.DSN())
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				var errs bytes.Buffer
				cmd.Stderr = &errs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				lines := bufio.NewScanner(out)
				lines.Buffer(nil, 1<<20)
				if !lines.Scan() { // the first line is there, and the command waits for its reader
					t.Fatalf("no line: %s", errs.String())
				}
				if err := tt.end(postgres, cmd.Process); err != nil {
					t.Fatal(err)
				}
				n, last := 1, lines.Text()
				for lines.Scan() {
					n, last = n+1, lines.Text()
				}
				if err := cmd.Wait(); cmd.ProcessState.ExitCode() != tt.status || !strings.Contains(errs.String(), tt.text) || strings.Contains(errs.String(), "spool") {
					t.Errorf("%v: %s", err, errs.String())
				}
				if n < 100 || n >= 9000 || !strings.HasSuffix(strings.TrimSpace(last), "not delivered") && !strings.HasSuffix(last, "}") {
					t.Errorf("%d lines, the last is %q", n, last)
				}
			})
		}
	}
}
