package fakebot_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
)

const token = "1:token"

// call makes one call and returns the status and body of the answer.
func call(t *testing.T, b *fakebot.Bot, token, method string, fields ...string) (int, string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	resp, err := b.Client().PostForm("http://telegram.test/bot"+token+"/"+method, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// The texts of the refusals are Telegram's own.
func TestRefusals(t *testing.T) {
	t.Parallel()
	keyboard := func(url string) string {
		return fmt.Sprintf(`{"inline_keyboard":[[{"text":"go","url":%q}]]}`, url)
	}
	send := func(fields ...string) []string { return append([]string{"chat_id", "7"}, fields...) }
	html := func(text string) []string { return send("parse_mode", "HTML", "text", text) }
	for name, c := range map[string]struct {
		token, method string
		fields        []string
		status        int
		text          string
	}{
		"wrong token":       {token: "1:other", method: "getMe", status: 401, text: "Unauthorized"},
		"no token":          {token: "other", method: "getMe", status: 404, text: "Not Found"},
		"unknown method":    {method: "sendMassage", status: 404},
		"unknown field":     {fields: send("text", "x", "protect_everything", "true"), status: 400, text: "unknown field"},
		"unknown chat":      {fields: []string{"chat_id", "8", "text", "x"}, status: 400, text: "chat not found"},
		"empty":             {fields: html(" <b></b>\n"), status: 400, text: "message text is empty"},
		"too long":          {fields: html(strings.Repeat("🚨", 2049)), status: 400, text: "message is too long"},
		"too long raw":      {fields: html(strings.Repeat("<b></b>", 5000)), status: 400, text: "message is too long"},
		"as long as it may": {fields: html("<b>" + strings.Repeat("🚨", 2047) + "&lt;&#62;</b>"), status: 200},
		"unclosed":          {fields: html("<b>x"), status: 400, text: `Can't find end tag corresponding to start tag \"b\"`},
		"crossed":           {fields: html("<b><i>x</b></i>"), status: 400, text: "Unmatched end tag"},
		"unopened":          {fields: html("x</b>"), status: 400, text: "Unexpected end tag"},
		"unknown tag":       {fields: html("<h1>x</h1>"), status: 400, text: "Unsupported start tag"},
		"bare <":            {fields: html("1 < 2"), status: 400, text: "can't parse entities"},
		"unknown attribute": {fields: html(`<b class="x">x</b>`), status: 400, text: "Unsupported attribute"},
		"known tags":        {fields: html(`<a href="https://x.y">a</a> <code>b</code> <blockquote expandable>c</blockquote> & &nbsp;`), status: 200},
		"parse mode":        {fields: send("parse_mode", "Text", "text", "x"), status: 400, text: "unsupported parse_mode"},
		"private button":    {fields: append(html("x"), "reply_markup", keyboard("http://grafana:3000/")), status: 400, text: "Wrong HTTP URL"},
		"public button":     {fields: append(html("x"), "reply_markup", keyboard("https://grafana.example.com/")), status: 200},
		"unknown reply":     {fields: append(html("x"), "reply_parameters", `{"message_id":99}`), status: 400, text: "message to be replied not found"},
		"unknown topic":     {fields: append(html("x"), "message_thread_id", "3"), status: 400, text: "message thread not found"},
		"unknown edit":      {method: "editMessageText", fields: append(html("x"), "message_id", "99"), status: 400, text: "message to edit not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: 7})
			if c.token == "" {
				c.token = token
			}
			if c.method == "" {
				c.method = "sendMessage"
			}
			status, body := call(t, b, c.token, c.method, c.fields...)
			if status != c.status || !strings.Contains(body, c.text) {
				t.Errorf("answered %d %s, not %d %s", status, body, c.status, c.text)
			}
			if n := len(b.Messages(7)); (n == 1) != (status == 200) {
				t.Errorf("the chat shows %d messages", n)
			}
		})
	}
}

func TestUnchangedEditIsRefused(t *testing.T) {
	t.Parallel()
	b := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: 7})
	call(t, b, token, "sendMessage", "chat_id", "7", "text", "x")
	if status, body := call(t, b, token, "editMessageText", "chat_id", "7", "message_id", "1", "text", "x"); status != 400 || !strings.Contains(body, "message is not modified") {
		t.Errorf("answered %d %s", status, body)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := fakebot.New(token, fakebot.Telegram(), fakebot.Chat{ID: -1})
		accepted := 0
		for range 120 {
			status, body := call(t, b, token, "sendMessage", "chat_id", "-1", "text", "x")
			switch status {
			case http.StatusOK:
				accepted++
			case http.StatusTooManyRequests:
				if !strings.Contains(body, `"retry_after":`) {
					t.Fatal(body)
				}
			default:
				t.Fatal(body)
			}
			time.Sleep(500 * time.Millisecond)
		}
		if accepted != 20 {
			t.Errorf("%d calls in a minute", accepted)
		}
	})
}

