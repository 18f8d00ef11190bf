// Package transporttest tests that a transport keeps the contract of package
// transport, on a fake of its service.
package transporttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alertnative/preflight/webhook/transport"
)

// Service is a transport and the fake service that it calls.
type Service struct {
	Transport transport.Transport
	Chat      transport.Chat
	Unknown   transport.Chat // that the service does not know
	// Messages returns the messages of the chat, oldest first.
	Messages func() []Message
	// Delete removes a message of the chat.
	Delete func(id string)
	// Fail makes the next call fail.
	Fail func(Failure)
	// Secret is a text that no error may contain, such as the token.
	Secret string
}

// Message is a message as the people of a chat see it.
type Message struct {
	ID      string
	Text    string // without formatting; buttons and links below it may be left out
	ReplyTo string // the message or thread that it answers; "" for none
	Rings   bool   // it asks for a sound, or mentions people
}

// Failure is a failure of a call.
type Failure int

// The failures that every fake can make.
const (
	Lost         Failure = iota // the connection breaks before the service carries out the call
	Unanswered                  // the connection breaks after it
	Unavailable                 // an answer with status 502
	TooMany                     // the service asks to wait for seven seconds
	Unauthorized                // the service does not accept the credentials
	Refused                     // the service refuses the content
)

// Wait is the wait that the failure [TooMany] asks for.
const Wait = 7 * time.Second

// Run tests a transport. The function start returns a new service for each test.
func Run(t *testing.T, start func(*testing.T) Service) {
	for name, test := range map[string]func(*testing.T, Service){
		"capabilities": capabilities,
		"send":         send,
		"edit":         edit,
		"reply":        reply,
		"sound":        sound,
		"hostile":      hostile,
		"longest":      longest,
		"plain":        plain,
		"failures":     failures,
		"gone":         gone,
		"check":        check,
	} {
		t.Run(name, func(t *testing.T) { test(t, start(t)) })
	}
}

func capabilities(t *testing.T, s Service) {
	c := s.Transport.Capabilities(s.Chat)
	if c.Text < transport.MinText {
		t.Errorf("the longest text has %d characters: it must have at least %d", c.Text, transport.MinText)
	}
	if c.Rates.Chat == 0 && c.Rates.Group == 0 && c.Rates.Global == 0 {
		t.Error("no rates")
	}
}

