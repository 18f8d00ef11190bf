package webhook_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/fake/fakeslack"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/slack"
	"github.com/alertnative/preflight/webhook/transport"
)

const (
	channel    = "C0123456789"
	slackToken = "xoxb-1-SECRET"
)

// room is a chat of one transport, and its fake.
type room struct {
	chat    transport.Chat
	shown   func() []shownMessage
	fail    func(trouble)
	refuse  func(func(text string) bool) // makes it refuse texts
	gone    func(bool)                   // makes it take no messages
	refused func() int                   // the calls that a correct program does not make
}

// shownMessage is a message of a room.
type shownMessage struct {
	fakebot.Message // its ids are counted from 1
	loud            bool
}

// trouble is a failure of the next calls of a room.
type trouble struct {
	lost, unanswered bool
	wait             int // seconds
	times            int
	edits            bool // of edits alone
}

// telegramRoom is the chat of a person.
func (w *world) telegramRoom() room {
	return room{
		chat: transport.Chat{ID: fmt.Sprint(person)},
		shown: func() (list []shownMessage) {
			for _, m := range w.bot.Messages(person) {
				list = append(list, shownMessage{m, !m.Silent})
			}
			return list
		},
		fail: func(tr trouble) {
			f := fakebot.Fault{Times: tr.times, Drop: tr.lost || tr.unanswered, AfterApply: tr.unanswered, RetryAfter: tr.wait, Chat: person}
			if tr.edits {
				f.Method = "editMessageText"
			}
			w.bot.Inject(f)
		},
		refuse: func(refuses func(string) bool) {
			w.bot.Refuse(func(_ int64, m fakebot.Message) string {
				if refuses(m.Text) {
					return "Bad Request: no"
				}
				return ""
			})
		},
		gone:    func(gone bool) { w.bot.Block(person, gone) },
		refused: func() int { return len(w.bot.Refusals()) },
	}
}

// slackRoom is a channel.
func slackRoom(s *fakeslack.Workspace) room {
	return room{
		chat: transport.Chat{Transport: slack.Name, ID: channel},
		shown: func() (list []shownMessage) {
			all := s.Messages(channel)
			for i, m := range all {
				shown := fakebot.Message{ID: i + 1, Text: strings.ReplaceAll(m.Text, "• ", "- "), Sent: m.Sent, Silent: true}
				shown.ReplyTo = 1 + slices.IndexFunc(all, func(root fakeslack.Message) bool { return root.TS == m.Thread })
				for _, e := range m.Edits {
					shown.Edits = append(shown.Edits, fakebot.Edit(e))
				}
				list = append(list, shownMessage{shown, len(m.Mentions) > 0})
			}
			return list
		},
		fail: func(tr trouble) {
			f := fakeslack.Fault{Times: tr.times, Drop: tr.lost || tr.unanswered, AfterApply: tr.unanswered, RetryAfter: tr.wait}
			if tr.edits {
				f.Method = "chat.update"
			}
			s.Inject(f)
		},
		refuse: func(refuses func(string) bool) {
			s.Refuse(func(_ string, m fakeslack.Message) string {
				if refuses(m.Text) {
					return "invalid_blocks"
				}
				return ""
			})
		},
		gone:    func(gone bool) { s.Archive(channel, gone) },
		refused: func() int { return len(s.Refusals()) },
	}
}

// withSlack adds a channel to the chats of the webhook, in place of the others or
// beside them.
func (w *world) withSlack(beside bool) room {
	w.t.Helper()
	s := fakeslack.New(slackToken, fakeslack.Slack(), channel)
	client, err := slack.New(slack.Options{Token: slackToken, HTTP: s.Client()})
	if err != nil {
		w.t.Fatal(err)
	}
	r := slackRoom(s)
	if !beside {
		w.config.Chats = nil
	}
	w.config.Chats = append(w.config.Chats, r.chat)
	w.config.Transports = map[string]webhook.Transport{transport.Telegram: w.config.Transports[transport.Telegram], slack.Name: client}
	return r
}

// inRooms runs a test in fake time with one chat: of each transport.
func inRooms(t *testing.T, f func(*world, room)) {
	t.Parallel()
	for _, name := range []string{transport.Telegram, slack.Name} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inRoom(t, func(w *world) room {
				if name == slack.Name {
					return w.withSlack(false)
				}
				return w.telegramRoom()
			}, f)
		})
	}
}

func inRoom(t *testing.T, choose func(*world) room, f func(*world, room)) {
	spool := filepath.Join(t.TempDir(), "spool.db")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)))
		w := newWorld(t, "7", spool)
		r := choose(w)
		w.start()
		defer func() { w.stop() }()
		f(w, r)
		if n := r.refused(); n > 0 {
			t.Errorf("%d calls were refused", n)
		}
	})
}

// expect compares the messages with one line for each, see [world.expect], but for
// their sound.
func (r room) expect(t *testing.T, w *world, want ...string) {
	t.Helper()
	var got []string
	for _, m := range r.shown() {
		m.Silent = false
		got = append(got, outline(m.Message))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the chat shows\n\t%s\nnot\n\t%s\nlog:\n%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), w.logs)
	}
}
