package telegram_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

const token = "123456:SECRET-token"

func newClient(t *testing.T, url string) *telegram.Client {
	t.Helper()
	c, err := telegram.New(telegram.Options{Token: token, URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newBot(t *testing.T, limits fakebot.Limits) (*fakebot.Bot, *telegram.Client) {
	t.Helper()
	bot := fakebot.New(token, limits, fakebot.Chat{ID: 7}, fakebot.Chat{ID: -100, Topics: []int{5}})
	server := httptest.NewServer(bot)
	t.Cleanup(server.Close)
	return bot, newClient(t, server.URL)
}

// html returns a message with a text as templates write it.
func html(text string) transport.Message {
	d, err := transport.ParseHTML(text)
	if err != nil {
		panic(err)
	}
	return transport.Message{Document: d}
}

func TestSendAndEdit(t *testing.T) {
	t.Parallel()
	bot, c := newBot(t, fakebot.Limits{})
	chat := telegram.Chat{ID: "-100", Topic: 5}
	withButtons := html("<b>a</b> &lt;")
	withButtons.Document.Buttons = []transport.Button{
		{Text: "a", URL: "https://a.example.com/"}, {Text: "b", URL: "https://b.example.com/"}, {Text: "c", URL: "https://c.example.com/", Row: 3},
	}
	first, err := c.Send(t.Context(), chat, withButtons)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), chat, transport.Message{Document: transport.Text("reply"), Silent: true, ReplyTo: first}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Send(t.Context(), chat, transport.Message{Document: transport.Text("a <b> c"), Plain: true, ReplyTo: "99"}); err != nil {
		t.Fatal(err)
	}
	if b := bot.Messages(-100)[0].Buttons; len(b) != 3 || b[0].Row != 0 || b[1].Row != 0 || b[2].Row != 1 {
		t.Errorf("the buttons are %v", b)
	}
	for range 2 { // the second one changes nothing and is no error
		if err := c.Edit(t.Context(), chat, first, html("<i>new</i>")); err != nil {
			t.Fatal(err)
		}
	}
	if b := bot.Messages(-100)[0].Buttons; len(b) != 0 {
		t.Errorf("the edited message has the buttons %v", b)
	}
	m := bot.Messages(-100)
	if len(m) != 3 || m[0].Text != "new" || m[0].Topic != 5 || len(m[0].Edits) != 1 || m[0].Edits[0].Text != "a <" ||
		!m[1].Silent || fmt.Sprint(m[1].ReplyTo) != first || m[2].Text != "a <b> c" || m[2].ReplyTo != 0 {
		t.Errorf("the chat shows %+v", m)
	}
}

func TestFailuresSayWhatTheyMean(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	redirect := httptest.NewServer(http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound))
	t.Cleanup(redirect.Close)
	person := telegram.Chat{ID: "7"}
	refusal := func(text string) *fakebot.Fault {
		return &fakebot.Fault{Status: 400, Body: fmt.Sprintf(`{"ok":false,"error_code":400,"description":"Bad Request: %s"}`, text)}
	}
	for name, c := range map[string]struct {
		fault *fakebot.Fault
		url   string
		chat  telegram.Chat
		text  string
		want  transport.Kind
	}{
		"refused connection": {url: gone.URL, want: transport.Unreachable},
		"redirect":           {url: redirect.URL, want: transport.Unreachable},
		"dropped":            {fault: &fakebot.Fault{Drop: true}, want: transport.Ambiguous},
		"half an answer":     {fault: &fakebot.Fault{Half: true}, want: transport.Ambiguous},
		"bad gateway":        {fault: &fakebot.Fault{Status: 502, Body: "<html>" + token}, want: transport.Ambiguous},
		"no id":              {fault: &fakebot.Fault{Status: 200, Body: `{"ok":true,"result":{"message_id":-5}}`}, want: transport.Ambiguous},
		"no supergroup":      {fault: &fakebot.Fault{Status: 400, Body: `{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":8}}`}, want: transport.Refused},
		"the secret":         {fault: refusal("bot123456%3ASECRET-token/sendMessage"), want: transport.Refused},
		"no message":         {fault: &fakebot.Fault{Status: 200, Body: `{"ok":true,"result":{}}`}, want: transport.Ambiguous},
		"too many":           {fault: &fakebot.Fault{RetryAfter: 17}, want: transport.RateLimited},
		"unknown chat":       {chat: telegram.Chat{ID: "99"}, want: transport.ChatGone},
		"no such topic":      {chat: telegram.Chat{ID: "-100", Topic: 9}, want: transport.TopicGone},
		"markup":             {fault: refusal("can't parse entities"), want: transport.Refused},
		"too long":           {text: strings.Repeat("x", 4097), want: transport.Refused},
		"no rights":          {fault: refusal("not enough rights to send text messages to the chat"), want: transport.ChatGone},
		"message to edit":    {fault: refusal("message to edit not found"), want: transport.Refused}, // it was a new message
		"not modified":       {fault: refusal("message is not modified"), want: transport.Refused},
		"no description":     {fault: &fakebot.Fault{Status: 400, Body: `{"ok":false,"error_code":400}`}, want: transport.Refused},
		"conflict":           {fault: &fakebot.Fault{Status: 409, Body: `{"ok":false,"error_code":409,"description":"Conflict"}`}, want: transport.Refused},
		"unknown code":       {fault: &fakebot.Fault{Status: 406, Body: `{"ok":false,"error_code":406,"description":"NEW"}`}, want: transport.Refused},
		"too large":          {fault: &fakebot.Fault{Status: 413, Body: "<html>"}, want: transport.Refused},
		"proxy":              {fault: &fakebot.Fault{Status: 403, Body: "<html>"}, want: transport.Unreachable},
		"half a refusal":     {fault: &fakebot.Fault{Status: 400, Body: `{"ok":false,`, Chunked: true, Half: true}, want: transport.Unreachable},
		"half of the chunks": {fault: &fakebot.Fault{Chunked: true, Half: true}, want: transport.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bot, client := newBot(t, fakebot.Limits{})
			if c.url != "" {
				client = newClient(t, c.url)
			}
			if c.fault != nil {
				bot.Inject(*c.fault)
			}
			if c.chat.ID == "" {
				c.chat = person
			}
			if c.text == "" {
				c.text = "hello"
			}
			_, err := client.Send(t.Context(), c.chat, html(c.text))
			var e *transport.Error
			if !errors.As(err, &e) || e.Kind != c.want {
				t.Fatalf("got %v, not kind %d", err, c.want)
			}
			if c.want == transport.RateLimited && e.RetryAfter != 17*time.Second {
				t.Errorf("retry after %s", e.RetryAfter)
			}
			mustHide(t, err)
		})
	}
}

