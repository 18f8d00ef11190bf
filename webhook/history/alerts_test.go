package history_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/history"
)

func sequence(err error, records ...history.Record) iter.Seq2[history.Record, error] {
	return func(yield func(history.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(history.Record{}, err)
		}
	}
}

// An alert that was shown in two chats is one, open while one of them has it open. Equal
// alerts of two clusters, and two episodes with one start, are two.
func TestAlertsCountsAnAlertOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	ends, later := start.Add(time.Minute), start.Add(time.Hour)
	record := func(cluster, chat string, episode int, ends *time.Time) history.Record {
		r := history.Record{Cluster: cluster, Fingerprint: "f", StartsAt: start, Episode: episode, EndsAt: ends, Notify: "silent"}
		if chat == "" {
			r.Notify = "none"
		} else {
			r.Deliveries = []history.Delivery{{Chat: chat}}
		}
		return r
	}
	after := record("a", "9", 0, nil)
	after.StartsAt = later
	list := []history.Record{
		record("a", "", 0, &ends), record("a", "8", 0, &later), record("b", "7", 0, &ends), record("a", "7", 0, &ends),
		record("a", "7", 1, &ends), record("a", "8", 1, nil), after,
	}
	var got []string
	for r, err := range history.Alerts(sequence(errors.New("broken"), list...)) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		text := fmt.Sprintf("%s %d %s", r.Cluster, r.Episode, r.Notify)
		for _, d := range r.Deliveries {
			text += " " + d.Chat
		}
		if r.EndsAt != nil {
			text += " " + r.EndsAt.Sub(start).String()
		}
		got = append(got, text)
	}
	want := []string{"a 0 silent 7 8 1h0m0s", "b 0 silent 7 1m0s", "a 1 silent 7 8", "a 0 silent 9", "broken"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("alerts\n%q\nnot\n%q", got, want)
	}
	for range history.Alerts(sequence(nil, list...)) { // the caller can stop
		break
	}
}
