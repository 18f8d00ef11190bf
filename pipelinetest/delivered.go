package pipelinetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/state"
)

// Message is a chat message or a call of another integration.
type Message struct {
	At    time.Time
	Text  string // the message as it was sent, without formatting
	Rings bool   // in Slack: it mentions people
}

// Delivered returns the messages of a receiver in order of time: those in its
// chats, and the calls of its other integrations.
func (p *Pipeline) Delivered(receiver string) []Message {
	p.t.Helper()
	if !slices.Contains(p.options.names, receiver) {
		p.t.Fatalf("no receiver %q: the site has %s", receiver, strings.Join(p.options.names, ", "))
	}
	var chats []int64
	var channels []string
	for _, r := range p.options.model.Routing.Receivers {
		for _, chat := range r.Chats {
			if r.Name == receiver {
				chats = append(chats, p.options.number(chat.Telegram))
				channels = append(channels, p.options.channels[chat.Slack])
			}
		}
	}
	var out []Message
	for _, chat := range chats {
		out = append(out, delivered(p.telegramPosts(chat))...)
	}
	for _, channel := range channels {
		out = append(out, delivered(p.slackPosts(channel))...)
	}
	for _, c := range p.outside.of(receiver) {
		if c.chat == 0 || !slices.Contains(chats, c.chat) {
			out = append(out, c.Message)
		}
	}
	slices.SortStableFunc(out, func(a, b Message) int { return a.At.Compare(b.At) })
	return out
}

// delivered returns messages of a chat as they were sent.
func delivered(list []post) []Message {
	var out []Message
	for _, x := range list {
		out = append(out, Message{x.sent, x.versions[0].text, x.rings})
	}
	return out
}

// outsiders replaces the programs that Alertmanager's own integrations call.
type outsiders struct {
	list []outside
	bot  *fakebot.Bot

	mu    sync.Mutex
	calls []outsideCall
}

// outsideCall is a call of an integration that was answered with success.
type outsideCall struct {
	Message
	of   outside
	chat int64 // chat in which it made a message; 0 for none
}

func (o *outsiders) record(c outsideCall) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, c)
}

// of returns the calls of a receiver, or all calls if receiver is empty.
func (o *outsiders) of(receiver string) []outsideCall {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.calls), func(c outsideCall) bool { return receiver != "" && c.of.receiver != receiver })
}

// serve starts the servers of the webhooks.
func (o *outsiders) serve(n *network) {
	for _, x := range o.list {
		if x.host != "" {
			n.serve(x.host, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err == nil {
					o.record(outsideCall{Message: Message{At: time.Now(), Text: summary(body)}, of: x})
				}
			}))
		}
	}
}

// ServeHTTP serves the Bot API, for the webhook and for the integrations at
// their own paths.
func (o *outsiders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(o.list, func(x outside) bool { return x.path != "" && strings.HasPrefix(r.URL.Path, x.path+"/") })
	if i < 0 {
		o.bot.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	http.StripPrefix(o.list[i].path, o.bot).ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	var sent struct {
		Result struct {
			ID   int `json:"message_id"`
			Chat struct {
				ID int64 `json:"id"`
			} `json:"chat"`
		} `json:"result"`
	}
	if json.Unmarshal(answer.Body.Bytes(), &sent) != nil || sent.Result.ID == 0 {
		return
	}
	for _, m := range o.bot.Messages(sent.Result.Chat.ID) {
		if m.ID == sent.Result.ID {
			o.record(outsideCall{Message: Message{m.Sent, m.Text, !m.Silent}, of: o.list[i], chat: sent.Result.Chat.ID})
		}
	}
}

// summary describes a notification of Alertmanager, one line for each alert.
func summary(body []byte) string {
	payload, err := state.ParsePayload(body)
	if err != nil {
		return string(body)
	}
	var lines []string
	for _, a := range payload.Alerts {
		labels := model.LabelSet{}
		for name, value := range a.Labels {
			labels[model.LabelName(name)] = model.LabelValue(value)
		}
		delete(labels, model.AlertNameLabel)
		lines = append(lines, fmt.Sprintf("%s: %s%s", a.Status, a.Labels[model.AlertNameLabel], labels))
	}
	return strings.Join(lines, "\n")
}
