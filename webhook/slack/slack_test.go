package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakeslack"
	"github.com/alertnative/preflight/webhook/slack"
	"github.com/alertnative/preflight/webhook/transport"
	"github.com/alertnative/preflight/webhook/transport/transporttest"
)

const (
	token   = "xoxb-123-SECRET"
	channel = "C0123456789"
)

func newClient(t *testing.T, url string) *slack.Client {
	t.Helper()
	c, err := slack.New(slack.Options{Token: token, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newWorkspace(t *testing.T, limits fakeslack.Limits) (*fakeslack.Workspace, *slack.Client, transport.Chat) {
	t.Helper()
	w := fakeslack.New(token, limits, channel)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, newClient(t, server.URL+"/api"), transport.Chat{Transport: slack.Name, ID: channel}
}

func TestTransport(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T) transporttest.Service {
		w, client, chat := newWorkspace(t, fakeslack.Limits{})
		t.Cleanup(func() {
			for _, c := range w.Refusals() {
				if c.Error != "channel_not_found" && c.Error != "message_not_found" {
					t.Errorf("Slack refused %+v", c)
				}
			}
		})
		return transporttest.Service{
			Transport: client, Chat: chat, Unknown: transport.Chat{Transport: slack.Name, ID: "C000"}, Secret: token,
			Messages: func() (list []transporttest.Message) {
				for _, m := range w.Messages(channel) {
					id := m.TS
					if m.Thread != "" {
						id += "@" + m.Thread
					}
					list = append(list, transporttest.Message{ID: id, Text: m.Text, ReplyTo: m.Thread, Rings: len(m.Mentions) > 0})
				}
				return list
			},
			Delete: func(id string) { ts, _, _ := strings.Cut(id, "@"); w.Delete(channel, ts) },
			Fail:   func(f transporttest.Failure) { w.Inject(fault(f)) },
		}
	})
}

func refusal(code string) fakeslack.Fault {
	return fakeslack.Fault{Status: 200, Body: fmt.Sprintf(`{"ok":false,"error":%q}`, code)}
}

func fault(f transporttest.Failure) fakeslack.Fault {
	switch f {
	case transporttest.Lost:
		return fakeslack.Fault{Drop: true}
	case transporttest.Unanswered:
		return fakeslack.Fault{Drop: true, AfterApply: true}
	case transporttest.Unavailable:
		return fakeslack.Fault{Status: 502, Body: "<html>" + token}
	case transporttest.TooMany:
		return fakeslack.Fault{RetryAfter: int(transporttest.Wait.Seconds())}
	case transporttest.Unauthorized:
		return refusal("token_revoked")
	default:
		return refusal("invalid_blocks " + token)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	redirect := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))
	t.Cleanup(redirect.Close)
	for name, c := range map[string]struct {
		fault fakeslack.Fault
		url   string
		edit  bool
		want  transport.Kind
		wait  time.Duration
	}{
		"refused connection":     {url: gone.URL, want: transport.Unreachable},
		"redirect":               {url: redirect.URL, want: transport.Unreachable},
		"half an answer":         {fault: fakeslack.Fault{Half: true}, want: transport.Ambiguous},
		"no id":                  {fault: fakeslack.Fault{Status: 200, Body: `{"ok":true}`}, want: transport.Ambiguous},
		"no JSON":                {fault: fakeslack.Fault{Status: 200, Body: `<html>`}, want: transport.Ambiguous},
		"a refusal without code": {fault: fakeslack.Fault{Status: 200, Body: `{"ok":false}`}, want: transport.Ambiguous},
		"a proxy":                {fault: fakeslack.Fault{Status: 403, Body: "<html>"}, want: transport.Unreachable},
		"too large":              {fault: fakeslack.Fault{Status: 413, Body: "<html>"}, want: transport.Refused},
		"429 without a time":     {fault: fakeslack.Fault{Status: 429, Body: "{}"}, want: transport.RateLimited, wait: 10 * time.Second},
		"ratelimited":            {fault: refusal("ratelimited"), want: transport.RateLimited, wait: 10 * time.Second},
		"full":                   {fault: refusal("message_limit_exceeded"), want: transport.RateLimited, wait: time.Minute},
		"too many edits":         {fault: fakeslack.Fault{RetryAfter: 30}, edit: true, want: transport.RateLimited, wait: 30 * time.Second},
		"invalid token":          {fault: refusal("invalid_auth"), want: transport.Unauthorized},
		"inactive account":       {fault: refusal("account_inactive"), want: transport.Unauthorized},
		"no scope":               {fault: refusal("missing_scope"), want: transport.Unauthorized},
		"no scope, edit":         {fault: refusal("missing_scope"), edit: true, want: transport.Unauthorized},
		"archived":               {fault: refusal("is_archived"), want: transport.ChatGone},
		"not invited":            {fault: refusal("not_in_channel"), want: transport.ChatGone},
		"too long":               {fault: refusal("msg_too_long"), want: transport.Refused},
		"a new code":             {fault: refusal("quite_new"), want: transport.Refused},
		"window closed":          {fault: refusal("edit_window_closed"), edit: true, want: transport.MessageGone},
		"of another":             {fault: refusal("cant_update_message"), edit: true, want: transport.MessageGone},
		"a new message gone":     {fault: refusal("message_not_found"), want: transport.Refused},
		"possibly carried out":   {fault: refusal("fatal_error"), want: transport.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, client, chat := newWorkspace(t, fakeslack.Limits{})
			m := transport.Message{Document: transport.Text("x")}
			id, err := client.Send(t.Context(), chat, m)
			if err != nil {
				t.Fatal(err)
			}
			if c.url != "" {
				client = newClient(t, c.url)
			}
			w.Inject(c.fault)
			if c.edit {
				err = client.Edit(t.Context(), chat, id, m)
			} else {
				_, err = client.Send(t.Context(), chat, m)
			}
			var e *transport.Error
			if !errors.As(err, &e) || e.Kind != c.want || e.RetryAfter != c.wait || e.EditsOnly != (c.edit && c.wait > 0) {
				t.Fatalf("got %#v, not kind %d", err, c.want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, e, e), "SECRET") || e.Advice == "" {
				t.Errorf("%#v", e)
			}
		})
	}
}