// A request that is cut off is not a call.
func TestIncompleteRequestIsNoCall(t *testing.T) {
	bot := fakebot.New("1:token", fakebot.Limits{}, fakebot.Chat{ID: 7})
	server := httptest.NewServer(bot)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "POST /bot1:token/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"chat_id\":")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn) // until the server has closed the connection
	conn.Close()
	server.Close()
	if calls := bot.Calls(); len(calls) != 0 {
		t.Errorf("calls %+v", calls)
	}
}

// The answers arrive whole, in halves and late, with their length or in chunks.
func TestAnswersOnTheWire(t *testing.T) {
	t.Parallel()
	bot := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: 7})
	server := httptest.NewServer(bot)
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		fault fakebot.Fault
		whole bool
	}{
		"whole":              {fakebot.Fault{}, true},
		"chunks":             {fakebot.Fault{Chunked: true}, true},
		"late":               {fakebot.Fault{Late: time.Millisecond}, true},
		"half":               {fakebot.Fault{Half: true}, false},
		"half of the chunks": {fakebot.Fault{Half: true, Chunked: true}, false},
	} {
		bot.Inject(c.fault)
		before := len(bot.Messages(7))
		resp, err := http.PostForm(server.URL+"/bot"+token+"/sendMessage", url.Values{"chat_id": {"7"}, "text": {"x"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if (err == nil) != c.whole || (resp.ContentLength < 0) != c.fault.Chunked {
			t.Errorf("%s: %d bytes announced, %v", name, resp.ContentLength, err)
		}
		if len(bot.Messages(7)) != before+1 {
			t.Errorf("%s: the call is not carried out", name)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	b := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: -1, Topics: []int{5}})
	b.Refuse(func(_ int64, m fakebot.Message) string {
		if m.Topic == 5 && m.Text == "no" {
			return "TOPIC_CLOSED"
		}
		return ""
	})
	send := func(text string) int {
		status, _ := call(t, b, token, "sendMessage", "chat_id", "-1", "message_thread_id", "5", "text", text)
		return status
	}
	if yes, no := send("yes"), send("no"); yes != 200 || no != 400 {
		t.Errorf("answered %d and %d", yes, no)
	}
	if status, _ := call(t, b, token, "editMessageText", "chat_id", "-1", "message_id", "1", "text", "no"); status != 400 {
		t.Errorf("an edit is answered %d", status)
	}
	if n := len(b.Refusals()); n != 0 {
		t.Errorf("%d refusals count as mistakes of the program", n)
	}
	b.Refuse(nil)
	if status := send("no"); status != 200 {
		t.Errorf("answered %d", status)
	}
}

// A message that a person deleted can be neither edited nor replied to.
func TestDelete(t *testing.T) {
	t.Parallel()
	b := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: 7})
	call(t, b, token, "sendMessage", "chat_id", "7", "text", "x")
	b.Delete(7, 1)
	if _, body := call(t, b, token, "editMessageText", "chat_id", "7", "message_id", "1", "text", "y"); !strings.Contains(body, "message to edit not found") {
		t.Error(body)
	}
	if _, body := call(t, b, token, "sendMessage", "chat_id", "7", "text", "y", "reply_parameters", `{"message_id":1}`); !strings.Contains(body, "message to be replied not found") {
		t.Error(body)
	}
}

// A supergroup numbers its messages anew, from 1.
func TestMigrate(t *testing.T) {
	t.Parallel()
	b := fakebot.New(token, fakebot.Limits{}, fakebot.Chat{ID: -1})
	call(t, b, token, "sendMessage", "chat_id", "-1", "text", "x")
	b.Migrate(-1, -1001)
	if _, body := call(t, b, token, "getChat", "chat_id", "-1"); !strings.Contains(body, `"migrate_to_chat_id":-1001`) {
		t.Error(body)
	}
	if _, body := call(t, b, token, "sendMessage", "chat_id", "-1001", "text", "y"); !strings.Contains(body, `"message_id":1,`) {
		t.Error(body)
	}
}
