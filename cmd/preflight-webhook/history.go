package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/history"
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
		since:    cmd.Flag("since", "Alerts that fired or were resolved within this duration (24h, 7d) or since this time (2026-11-24T04:10:00Z), or that still fire.").Default("24h").String(),
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
	records, err := h.list(ctx, label, history.Filter{Since: since, Env: *h.env, Priority: *h.priority}, stderr)
	if err != nil {
		return err
	}
	if *h.json {
		out := json.NewEncoder(stdout)
		for _, r := range records {
			if err := out.Encode(r); err != nil {
				return err
			}
		}
		return nil
	}
	return printTable(stdout, label, records, since)
}

// list reads PostgreSQL if it is configured and answers, else the spool.
func (h *showHistory) list(ctx context.Context, label string, f history.Filter, stderr io.Writer) ([]history.Record, error) {
	dsn, err := secret("DATABASE_URL")
	if err != nil {
		return nil, err
	}
	if dsn != "" {
		store, err := history.Open(dsn)
		if err != nil {
			return nil, usage("DATABASE_URL: %w", err)
		}
		defer store.Close()
		records, err := store.List(ctx, f)
		if err == nil {
			return records, nil
		}
		fmt.Fprintf(stderr, "preflight-webhook: the history database cannot be read; showing the alerts of the spool %s: %v\n", *h.spool, err)
	}
	records, err := history.FromSpool(ctx, *h.spool, label, f)
	if err != nil {
		return nil, fmt.Errorf("%w (name the webhook's database by --spool, or PostgreSQL by DATABASE_URL)", err)
	}
	return records, nil
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if d, err := model.ParseDuration(s); err == nil {
		return now.Add(-time.Duration(d)), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, usage("--since: %q is no duration like 24h or 7d, and no time like 2026-11-24T04:10:00Z", s)
	}
	return t, nil
}

// printTable writes times in UTC. label is the severity's label.
func printTable(w io.Writer, label string, records []history.Record, since time.Time) error {
	if len(records) == 0 {
		_, err := fmt.Fprintf(w, "nothing since %s\n", stamp(&since))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FIRED\tRESOLVED\tPRIORITY\tENV\tALERT\tSUMMARY\tDELIVERED")
	for _, r := range records {
		resolved := "still firing"
		if r.EndsAt != nil {
			resolved = stamp(r.EndsAt)
		}
		if r.Closed != "" {
			resolved += " (" + r.Closed + ")"
		}
		cells := []string{stamp(&r.StartsAt), resolved, r.Priority, r.Labels[api.Env], r.Labels[model.AlertNameLabel], summary(r, label), delivered(r)}
		for i, c := range cells {
			if cells[i] = printable(c); c == "" {
				cells[i] = "-"
			}
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

func stamp(t *time.Time) string { return t.UTC().Format(time.RFC3339) }

// summary returns the alert's summary, or else the labels that identify it.
func summary(r history.Record, label string) string {
	if s := r.Annotations[api.Summary]; s != "" {
		return s
	}
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		if name != model.AlertNameLabel && name != api.Env && name != label {
			labels = append(labels, name+"="+r.Labels[name])
		}
	}
	return strings.Join(labels, " ")
}

// delivered lists the chats with the times of delivery and of the resolution.
func delivered(r history.Record) string {
	var list []string
	for _, d := range r.Deliveries {
		s := d.Chat
		if d.DeliveredAt != nil {
			s += " " + stamp(d.DeliveredAt)
		}
		if d.ResolvedAt != nil {
			s += ", resolution " + stamp(d.ResolvedAt)
		}
		list = append(list, s)
	}
	switch {
	case list != nil:
		return strings.Join(list, "; ")
	case r.Notify == string(api.None):
		return "history only"
	default:
		return "not delivered"
	}
}

// printable keeps each alert on one line, and keeps control sequences of labels
// out of the terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsGraphic(c):
			return unicode.ReplacementChar
		}
		return c
	}, s)
}
