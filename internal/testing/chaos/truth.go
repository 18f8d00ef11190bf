package chaos

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

// messages returns the new messages that list an alert as firing, or that show its
// end, from the begin of an episode on. A message about the end of an earlier one
// can be among them.
func (r *run) messages(name string, e episode, over bool) (list []fakebot.Message) {
	for _, m := range r.chats.messages() {
		kind, items := read(asSent(m))
		if kind == kindReminder || kind != kindAlert && !over { // a resolution lists what still fires
			continue
		}
		if !m.Sent.Before(e.fires) && slices.Contains(items, shownItem{name, over}) {
			list = append(list, m)
		}
	}
	return list
}

// open returns the messages that show an alert as firing that has ended, and the
// ends that no message shows.
func (w *ruled) open(t target) (list []string) {
	if t.value == 1 {
		return nil
	}
	for _, m := range w.run.messages(t.name, episode{}, false) {
		if _, now := read(m.Text); !slices.Contains(now, shownItem{t.name, true}) {
			list = append(list, fmt.Sprintf("message %d shows %s as firing", m.ID, t.name))
		}
	}
	for _, e := range t.episodes {
		if len(w.run.messages(t.name, e, true)) == 0 {
			list = append(list, "no message shows the end of "+t.name)
		}
	}
	return list
}

// judge compares the chat with the truth: one message an episode, no end before
// the end, none left open.
func (w *ruled) judge(context.Context) error {
	rep := w.run.report
	rep.Faults, rep.Messages = w.run.chats.faults, w.run.chats.shown()
	for _, t := range w.exporter.all() {
		if open := w.open(t); len(open) > 0 {
			rep.Open++
			rep.problem("%s", open[0])
		}
		for _, e := range t.episodes {
			rep.Acknowledged++
			w.judgeEpisode(t.name, e)
		}
		for _, m := range w.run.messages(t.name, episode{}, true) {
			if fires := slices.ContainsFunc(t.episodes, func(e episode) bool {
				return m.Sent.After(e.fires.Add(late)) && (e.ends.IsZero() || m.Sent.Before(e.ends))
			}); fires {
				rep.FalseEnds++
				rep.problem("message %d shows the end of %s, which fires", m.ID, t.name)
			}
		}
	}
	w.judgeMessages()
	return nil
}

// late is the time in which an end of the episode before may still be shown.
const late = 2 * time.Second

// judgeEpisode requires that an episode and its end are shown.
func (w *ruled) judgeEpisode(name string, e episode) {
	rep := w.run.report
	if len(w.run.messages(name, e, false)) == 0 {
		rep.verdict.undelivered = append(rep.verdict.undelivered, name)
		rep.problem("%s fired and was not shown", name)
		return
	}
	rep.verdict.delivered++
	if len(w.run.messages(name, e, true)) > 0 {
		rep.Resolved++
		rep.verdict.resolved++
	}
}

// judgeMessages requires that each message has the begin of an episode, or the
// end of one.
func (w *ruled) judgeMessages() {
	rep := w.run.report
	type event struct {
		name    string
		episode int
		over    bool
	}
	seen := map[event]bool{}
	targets := map[string]target{}
	for _, t := range w.exporter.all() {
		targets[t.name] = t
	}
	for _, m := range w.run.chats.messages() {
		kind, items := read(asSent(m))
		if len(items) == 0 {
			continue // a note of the webhook
		}
		news := false
		for _, it := range items {
			e := event{it.name, targets[it.name].at(m.Sent), it.over}
			news = news || !seen[e]
			seen[e] = true
		}
		if kind == kindReminder || !news {
			rep.verdict.duplicates++
			rep.verdict.unexplained = append(rep.verdict.unexplained, fmt.Sprintf("message %d about %v", m.ID, items))
			rep.problem("message %d repeats %v", m.ID, items)
		}
	}
}

// at returns the number of the episode that began last before a time.
func (t target) at(when time.Time) (n int) {
	for _, e := range t.episodes {
		if e.fires.Before(when) {
			n++
		}
	}
	return n
}