// document returns a document of a text in the markup of templates.
func document(t *testing.T, html string) transport.Document {
	t.Helper()
	d, err := transport.ParseHTML(html)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// mustSend sends a message and returns its id.
func mustSend(t *testing.T, s Service, m transport.Message) string {
	t.Helper()
	id, err := s.Transport.Send(t.Context(), s.Chat, m)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// last returns the newest message, of a number of them.
func last(t *testing.T, s Service, n int) Message {
	t.Helper()
	all := s.Messages()
	if len(all) != n {
		t.Fatalf("the chat shows %d messages, not %d: %+v", len(all), n, all)
	}
	return all[n-1]
}

func send(t *testing.T, s Service) {
	d := document(t, "<b>🚨 P0: Disk full</b>\n\nAlerts:\n  - <i>4%</i> free on <code>/var</code>\n    → clean up")
	d.Buttons = []transport.Button{{Text: "Runbook", URL: "https://wiki.example.com/a?b=c&d=e"}, {Text: "Silence", URL: "https://am.example.com", Row: 1}}
	first := mustSend(t, s, transport.Message{Document: d})
	second := mustSend(t, s, transport.Message{Document: transport.Text("another")})
	if first == "" || first == second {
		t.Errorf("the ids are %q and %q", first, second)
	}
	m := s.Messages()
	if len(m) != 2 || m[0].ID != first || m[1].ID != second || m[1].Text != "another" {
		t.Fatalf("the chat shows %+v", m)
	}
	for _, text := range []string{"🚨 P0: Disk full", "Alerts:", "/var", "→ clean up"} {
		if !strings.Contains(m[0].Text, text) {
			t.Errorf("%q is not shown in\n%s", text, m[0].Text)
		}
	}
	if strings.Contains(m[0].Text, "<b>") {
		t.Errorf("the markup shows:\n%s", m[0].Text)
	}
}

func edit(t *testing.T, s Service) {
	if !s.Transport.Capabilities(s.Chat).Edits {
		return
	}
	id := mustSend(t, s, transport.Message{Document: transport.Text("before")})
	for range 2 { // the second one changes nothing and is no error
		if err := s.Transport.Edit(t.Context(), s.Chat, id, transport.Message{Document: document(t, "<b>after</b>")}); err != nil {
			t.Fatal(err)
		}
	}
	if m := last(t, s, 1); m.ID != id || m.Text != "after" {
		t.Errorf("the chat shows %+v", m)
	}
	if err := s.Transport.Edit(t.Context(), s.Chat, id, transport.Message{Document: transport.Text("plain"), Plain: true}); err != nil {
		t.Fatal(err)
	}
	if m := last(t, s, 1); m.Text != "plain" {
		t.Errorf("the chat shows %+v", m)
	}
}

func reply(t *testing.T, s Service) {
	if !s.Transport.Capabilities(s.Chat).Replies {
		return
	}
	first := mustSend(t, s, transport.Message{Document: transport.Text("first")})
	second := mustSend(t, s, transport.Message{Document: transport.Text("second"), ReplyTo: first, Silent: true})
	if m := last(t, s, 2); m.ReplyTo != first {
		t.Errorf("the reply is %+v", m)
	}
	mustSend(t, s, transport.Message{Document: transport.Text("third"), ReplyTo: second})
	if m := last(t, s, 3); m.ReplyTo != first && m.ReplyTo != second {
		t.Errorf("the reply to the reply is %+v", m)
	}
	if s.Transport.Capabilities(s.Chat).Edits {
		if err := s.Transport.Edit(t.Context(), s.Chat, second, transport.Message{Document: transport.Text("edited")}); err != nil {
			t.Fatal(err)
		}
	}
	s.Delete(first)
	mustSend(t, s, transport.Message{Document: transport.Text("fourth"), ReplyTo: first})
	if m := last(t, s, 3); m.Text != "fourth" {
		t.Errorf("the reply to a message that is gone is %+v", m)
	}
}

func sound(t *testing.T, s Service) {
	mustSend(t, s, transport.Message{Document: transport.Text("quiet"), Silent: true, Mentions: []string{"@here"}})
	if m := last(t, s, 1); m.Rings {
		t.Errorf("the silent message is %+v", m)
	}
	id := mustSend(t, s, transport.Message{Document: transport.Text("loud"), Mentions: []string{"@oncall <a>"}})
	if m := last(t, s, 2); !strings.Contains(m.Text, "@oncall <a>") || !strings.Contains(m.Text, "loud") {
		t.Errorf("the message with a mention is %+v", m)
	}
	able := s.Transport.Capabilities(s.Chat)
	long := transport.Text(strings.Repeat("x", able.Text))
	mustSend(t, s, transport.Message{Document: long, Mentions: []string{"@oncall"}})
	if !able.Edits {
		return
	}
	if err := s.Transport.Edit(t.Context(), s.Chat, id, transport.Message{Document: transport.Text("edited"), Mentions: []string{"@here"}}); err != nil {
		t.Fatal(err)
	}
	if m := s.Messages()[1]; m.Text != "edited" {
		t.Errorf("the edited message is %+v", m)
	}
}

// hostile requires that texts are shown as they are, and mention no person.
func hostile(t *testing.T, s Service) {
	for i, text := range []string{
		"a < b > c & d", `"quoted" 'text'`, "&amp;lt; &#60;", "<b>no tag</b>", "<!here> <@U012345> <!channel>", "<https://evil.example.com|safe>", "] ) } \\ | #",
	} {
		d := transport.Document{Lines: []transport.Line{
			{Spans: []transport.Span{{Text: text, Marks: []transport.Mark{{Kind: transport.Bold}}}}},
			{Indent: 2, Item: true, Spans: []transport.Span{{Text: text}}},
			{Spans: []transport.Span{{Text: text, Marks: []transport.Mark{{Kind: transport.Code}}}}},
		}, Buttons: []transport.Button{{Text: text, URL: "https://example.com/?a=b&c=%7C|d"}}}
		mustSend(t, s, transport.Message{Document: d, Silent: true})
		m := last(t, s, i+1)
		if n := strings.Count(m.Text, text); n < 3 || m.Rings {
			t.Errorf("%q is shown %d times, rings %t:\n%s", text, n, m.Rings, m.Text)
		}
	}
}

// longest requires that the longest text is taken in every form, whatever is in it.
func longest(t *testing.T, s Service) {
	able := s.Transport.Capabilities(s.Chat)
	for i, c := range []string{"x", "&", "<", "한", "🚨"} {
		for _, width := range []int{40, 500, able.Text} {
			var d transport.Document
			for left := able.Text; left > 0; left -= width + 1 {
				n := min(width, left) / transport.Text(c).Length()
				if n > 0 {
					d.Lines = append(d.Lines, transport.Line{Spans: []transport.Span{{Text: strings.Repeat(c, n)}}})
				}
			}
			d.Lines[0].Spans[0].Marks = []transport.Mark{{Kind: transport.Bold}}
			m := transport.Message{Document: d}
			before := len(s.Messages())
			id := mustSend(t, s, m)
			if got, want := strings.Count(last(t, s, before+1).Text, c), strings.Count(d.String(), c); got != want {
				t.Errorf("text %d in lines of %d: %d of %d characters are shown", i, width, got, want)
			}
			if !able.Edits {
				continue
			}
			if err := s.Transport.Edit(t.Context(), s.Chat, id, m); err != nil {
				t.Errorf("text %d in lines of %d: edit: %v", i, width, err)
			}
		}
	}
}

// plain requires that the plain form has the addresses of the buttons.
func plain(t *testing.T, s Service) {
	d := document(t, "<b>a &lt; b</b> <code>c</code>")
	d.Buttons = []transport.Button{{Text: "Runbook", URL: "https://wiki.example.com/"}}
	mustSend(t, s, transport.Message{Document: d, Plain: true})
	if m, want := last(t, s, 1), "a < b `c`\nRunbook: https://wiki.example.com/"; m.Text != want {
		t.Errorf("the chat shows\n%s\nnot\n%s", m.Text, want)
	}
}

func failures(t *testing.T, s Service) {
	edits := s.Transport.Capabilities(s.Chat).Edits
	id := mustSend(t, s, transport.Message{Document: transport.Text("before")})
	for failure, want := range map[Failure][]transport.Kind{
		Lost:         {transport.Ambiguous, transport.Unreachable},
		Unanswered:   {transport.Ambiguous},
		Unavailable:  {transport.Ambiguous},
		TooMany:      {transport.RateLimited},
		Unauthorized: {transport.Unauthorized},
		Refused:      {transport.Refused},
	} {
		s.Fail(failure)
		_, err := s.Transport.Send(t.Context(), s.Chat, transport.Message{Document: transport.Text("x")})
		mustBe(t, s, fmt.Sprintf("failure %d of a new message", failure), err, want...)
		if edits {
			s.Fail(failure)
			err := s.Transport.Edit(t.Context(), s.Chat, id, transport.Message{Document: transport.Text(fmt.Sprint("edit ", failure))})
			mustBe(t, s, fmt.Sprintf("failure %d of an edit", failure), err, want...)
		}
	}
}

// mustBe requires an error of one of the kinds, that holds no secret and advises.
func mustBe(t *testing.T, s Service, about string, err error, kinds ...transport.Kind) {
	t.Helper()
	var e *transport.Error
	switch {
	case !errors.As(err, &e) || !slices.Contains(kinds, e.Kind):
		t.Errorf("%s: %v is of none of the kinds %v", about, err, kinds)
	case strings.Contains(fmt.Sprintf("%v %+v", err, e), s.Secret):
		t.Errorf("%s: the error has the secret: %v", about, err)
	case e.Transport == "" || e.Description == "" || e.Advice == "":
		t.Errorf("%s: %+v lacks the name of the transport, a description or advice", about, e)
	case e.Kind == transport.RateLimited && e.RetryAfter != Wait:
		t.Errorf("%s: retry after %s", about, e.RetryAfter)
	}
}

func gone(t *testing.T, s Service) {
	_, err := s.Transport.Send(t.Context(), s.Unknown, transport.Message{Document: transport.Text("x")})
	mustBe(t, s, "an unknown chat", err, transport.ChatGone)
	if !s.Transport.Capabilities(s.Chat).Edits {
		return
	}
	id := mustSend(t, s, transport.Message{Document: transport.Text("x")})
	s.Delete(id)
	for _, id := range []string{id, "", "none"} {
		err := s.Transport.Edit(t.Context(), s.Chat, id, transport.Message{Document: transport.Text("y")})
		mustBe(t, s, fmt.Sprintf("an edit of the message %q, which is gone", id), err, transport.MessageGone)
	}
}

func check(t *testing.T, s Service) {
	if err := s.Transport.Check(t.Context(), s.Chat); err != nil {
		t.Error(err)
	}
	mustBe(t, s, "the check of an unknown chat", s.Transport.Check(t.Context(), s.Unknown), transport.ChatGone)
	if n := len(s.Messages()); n != 0 {
		t.Errorf("the check shows %d messages", n)
	}
}
