package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/message"
)

// showHistory lists the alerts that fired and their deliveries.
type showHistory struct {
	name                        string
	since, env, priority, spool *string
	config                      *string
	json                        *bool
}

func newHistory(app *kingpin.Application) *showHistory {
	cmd := app.Command("history", "List alerts: when they fired, when they were resolved, and when each chat received them. Reads the PostgreSQL of DATABASE_URL, else the spool.")
	return &showHistory{
		name:     cmd.FullCommand(),
		since:    cmd.Flag("since", "Alerts that fired or were resolved within this duration (24h, 7d) or since this time (2026-11-24T04:10:00Z, or 2026-11-24 for its beginning in UTC), or that still fire.").Default("24h").String(),
		env:      cmd.Flag("env", "Only alerts of this environment.").String(),
		priority: cmd.Flag("priority", "Only alerts of this severity: P0 to P3, or a level of --config.file.").String(),
		config:   configFlag(cmd),
		json:     cmd.Flag("json", "Print JSON, one alert a line.").Bool(),
		spool:    cmd.Flag("spool", "The webhook's local database. The command only reads it; the webhook may be running.").Default(defaultSpool).String(),
	}
}

func (h *showHistory) run(ctx context.Context, stdout, stderr io.Writer) error {
	since, err := parseSince(*h.since, time.Now())
	if err != nil {
		return err
	}
	file, err := readConfig(*h.config)
	if err != nil {
		return usage("%w", err)
	}
	if levels := file.Severities.Names(); *h.priority != "" && !slices.Contains(levels, *h.priority) {
		return usage("--priority: %q is none of %s", *h.priority, strings.Join(levels, ","))
	}
	label := file.Severities.Label
	dsn, err := secret("DATABASE_URL")
	if err != nil {
		return err
	}
	records := history.Alerts(h.records(ctx, dsn, label, history.Filter{Since: since, Env: *h.env, Priority: *h.priority}, stderr))
	if *h.json {
		return printJSON(stdout, records)
	}
	formatter, err := message.New(message.Options{Language: file.Language, Severities: file.Severities})
	if err != nil {
		return err
	}
	return printTable(stdout, formatter, records, since)
}

// records reads PostgreSQL if it is configured and answers, else the spool.
func (h *showHistory) records(ctx context.Context, dsn, label string, f history.Filter, stderr io.Writer) iter.Seq2[history.Record, error] {
	return func(yield func(history.Record, error) bool) {
		if dsn != "" {
			done, err := archived(ctx, dsn, f, yield)
			if done {
				return
			}
			fmt.Fprintf(stderr, "preflight-webhook: the history database cannot be read; showing the alerts of the spool %s: %v\n", *h.spool, err)
		}
		for r, err := range history.Spooled(ctx, *h.spool, label, f) {
			if err != nil && ctx.Err() == nil {
				err = fmt.Errorf("%w (name the webhook's database by --spool, or PostgreSQL by DATABASE_URL)", err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// archived yields the records in PostgreSQL. It returns false and an error if it
// yielded nothing because PostgreSQL does not answer.
func archived(ctx context.Context, dsn string, f history.Filter, yield func(history.Record, error) bool) (done bool, err error) {
	store, err := history.Open(dsn)
	if err != nil {
		yield(history.Record{}, usage("DATABASE_URL: %w", err))
		return true, nil
	}
	defer store.Close()
	listed := 0
	for r, err := range store.Records(ctx, f) {
		switch {
		case err != nil && ctx.Err() != nil:
		case err != nil && listed == 0:
			return false, err
		case err != nil:
			err = fmt.Errorf("the list is not complete: after %d alerts: %w: run the command again", listed, err)
		}
		if !yield(r, err) {
			break
		}
		listed++
	}
	return true, nil
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if d, err := model.ParseDuration(s); err == nil {
		return now.Add(-time.Duration(d)), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("--since: %q is no duration like 24h or 7d, and no time like 2026-11-24T04:10:00Z or 2026-11-24", s)
}
