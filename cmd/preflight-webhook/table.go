package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/history"
)

// tableRows is the number of rows of a table that are in memory at a time. They
// share the widths of their columns.
const tableRows = 200

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
			return errors.Join(err, out.Flush())
		}
	}
	return out.Flush()
}

// printTable writes one record a line, as they come, with times in UTC. label is
// the severity's label.
func printTable(w io.Writer, label string, records iter.Seq2[history.Record, error], since time.Time) error {
	t := table{w: w}
	for r, err := range records {
		if err == nil {
			if t.widths == nil {
				err = t.add("FIRED", "RESOLVED", "PRIORITY", "ENV", "ALERT", "SUMMARY", "DELIVERED")
			}
			err = errors.Join(err, t.add(cells(r, label)...))
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
	w      io.Writer
	widths []int
	rows   [][]string
}

func (t *table) add(row ...string) error {
	if t.widths == nil {
		t.widths = make([]int, len(row))
	}
	for i, cell := range row {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
	}
	if t.rows = append(t.rows, row); len(t.rows) < tableRows {
		return nil
	}
	return t.flush()
}

func (t *table) flush() error {
	var text strings.Builder
	for _, row := range t.rows {
		last := len(row) - 1
		for i, cell := range row[:last] {
			fmt.Fprintf(&text, "%-*s", t.widths[i]+2, cell)
		}
		text.WriteString(row[last] + "\n")
	}
	t.rows = t.rows[:0]
	_, err := io.WriteString(t.w, text.String())
	return err
}

// cells returns the cells of a row.
func cells(r history.Record, label string) []string {
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
	return cells
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
