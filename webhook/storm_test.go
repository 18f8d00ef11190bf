package webhook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/api"
)

func TestAStormIsFair(t *testing.T) {
	for chats, c := range map[string]struct {
		alerts, limit int
		topics        []int
	}{
		"-100":                 {10_000, 20, []int{0}},
		"-100:5,-100:6,-100:7": {1000, 20, []int{5, 6, 7}},
		"7":                    {1000, 62, []int{0}},
	} {
		t.Run(chats, func(t *testing.T) {
			inWorld(t, chats, func(w *world) {
				w.bot.AddTopic(group, 6)
				w.bot.AddTopic(group, 7)
				id := int64(group)
				if chats == "7" {
					id = person
				}
				begin := time.Now()
				big := alertmanager{url: "http://a", priority: "P0", key: "big"}
				w.post(big.payload(big.numbered(c.alerts)...), api.Loud)
				w.flood("P0", "g", 100)
				w.after(time.Minute - time.Since(begin))
				for _, topic := range c.topics {
					w.within(time.Minute, begin, id, topic, "one-of-00000", true)
					for i := range 100 {
						w.within(time.Minute, begin, id, topic, fmt.Sprintf("g%03d", i), true)
					}
				}
				w.after(10 * time.Second)
				later := time.Now()
				w.flood("P0", "later", 1)
				w.after(10 * time.Second)
				for _, topic := range c.topics {
					w.within(10*time.Second, later, id, topic, "later000", true)
				}
				w.after(5 * time.Minute)
				if n := len(w.bot.Messages(id)); n > c.limit {
					t.Errorf("%d messages in all", n)
				}
				w.settled(0)
			})
		})
	}
}

// Each urgent group that fires in a storm is named soon, however many there are:
// the reserve is never used up.
func TestUrgentGroupsInAStorm(t *testing.T) {
	for chats, every := range map[string]time.Duration{"-100": 1700 * time.Millisecond, "-100:5,-100:6,-100:7": 13 * time.Second} {
		t.Run(chats, func(t *testing.T) {
			inWorld(t, chats, func(w *world) {
				w.bot.AddTopic(group, 6)
				w.bot.AddTopic(group, 7)
				w.flood("P1", "old", 40)
				for i := range 50 {
					w.after(every)
					fired := time.Now()
					name := fmt.Sprintf("new%02d", i)
					w.flood("P0", name+"-", 1)
					defer func() {
						for _, topic := range w.topics() {
							w.within(10*time.Second, fired, group, topic, name+"-000", true)
						}
					}()
				}
				w.after(5 * time.Minute)
				w.settled(0)
			})
		})
	}
}

func TestAStormOfOrdinaryAlerts(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		begin := time.Now()
		w.flood("P1", "g", 40)
		w.after(30 * time.Second)
		w.flood("P1", "h", 20)
		w.after(5 * time.Minute)
		for i := range 40 {
			w.within(time.Minute, begin, group, 0, fmt.Sprintf("g%03d", i), false)
		}
		for i := range 20 {
			w.within(90*time.Second, begin, group, 0, fmt.Sprintf("h%03d", i), false)
		}
		m := w.bot.Messages(group)
		if len(m) != 15 || !strings.HasPrefix(m[14].Text, "⚠️ P1 storm: 46 alerts in 46 groups\n") {
			t.Fatalf("%d messages, the last %s", len(m), m[len(m)-1].Text)
		}
		w.settled(0)
		// The storm is over: a group gets a message of its own again.
		w.flood("P1", "after", 1)
		w.after(10 * time.Second)
		if m := w.bot.Messages(group); len(m) != 16 || !strings.Contains(m[15].Text, "after000") {
			t.Fatalf("%d messages", len(m))
		}
		if w.metric("preflight_webhook_storms_total") != 1 || w.metric("preflight_webhook_alerts_summarized_total") != 46 {
			t.Error("the metrics do not show one storm of 46 alerts")
		}
		// And it begins again.
		w.after(time.Minute)
		w.flood("P1", "again", 40)
		w.after(time.Second)
		if w.metric("preflight_webhook_storm") != 1 {
			t.Error("the metrics show no storm")
		}
		w.after(5 * time.Minute)
		if m := w.bot.Messages(group); len(m) != 31 {
			t.Fatalf("%d messages", len(m))
		}
		w.settled(0)
	})
}