// A loud reply is shown in the channel too. A thread that takes no replies is left.
func TestThreads(t *testing.T) {
	t.Parallel()
	w, client, chat := newWorkspace(t, fakeslack.Limits{})
	send := func(m transport.Message) string {
		t.Helper()
		id, err := client.Send(t.Context(), chat, m)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := send(transport.Message{Document: transport.Text("first"), Mentions: []string{"@here", "U012345", "S012345", "@oncall <"}})
	send(transport.Message{Document: transport.Text("quiet"), ReplyTo: first, Silent: true, Mentions: []string{"@here"}})
	send(transport.Message{Document: transport.Text("loud"), ReplyTo: first})
	w.Inject(refusal("restricted_action_thread_locked"))
	send(transport.Message{Document: transport.Text("apart"), ReplyTo: first})
	m := w.Messages(channel)
	if len(m) != 4 || m[1].Thread != first || m[1].Broadcast || m[1].Mentions != nil || m[2].Thread != first || !m[2].Broadcast || m[3].Thread != "" {
		t.Fatalf("the channel shows %+v", m)
	}
	if got := fmt.Sprint(m[0].Mentions); got != "[<!here> <@U012345> <!subteam^S012345>]" || !strings.Contains(m[0].Text, "@oncall <") {
		t.Errorf("mentioned are %s in %q", got, m[0].Text)
	}
}

func TestNotificationsHaveTheText(t *testing.T) {
	t.Parallel()
	w, client, chat := newWorkspace(t, fakeslack.Limits{})
	d, err := transport.ParseHTML("<b>P0: a &lt; b</b>\n  - <i>c</i> <a href=\"https://x.example.com/?a=b&amp;c\">d</a> <code>`e`</code>")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Send(t.Context(), chat, transport.Message{Document: d}); err != nil {
		t.Fatal(err)
	}
	m := w.Messages(channel)[0]
	if m.Fallback != "P0: a &lt; b\n  - c d `e`" || m.Text != "P0: a < b\n  • _c_ d `'e'`" || m.Blocks != 2 {
		t.Errorf("%+v", m)
	}
}

func TestRatesOfSlackAreKnown(t *testing.T) {
	t.Parallel()
	_, client, chat := newWorkspace(t, fakeslack.Slack())
	m := transport.Message{Document: transport.Text("x")}
	if _, err := client.Send(t.Context(), chat, m); err != nil {
		t.Fatal(err)
	}
	var e *transport.Error
	if _, err := client.Send(t.Context(), chat, m); !errors.As(err, &e) || e.Kind != transport.RateLimited || e.RetryAfter != time.Second || e.EditsOnly {
		t.Errorf("got %v", err)
	}
	limits, rates := fakeslack.Slack(), client.Capabilities(chat).Rates
	if rates.Chat < limits.Channel || rates.Edits > limits.Updates {
		t.Errorf("the rates are %+v, and Slack's limits %+v", rates, limits)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w, client, chat := newWorkspace(t, fakeslack.Limits{})
	w.Inject(fakeslack.Fault{Method: "conversations.info", Status: 200, Body: `{"ok":false,"error":"missing_scope"}`})
	if err := client.Check(t.Context(), chat); err != nil {
		t.Errorf("without the right to ask: %v", err)
	}
	w.Archive(channel, true)
	var e *transport.Error
	if err := client.Check(t.Context(), chat); !errors.As(err, &e) || e.Kind != transport.ChatGone {
		t.Errorf("archived: %v", err)
	}
	w.Revoke("xoxb-other")
	if err := client.Check(t.Context(), chat); !errors.As(err, &e) || e.Kind != transport.Unauthorized || !strings.Contains(e.Advice, "SLACK_BOT_TOKEN") {
		t.Errorf("revoked: %v", err)
	}
}

func TestWrongTokensAndAddresses(t *testing.T) {
	t.Parallel()
	for _, o := range []slack.Options{
		{}, {Token: "SECRET"}, {Token: "xoxp-SECRET"}, {Token: "xoxb-"}, {Token: "xoxb-SEC RET"}, {Token: "Bearer xoxb-SECRET"},
		{Token: token, URL: "ftp://user:SECRET@x"}, {Token: token, URL: "http://user:SECRET@x:port"}, {Token: token, URL: "slack"},
	} {
		if _, err := slack.New(o); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, id := range []string{"", "general", "#general", "c0123", "U0123456", "C01:5", "C0123456789 "} {
		if _, err := slack.ParseChat(id); err == nil {
			t.Errorf("%q is accepted", id)
		}
	}
	if chat, err := slack.ParseChat(channel); err != nil || chat.String() != "slack:"+channel {
		t.Errorf("%v, %v", chat, err)
	}
}
