package telegram_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport/transporttest"
)

func TestTransport(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T) transporttest.Service {
		bot := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: 7})
		server := httptest.NewServer(bot)
		t.Cleanup(server.Close)
		return transporttest.Service{
			Transport: newClient(t, server.URL), Chat: telegram.Chat{ID: "7"}, Unknown: telegram.Chat{ID: "8"}, Secret: token,
			Messages: func() (list []transporttest.Message) {
				for _, m := range bot.Messages(7) {
					reply := ""
					if m.ReplyTo != 0 {
						reply = strconv.Itoa(m.ReplyTo)
					}
					list = append(list, transporttest.Message{ID: strconv.Itoa(m.ID), Text: m.Text, ReplyTo: reply, Rings: !m.Silent})
				}
				return list
			},
			Delete: func(id string) {
				n, _ := strconv.Atoi(id)
				bot.Delete(7, n)
			},
			Fail: func(f transporttest.Failure) { bot.Inject(fault(f)) },
		}
	})
}

func fault(f transporttest.Failure) fakebot.Fault {
	refusal := func(code int, text string) fakebot.Fault {
		return fakebot.Fault{Status: code, Body: fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q}`, code, text)}
	}
	switch f {
	case transporttest.Lost:
		return fakebot.Fault{Drop: true}
	case transporttest.Unanswered:
		return fakebot.Fault{Drop: true, AfterApply: true}
	case transporttest.Unavailable:
		return fakebot.Fault{Status: 502, Body: "<html>" + token}
	case transporttest.TooMany:
		return fakebot.Fault{RetryAfter: int(transporttest.Wait.Seconds())}
	case transporttest.Unauthorized:
		return refusal(401, "Unauthorized")
	default:
		return refusal(400, "Bad Request: can't parse entities "+token)
	}
}
