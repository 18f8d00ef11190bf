package webhook_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

// flood posts groups of one alert each.
func (w *world) flood(priority, prefix string, groups int) {
	w.t.Helper()
	for i := range groups {
		am := alertmanager{url: "http://a", priority: priority, key: fmt.Sprintf("%s%03d", prefix, i)}
		w.post(am.payload(am.firing(am.key, time.Now())), sounds[priority])
	}
}

var sounds = map[string]api.Sound{"P0": api.Loud, "P1": api.Silent}

// many returns the alerts of one group.
func (am alertmanager) many(n int) (firing []template.Alert) {
	for i := range n {
		firing = append(firing, am.firing(fmt.Sprintf("one-of-%05d", i), time.Now()))
	}
	return firing
}

// named returns the time at which a chat first showed a word, and whether that
// rang.
func (w *world) named(chat int64, topic int, word string) (at time.Time, rang bool) {
	whole := regexp.MustCompile(`\b` + word + `\b`)
	for _, m := range w.bot.Messages(chat) {
		if m.Topic != topic {
			continue
		}
		first := m.Text
		if len(m.Edits) > 0 {
			first = m.Edits[0].Text
		}
		if whole.MatchString(first) {
			return m.Sent, !m.Silent
		}
		for i, e := range m.Edits {
			text := m.Text
			if i+1 < len(m.Edits) {
				text = m.Edits[i+1].Text
			}
			if whole.MatchString(text) && (at.IsZero() || e.At.Before(at)) {
				at = e.At
			}
		}
	}
	return at, false
}

// within fails unless a chat names a word within a time after another.
func (w *world) within(d time.Duration, after time.Time, chat int64, topic int, word string, rings bool) {
	w.t.Helper()
	at, rang := w.named(chat, topic, word)
	if at.IsZero() || at.Sub(after) > d || rings && !rang {
		w.t.Errorf("%s is named after %s in topic %d, rang %t", word, at.Sub(after), topic, rang)
	}
}

// calm fails if Telegram refused a call.
func (w *world) calm() {
	w.t.Helper()
	for _, c := range w.bot.Calls() {
		if c.Status != http.StatusOK {
			w.t.Fatalf("a call was refused: %+v", c)
		}
	}
}

func TestAStormIsFair(t *testing.T) {
	for _, chats := range []string{"-100", "-100:5,-100:6,-100:7", "7"} {
		t.Run(chats, func(t *testing.T) {
			inWorld(t, chats, func(w *world) {
				id, topics := int64(group), []int{0}
				if strings.Contains(chats, ":") {
					w.bot.AddTopic(group, 6)
					w.bot.AddTopic(group, 7)
					topics = []int{5, 6, 7}
				}
				limit := 20
				if chats == "7" {
					id, limit = person, 60
				}
				begin := time.Now()
				big := alertmanager{url: "http://a", priority: "P0", key: "big"}
				w.post(big.payload(big.many(10_000)...), api.Loud)
				w.flood("P0", "g", 100)
				w.after(time.Minute - time.Since(begin))
				if n := len(w.bot.Calls()); n > limit {
					t.Errorf("%d calls in the first minute", n)
				}
				for _, topic := range topics {
					w.within(time.Minute, begin, id, topic, "one-of-00000", true)
					for i := range 100 {
						w.within(time.Minute, begin, id, topic, fmt.Sprintf("g%03d", i), true)
					}
				}
				w.after(10 * time.Second)
				later := time.Now()
				w.flood("P0", "later", 1)
				w.after(10 * time.Second)
				for _, topic := range topics {
					w.within(10*time.Second, later, id, topic, "later000", true)
				}
				w.after(10 * time.Minute)
				if n := len(w.bot.Messages(id)); n > limit {
					t.Errorf("%d messages in all", n)
				}
				if n := w.metric("preflight_webhook_backlog"); n != 0 {
					t.Errorf("backlog %v", n)
				}
				w.calm()
				if true {
					w.dump(id)
				}
			})
		})
	}
}

// dump logs what a chat shows.
func (w *world) dump(chat int64) {
	w.t.Helper()
	begin := w.bot.Messages(chat)[0].Sent
	for _, m := range w.bot.Messages(chat) {
		edits := ""
		for _, e := range m.Edits {
			edits += fmt.Sprintf(" %s", e.At.Sub(begin))
		}
		w.t.Logf("%s: message %d in %d, silent %t, reply to %d, edits %s\n%s", m.Sent.Sub(begin), m.ID, m.Topic, m.Silent, m.ReplyTo, edits, m.Text)
	}
}

var _ = slices.Contains[[]int]
var _ fakebot.Fault
