package webhook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/golden"
	"github.com/alertnative/preflight/webhook/api"
)

// server is an alert about a server.
func server(priority, name string, i int, starts time.Time) template.Alert {
	instance := fmt.Sprintf("web-%02d", i)
	return evaluated(template.Alert{
		Status: "firing", StartsAt: starts, Fingerprint: fmt.Sprintf("%x", name+instance),
		Labels:      template.KV{"alertname": name, "priority": priority, "instance": instance, "zone": fmt.Sprintf("zone-%d", i%3), "job": "node"},
		Annotations: template.KV{"summary": name + " of " + instance},
	}, time.Now())
}

// A power failure: the pictures of the documentation are drawn from the
// transcript.
func TestTheTranscriptOfAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		start := time.Now()
		var down []template.Alert
		for i := range 30 {
			a := server("P0", "InstanceDown", i+1, start)
			down = append(down, a)
			am := alertmanager{url: "http://a", priority: "P0", key: a.Labels["instance"]}
			w.post(am.payload(a), api.Loud)
		}
		var targets []template.Alert
		for i := range 200 {
			targets = append(targets, server("P1", "ProbeFailed", i+1, start))
		}
		w.post(alertmanager{url: "http://a", priority: "P1", key: "probes"}.payload(targets...), api.Silent)
		w.after(25 * time.Second)
		fire := server("P0", "RoomTooHot", 1, time.Now())
		w.post(alertmanager{url: "http://a", priority: "P0", key: "heat"}.payload(fire), api.Loud)
		w.after(15 * time.Second)
		for i, a := range down[:20] {
			a.Status, a.EndsAt = "resolved", time.Now()
			w.post(alertmanager{url: "http://a", priority: "P0", key: a.Labels["instance"]}.payload(evaluated(a, time.Now())), api.Loud)
			if i == 9 {
				w.after(10 * time.Second)
			}
		}
		w.after(5 * time.Minute)
		w.settled(0)
		golden.Compare(t, "testdata/storm.txt", []byte(w.transcript(group, start)))
	})
}

// transcript returns the messages of a chat with their last texts.
func (w *world) transcript(chat int64, start time.Time) string {
	var out strings.Builder
	for _, m := range w.bot.Messages(chat) {
		head := "rings"
		if m.Silent {
			head = "silent"
		}
		if m.ReplyTo != 0 {
			head += fmt.Sprintf(", reply to %d", m.ReplyTo)
		}
		fmt.Fprintf(&out, "+%-9s → chat %d: message %d, %s\n", m.Sent.Sub(start), chat, m.ID, head)
		for line := range strings.Lines(m.Text + "\n") {
			fmt.Fprintf(&out, "    |%s\n", strings.TrimRight(" "+line, " \n"))
		}
		edits := make([]string, len(m.Edits))
		for i, e := range m.Edits {
			edits[i] = "+" + e.At.Sub(start).String()
		}
		if len(edits) > 0 {
			fmt.Fprintf(&out, "          edited %s\n", strings.Join(slices.Compact(edits), ", "))
		}
	}
	return out.String()
}