// The ends of a storm are one message with counts, which edits bring up to date.
func TestTheEndsOfAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		start := time.Now()
		w.flood("P0", "g", 60)
		w.after(2 * time.Minute)
		before := len(w.bot.Messages(group))
		for i := range 60 {
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("g%03d", i)}
			w.post(am.payload(am.resolved(am.key, start, time.Now())), api.Loud)
			if i%20 == 19 {
				w.after(12 * time.Second)
			}
		}
		w.after(10 * time.Minute)
		m := w.bot.Messages(group)
		for _, ended := range m[:before] {
			if !strings.HasPrefix(ended.Text, "✅") {
				t.Errorf("message %d is not marked: %s", ended.ID, ended.Text)
			}
		}
		if last := m[len(m)-1]; len(m) > before+2 || !last.Silent || !strings.Contains(last.Text, "resolved") {
			t.Errorf("%d messages about the ends, the last %s", len(m)-before, last.Text)
		}
		w.settled(0)
	})
}

func TestALongMessageDelaysNoOtherGroup(t *testing.T) {
	for _, priorities := range [][]string{{"P0", "P0"}, {"P0", "P1"}, {"P1", "P0"}} {
		t.Run(strings.Join(priorities, " then "), func(t *testing.T) {
			inWorld(t, "-100", func(w *world) {
				big := alertmanager{url: "http://a", priority: priorities[0], key: "big"}
				w.post(big.payload(big.numbered(2500)...), sounds[priorities[0]])
				w.after(3 * time.Second)
				fired := time.Now()
				w.flood(priorities[1], "other", 1)
				w.after(10 * time.Minute)
				w.within(10*time.Second, fired, group, 0, "other000", false)
				if n := len(w.bot.Messages(group)); n > 5 {
					t.Errorf("%d messages", n)
				}
				w.settled(0)
			})
		})
	}
}

// Below the threshold the parts of a message yield to other groups.
func TestPartsYield(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		big := alertmanager{url: "http://a", priority: "P0", key: "big"}
		w.post(big.payload(big.numbered(200)...), api.Loud)
		w.after(500 * time.Millisecond)
		w.flood("P1", "other", 1)
		w.after(time.Minute)
		m := w.bot.Messages(group)
		if len(m) != 5 || !strings.Contains(m[1].Text, "other000") || !strings.Contains(m[2].Text, "(2/4)") {
			t.Errorf("%d messages, the second %s", len(m), m[1].Text)
		}
	})
}

// An urgent alert of a great group of others is in its first message, and alerts
// that join a group are counted.
func TestAlertsJoinAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		big, p0 := alertmanager{url: "http://a", priority: "P1", key: "big"}, alertmanager{url: "http://a", priority: "P0"}
		w.post(big.payload(append(big.numbered(600), p0.firing("urgent", time.Now()))...), api.Loud)
		w.after(time.Second)
		if m := w.bot.Messages(group); len(m) != 2 || !m[1].Silent || !strings.HasPrefix(m[0].Text, "🚨") || !strings.Contains(m[0].Text, "  - Database: urgent\n") {
			t.Fatalf("the chat shows %v", m)
		}
		w.flood("P1", "g", 20)
		w.after(20 * time.Second)
		w.post(big.payload(big.firing("joins", time.Now())), api.Silent)
		w.after(time.Minute)
		m := w.bot.Messages(group)
		var alerts int
		if _, err := fmt.Sscanf(m[len(m)-1].Text, "⚠️ P1 storm: %d alerts in", &alerts); err != nil || alerts < 550 {
			t.Errorf("the last message is %s", m[len(m)-1].Text)
		}
		w.settled(0)
	})
}

