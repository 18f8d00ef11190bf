package webhook_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
)

var sounds = map[string]api.Sound{"P0": api.Loud, "P1": api.Silent}

// flood posts groups of one alert each, whose key and target are the prefix and a
// number.
func (w *world) flood(priority, prefix string, groups int) {
	w.t.Helper()
	for i := range groups {
		am := alertmanager{url: "http://a", priority: priority, key: fmt.Sprintf("%s%03d", prefix, i)}
		w.post(am.payload(am.firing(am.key, time.Now())), sounds[priority])
	}
}

// numbered returns alerts of one group.
func (am alertmanager) numbered(n int) (firing []template.Alert) {
	for i := range n {
		firing = append(firing, am.firing(fmt.Sprintf("one-of-%05d", i), time.Now()))
	}
	return firing
}

// topics returns the topics of the configured chats.
func (w *world) topics() (topics []int) {
	for _, c := range w.config.Chats {
		topics = append(topics, c.Topic)
	}
	return topics
}

// count returns the number of messages that show a word.
func (w *world) count(chat int64, word string) (n int) {
	whole := regexp.MustCompile(`\b` + word + `\b`)
	for _, m := range w.bot.Messages(chat) {
		if whole.MatchString(m.Text) {
			n++
		}
	}
	return n
}

// stillFiring matches a group of a flood in a summary that names it as firing.
var stillFiring = regexp.MustCompile(`(target: |, )g[0-9]{3}\b`)

// counted returns the number of messages that show a word, without resolutions.
func (w *world) counted(chat int64, word string) (n int) {
	whole := regexp.MustCompile(`\b` + word + `\b`)
	for _, m := range w.bot.Messages(chat) {
		if m.ReplyTo == 0 && whole.MatchString(m.Text) {
			n++
		}
	}
	return n
}

// named returns the time at which a chat first showed a word, and whether that
// message rang.
func (w *world) named(chat int64, topic int, word string) (at time.Time, rang bool) {
	whole := regexp.MustCompile(`\b` + word + `\b`)
	for _, m := range w.bot.Messages(chat) {
		if m.Topic != topic {
			continue
		}
		texts, times := []string{}, []time.Time{m.Sent}
		for _, e := range m.Edits {
			texts, times = append(texts, e.Text), append(times, e.At)
		}
		for i, text := range append(texts, m.Text) {
			if whole.MatchString(text) && (at.IsZero() || times[i].Before(at)) {
				at, rang = times[i], i == 0 && !m.Silent
			}
		}
	}
	return at, rang
}

// rang returns when the first message that rings and shows a word came after a
// time, or zero.
func (w *world) rang(since time.Time, word string) time.Time {
	for _, m := range w.bot.Messages(group) {
		if !m.Silent && !m.Sent.Before(since) && strings.Contains(m.Text, word) {
			return m.Sent
		}
	}
	return time.Time{}
}

// within fails unless a chat names a word within a time after another.
func (w *world) within(d time.Duration, after time.Time, chat int64, topic int, word string, rings bool) {
	w.t.Helper()
	at, rang := w.named(chat, topic, word)
	if at.IsZero() || at.Sub(after) > d || rings && !rang {
		w.t.Errorf("%s is named after %s in topic %d, rang %t", word, at.Sub(after), topic, rang)
	}
}

// settled fails unless Telegram refused no call and the chats show everything.
func (w *world) settled(waiting float64) {
	w.t.Helper()
	for _, c := range w.bot.Calls() {
		if c.Status != http.StatusOK {
			w.t.Fatalf("a call was refused: %+v", c)
		}
	}
	w.backlog(waiting)
}

func (w *world) backlog(want float64) {
	w.t.Helper()
	if n := w.metric("preflight_webhook_backlog"); n != want {
		w.t.Errorf("backlog %v", n)
	}
}

// dump logs what a chat shows.
func (w *world) dump(chat int64) {
	w.t.Helper()
	var begin time.Time
	for _, m := range w.bot.Messages(chat) {
		if begin.IsZero() {
			begin = m.Sent
		}
		edits := ""
		for _, e := range m.Edits {
			edits += fmt.Sprintf(" %s", e.At.Sub(begin))
		}
		w.t.Logf("%s: message %d in %d, silent %t, reply to %d, edits %s\n%s", m.Sent.Sub(begin), m.ID, m.Topic, m.Silent, m.ReplyTo, edits, m.Text)
	}
}