// What Telegram or a proxy writes into an answer is one short line of the log.
func TestDescriptionsAreShort(t *testing.T) {
	t.Parallel()
	bot, c := newBot(t, fakebot.Limits{})
	bot.Inject(fakebot.Fault{Status: 400, Body: `{"ok":false,"error_code":400,"description":"a\nb` + strings.Repeat("🚨", 100_000) + `"}`})
	_, err := c.Send(t.Context(), telegram.Chat{ID: "7"}, html("x"))
	if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, "a b🚨") || len(text) > 1000 {
		t.Errorf("%d bytes: %.100q", len(text), text)
	}
}

func mustHide(t *testing.T, err error) {
	t.Helper()
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "SECRET") {
		t.Errorf("the error shows the token: %#v", err)
	}
}

func TestAWrongTokenIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	bot := fakebot.New("1:other", fakebot.Limits{})
	server := httptest.NewServer(bot)
	t.Cleanup(server.Close)
	_, err := newClient(t, server.URL).Send(t.Context(), telegram.Chat{ID: "7"}, html("x"))
	var e *transport.Error
	if !errors.As(err, &e) || e.Kind != transport.Unauthorized || !strings.Contains(e.Advice, "TELEGRAM_BOT_TOKEN") {
		t.Errorf("got %v", err)
	}
	mustHide(t, err)
}

func TestBlockedAndMigratedChats(t *testing.T) {
	t.Parallel()
	bot, c := newBot(t, fakebot.Limits{})
	bot.Block(7, true)
	bot.Migrate(-100, -1009)
	var e *transport.Error
	if _, err := c.Send(t.Context(), telegram.Chat{ID: "7"}, html("x")); !errors.As(err, &e) || e.Kind != transport.ChatGone {
		t.Errorf("blocked: %v", err)
	}
	if _, err := c.Send(t.Context(), telegram.Chat{ID: "-100"}, html("x")); !errors.As(err, &e) || e.Kind != transport.Migrated || e.MigrateTo != "-1009" {
		t.Errorf("migrated: %v", err)
	}
}

func TestWhatIsNoTokenOrAddress(t *testing.T) {
	t.Parallel()
	for _, o := range []telegram.Options{
		{Token: ""}, {Token: "SECRET"}, {Token: "1:SECRET/x"}, {Token: "1:SEC RET"},
		{Token: "1:SECRET\x7f"}, {Token: "1:SECRET\u200b"}, {Token: "bot1:SECRET"}, {Token: "1:SECRET%"}, {Token: ":SECRET"}, {Token: "1:"},
		{Token: token, URL: "ftp://user:SECRET@x"}, {Token: token, URL: "http://user:SECRET@x:port"}, {Token: token, URL: "telegram"},
	} {
		_, err := telegram.New(o)
		if err == nil {
			t.Errorf("%+v is accepted", o)
			continue
		}
		mustHide(t, err)
	}
}

func TestParseChats(t *testing.T) {
	t.Parallel()
	chats, err := telegram.ParseChats(" -1001234567890:5, 7,@channel_name")
	want := []telegram.Chat{{ID: "-1001234567890", Topic: 5}, {ID: "7"}, {ID: "@channel_name"}}
	if err != nil || !slices.Equal(chats, want) {
		t.Errorf("%v, %v", chats, err)
	}
	c := newClient(t, "")
	for i, group := range []int{20, 0, 20} {
		if got := c.Capabilities(chats[i]).Rates.Group; got != group {
			t.Errorf("%v: %d calls a minute", chats[i], got)
		}
	}
	if chats[0].String() != "-1001234567890:5" {
		t.Errorf("%v", chats)
	}
	for _, list := range []string{"", "7,", "7,7", "x", "0", "7:0", "7:x", "1e3", "@a"} {
		if _, err := telegram.ParseChats(list); err == nil {
			t.Errorf("%q is accepted", list)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	bot, c := newBot(t, fakebot.Limits{})
	if err := c.Check(t.Context(), telegram.Chat{ID: "7"}); err != nil {
		t.Error(err)
	}
	bot.Migrate(-100, -1009)
	for id, advice := range map[string]string{"8": "check the id of the chat", "-100": "set the id of the chat to -1009"} {
		var e *transport.Error
		if err := c.Check(t.Context(), telegram.Chat{ID: id}); !errors.As(err, &e) || !e.Definite() || !strings.Contains(e.Advice, advice) {
			t.Errorf("chat %s: %v", id, err)
		}
	}
	if n := len(bot.Messages(7)); n != 0 {
		t.Errorf("%d messages", n)
	}
}