// After an outage of Telegram the chat gets what is true then, once.
func TestAStormWhileTelegramIsAway(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		w.bot.Inject(fakebot.Fault{Drop: true, Times: 10_000})
		start := time.Now()
		w.flood("P0", "over", 30)
		w.flood("P0", "stays", 30)
		w.flood("P1", "over-too", 30)
		w.after(10 * time.Minute)
		for _, c := range [][2]string{{"P0", "over"}, {"P1", "over-too"}} {
			for i := range 30 {
				am := alertmanager{url: "http://a", priority: c[0], key: fmt.Sprintf("%s%03d", c[1], i)}
				w.post(am.payload(am.resolved(am.key, start, time.Now())), sounds[c[0]])
			}
		}
		w.after(10 * time.Minute)
		w.bot.ClearFaults()
		w.after(10 * time.Minute)
		m := w.bot.Messages(group)
		if len(m) > 20 {
			t.Errorf("%d messages", len(m))
		}
		for i := range 30 {
			for _, name := range []string{"over%03d", "stays%03d", "over-too%03d"} {
				if n := w.count(group, fmt.Sprintf(name, i)); n != 1 {
					t.Errorf("%d messages name "+name, n, i)
				}
			}
		}
		w.backlog(0)
	})
}

// Reminders of many groups are one message.
func TestRemindersInAStorm(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		start := time.Now()
		w.flood("P0", "g", 60)
		w.after(time.Hour)
		before := len(w.bot.Messages(group))
		for i := range 60 {
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("g%03d", i)}
			w.post(am.payload(am.firing(am.key, start)), api.Loud)
		}
		w.after(10 * time.Minute)
		m := w.bot.Messages(group)
		if len(m) != before+2 || m[before].Silent || m[before+1].Silent || !strings.Contains(m[before+1].Text, "59 alerts in 59 groups still firing") {
			t.Fatalf("%d messages, the last %s", len(m)-before, m[len(m)-1].Text)
		}
		w.settled(0)
	})
}

// A chat in a storm does not delay another.
func TestAStormOfOneChat(t *testing.T) {
	inWorld(t, "-100,7", func(w *world) {
		w.flood("P0", "g", 30)
		w.after(40 * time.Second)
		if n := len(w.bot.Messages(person)); n != 30 {
			t.Errorf("the private chat has %d messages", n)
		}
		if w.metric("preflight_webhook_storm", "-100") != 1 || w.metric("preflight_webhook_storm", "7") != 0 {
			t.Error("the metrics do not show a storm in one chat")
		}
		w.after(5 * time.Minute)
		w.settled(0)
	})
}

// A deleted summary is replaced by a new one for the groups that come.
func TestADeletedSummary(t *testing.T) {
	inWorldOf(t, "-100", t.TempDir()+"/spool.db", func(w *world) {
		w.flood("P1", "g", 40)
		w.after(20 * time.Second)
		m := w.bot.Messages(group)
		w.bot.Delete(group, m[len(m)-1].ID)
		w.flood("P1", "h", 1)
		w.after(3 * time.Minute)
		if w.count(group, "h000") != 1 {
			w.dump(group)
			t.Error("the group is not named")
		}
		w.backlog(0)
	})
}

// A summary counts the alerts that Alertmanager left out of its groups.
func TestASummaryOfTruncatedGroups(t *testing.T) {
	inWorld(t, "-100", func(w *world) {
		for i := range 40 {
			am := alertmanager{url: "http://a", priority: "P0", key: fmt.Sprintf("g%03d", i)}
			w.post(leavingOut(w.t, 7, am.payload(am.firing(am.key, time.Now()))), api.Loud)
		}
		w.after(time.Minute)
		m := w.bot.Messages(group)
		last := m[len(m)-1].Text
		if !strings.Contains(last, "storm: 26 alerts in 26 groups\n… and 182 more that Alertmanager left out (max_alerts)\n") {
			t.Errorf("the summary is %s", last)
		}
	})
}
