package chaos

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/fake/fakeslack"
)

// telegram is the fake Bot API.
type telegram struct {
	bot  *fakebot.Bot
	chat int64
}

func newTelegram(token string, chat int64) *telegram {
	var limits fakebot.Limits
	if chat < 0 {
		limits = fakebot.Telegram()
	}
	return &telegram{fakebot.New(token, limits, fakebot.Chat{ID: chat}), chat}
}

func (t *telegram) serve(w http.ResponseWriter, r *http.Request, f fakebot.Fault) {
	t.bot.ServeFault(w, r, f)
}

func (t *telegram) messages() []fakebot.Message { return t.bot.Messages(t.chat) }

func (t *telegram) refusals() (list []string) {
	for _, c := range t.bot.Refusals() {
		list = append(list, c.Error)
	}
	return list
}

func (t *telegram) wait(ctx context.Context, holds func() bool) error { return t.bot.Wait(ctx, holds) }

func (*telegram) creates(path string) bool { return strings.HasSuffix(path, "/sendMessage") }

// slack is the fake Web API of Slack.
type slack struct{ *fakeslack.Workspace }

func newSlack(token string) slack { return slack{fakeslack.New(token, fakeslack.Limits{}, channel)} }

func (s slack) serve(w http.ResponseWriter, r *http.Request, f fakebot.Fault) {
	s.ServeFault(w, r, fakeslack.Fault{
		Delay: f.Delay, Late: f.Late, Drop: f.Drop, AfterApply: f.AfterApply, Half: f.Half,
		Status: f.Status, Body: f.Body, RetryAfter: f.RetryAfter,
	})
}

// messages returns the messages as a chat of Telegram would show them, with numbers
// as ids.
func (s slack) messages() (list []fakebot.Message) {
	bullets := strings.NewReplacer("• ", "- ")
	all := s.Messages(channel)
	for i, m := range all {
		shown := fakebot.Message{ID: i + 1, Text: bullets.Replace(m.Text), Sent: m.Sent}
		shown.ReplyTo = 1 + slices.IndexFunc(all, func(root fakeslack.Message) bool { return root.TS == m.Thread })
		for _, e := range m.Edits {
			shown.Edits = append(shown.Edits, fakebot.Edit{Text: bullets.Replace(e.Text), At: e.At})
		}
		list = append(list, shown)
	}
	return list
}

func (s slack) refusals() (list []string) {
	for _, c := range s.Refusals() {
		list = append(list, fmt.Sprintf("%s: %s %s", c.Method, c.Error, c.Detail))
	}
	return list
}

func (s slack) wait(ctx context.Context, holds func() bool) error { return s.Wait(ctx, holds) }

func (slack) creates(path string) bool { return strings.HasSuffix(path, "/chat.postMessage") }
