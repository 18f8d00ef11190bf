package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/columns"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/message"
)

// tableRows is the number of rows of a table that are in memory at a time. They
// share the widths of their columns.
const tableRows = 200

// maxSummary is the length of a summary in a table, in UTF-16 code units. JSON has
// the whole text.
const maxSummary = 160

// printJSON writes one record a line, as they come.
func printJSON(w io.Writer, records iter.Seq2[history.Record, error]) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	n := 0
	for r, err := range records {
		if err == nil {
			err = lines.Encode(r)
		}
		if n++; err == nil && n%tableRows == 0 {
			err = out.Flush()
		}
		if err != nil {
			if flushed := out.Flush(); !errors.Is(flushed, err) { // else the output failed
				err = errors.Join(err, flushed)
			}
			return err
		}
	}
	return out.Flush()
}

// printTable writes one record a line, as they come, with times in UTC. Once there are
// several clusters, it names them.
func printTable(w io.Writer, f *message.Formatter, records iter.Seq2[history.Record, error], since time.Time) error {
	t := table{w: w}
	for r, err := range records {
		if err == nil {
			if t.widths == nil {
				err = t.add("", "FIRED", "RESOLVED", "PRIORITY", "ENV", "ALERT", "SUMMARY", "DELIVERED")
			}
			err = errors.Join(err, t.add(r.Cluster, cells(f, r)...))
		}
		if err != nil {
			return errors.Join(err, t.flush())
		}
	}
	if t.widths == nil {
		_, err := fmt.Fprintf(w, "nothing since %s\n", stamp(&since))
		return err
	}
	return t.flush()
}

// table aligns columns in blocks of rows. A block is not narrower than the one
// before it. A text/tabwriter would keep all rows.
type table struct {
	w        io.Writer
	widths   []int
	rows     [][]string
	of       []string // the clusters of the rows
	cluster  string   // that of the first row with one
	clusters bool     // there are others
}

// alertCell is the index of the cell that names the cluster.
const alertCell = 4

func (t *table) add(cluster string, row ...string) error {
	if t.widths == nil {
		t.widths = make([]int, len(row))
	}
	t.cluster = cmp.Or(t.cluster, cluster)
	t.clusters = t.clusters || cluster != "" && cluster != t.cluster
	t.of = append(t.of, cluster)
	if t.rows = append(t.rows, row); len(t.rows) < tableRows {
		return nil
	}
	return t.flush()
}

func (t *table) flush() error {
	for k, row := range t.rows {
		if t.clusters && t.of[k] != "" {
			row[alertCell] += " [cluster=" + printable(t.of[k]) + "]"
		}
		for i, cell := range row {
			t.widths[i] = max(t.widths[i], columns.Of(cell))
		}
	}
	t.of = t.of[:0]
	var text strings.Builder
	for _, row := range t.rows {
		last := len(row) - 1
		for i, cell := range row[:last] {
			text.WriteString(columns.Pad(cell, t.widths[i]+2))
		}
		text.WriteString(row[last] + "\n")
	}
	t.rows = t.rows[:0]
	_, err := io.WriteString(t.w, text.String())
	return err
}

// cells returns the cells of a row.
func cells(f *message.Formatter, r history.Record) []string {
	resolved := "still firing"
	if r.EndsAt != nil {
		resolved = stamp(r.EndsAt)
	}
	if r.Closed != "" {
		resolved += " (" + r.Closed + ")"
	}
	priority := cmp.Or(r.Priority, f.Scale().Of(r.Labels).Name)
	summary := f.Line(r.Labels, r.Annotations, maxSummary)
	cells := []string{stamp(&r.StartsAt), resolved, priority, r.Labels[api.Env], r.Labels[model.AlertNameLabel], summary, delivered(r)}
	for i, c := range cells {
		if cells[i] = printable(c); c == "" {
			cells[i] = "-"
		}
	}
	return cells
}

func stamp(t *time.Time) string { return t.UTC().Format(time.RFC3339) }

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
