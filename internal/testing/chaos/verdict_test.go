package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
)

// scene is a chat and a ledger with chosen contents.
type scene struct {
	*run
	t         *testing.T
	formatter *message.Formatter
	bot       *fakebot.Bot
}

func newScene(t *testing.T) *scene {
	t.Helper()
	formatter, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bot := fakebot.New("1:x", fakebot.Limits{}, fakebot.Chat{ID: chatID})
	return &scene{&run{report: &Report{}, ledger: newLedger(), chats: &chatServer{backend: &telegram{bot, chatID}, seen: map[string]bool{}}}, t, formatter, bot}
}

// alertNamed returns an alert as Alertmanager posts it.
func alertNamed(name, status string) template.Alert {
	a := oneAlert{name: name, group: "g", priority: "P0", starts: time.Now()}
	var posted template.Alert
	data, err := json.Marshal(a.payload(time.Now()))
	if err == nil {
		err = json.Unmarshal(data, &posted)
	}
	if err != nil {
		panic(err)
	}
	posted.Status = status
	return posted
}

// posted records a notification and the status of the answer.
func (s *scene) posted(status int, alerts ...template.Alert) {
	p := state.Payload{Version: "4", GroupKey: "g"}
	p.Status, p.Alerts = "firing", alerts
	body, err := json.Marshal(p)
	if err != nil {
		s.t.Fatal(err)
	}
	s.ledger.note(body, "loud", status)
}

// shows adds a message in the webhook's format to the chat.
func (s *scene) shows(kind message.Kind, alerts ...template.Alert) {
	s.t.Helper()
	n := message.Notice{Kind: kind, Now: time.Now()}
	for _, a := range alerts {
		n.Items = append(n.Items, message.Item{Alert: a, Resolved: a.Status == "resolved"})
	}
	messages, err := s.formatter.Format(n)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range messages {
		form := url.Values{"chat_id": {fmt.Sprint(chatID)}, "text": {m.Document.HTML()}, "parse_mode": {"HTML"}}
		r := httptest.NewRequest(http.MethodPost, "/bot1:x/sendMessage", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.bot.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			s.t.Fatal(w.Body)
		}
	}
}

// The verdict must find each kind of mistake.
func TestTheVerdictFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	one, two := alertNamed("t00001", "firing"), alertNamed("t00002", "firing")
	oneOver := alertNamed("t00001", "resolved")
	for name, c := range map[string]struct {
		play func(*scene)
		want verdict
	}{
		"all is delivered": {
			func(s *scene) {
				s.posted(200, one)
				s.posted(200, oneOver, two)
				s.shows(message.Alert, one)
				s.shows(message.Alert, two, one)
				s.shows(message.Resolution, oneOver)
			},
			verdict{delivered: 2, resolved: 1, stale: []string{"message 1 about t00001"}}, // no message was edited
		},
		"lost":               {func(s *scene) { s.posted(200, one) }, verdict{undelivered: []string{"t00001"}}},
		"never acknowledged": {func(s *scene) { s.posted(503, one) }, verdict{}},
		"delivered before a kill prevented the answer": {
			func(s *scene) {
				s.posted(0, one)
				s.shows(message.Alert, one)
			},
			verdict{delivered: 1},
		},
		"invented": {func(s *scene) { s.shows(message.Alert, one) }, verdict{delivered: 1, unknown: []string{"t00001"}}},
		"resolution lost": {
			func(s *scene) {
				s.posted(200, one)
				s.posted(200, oneOver)
				s.shows(message.Alert, one)
			},
			verdict{delivered: 1, unresolved: []string{"t00001"}, stale: []string{"message 1 about t00001"}},
		},
		"delivered when resolved": {
			func(s *scene) {
				s.posted(200, one)
				s.posted(200, oneOver)
				s.shows(message.Digest, oneOver)
			},
			verdict{delivered: 1, resolved: 1},
		},
		"twice": {
			func(s *scene) {
				s.posted(200, one)
				s.shows(message.Alert, one)
				s.shows(message.Alert, one)
			},
			verdict{delivered: 1, duplicates: 1, unexplained: []string{"message 2 about [{t00001 false}]"}},
		},
		"twice by an ambiguous call": {
			func(s *scene) {
				s.posted(200, one)
				s.shows(message.Alert, one)
				s.shows(message.Alert, one)
				s.report.killed(flight{sending: []interrupted{{s.chats.chat, []string{"t00001"}}}})
			},
			verdict{delivered: 1, duplicates: 1, ambiguous: 1},
		},
		"thrice by one ambiguous call": {
			func(s *scene) {
				s.posted(200, one)
				for range 3 {
					s.shows(message.Alert, one)
				}
				s.chats.ambiguous = [][]string{{"t00001"}}
			},
			verdict{delivered: 1, duplicates: 2, ambiguous: 1, unexplained: []string{"message 3 about [{t00001 false}]"}},
		},
		"reminded": {
			func(s *scene) {
				s.posted(200, one)
				s.shows(message.Alert, one)
				s.shows(message.Reminder, one)
			},
			verdict{delivered: 1, reminders: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			c.play(s)
			if got := s.compare(s.chats); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("verdict\n\t%+v\nnot\n\t%+v", got, c.want)
			}
		})
	}
}

func TestAKillCountsOnlyWithWorkInFlight(t *testing.T) {
	t.Parallel()
	var r Report
	for _, f := range []flight{{}, {inbox: 1}, {pending: 1}, {edits: 1}, {sending: []interrupted{{alerts: []string{"t00001"}}}}} {
		r.killed(f)
	}
	if r.Tries != 5 || r.Kills != 4 || r.HitInbox != 1 || r.HitPending != 1 || r.HitCall != 2 {
		t.Errorf("%+v", &r)
	}
}

func TestSecretsAreFoundWhereverTheyAre(t *testing.T) {
	t.Parallel()
	s := &secrets{bot: "123456:AbC/+ d", slack: "xoxb-1-2-slack-secret", webhook: "bearer-secret", alertmanager: "manager-secret", postgres: "dsn-secret"}
	for text, want := range map[string]string{
		`msg="POST /bot123456:AbC/+ d/sendMessage"`:         "the bot token",
		"url=http://h/bot123456%3AAbC%2F%2B+d":              "the bot token",
		"\x00\x01bearer-secret\x00":                         "the webhook's bearer token",
		"Authorization: Basic Y2hhb3M6bWFuYWdlci1zZWNyZXQ=": "the password of Alertmanager", // chaos:manager-secret
		"postgres://preflight:dsn-secret@127.0.0.1/":        "the password of PostgreSQL",
		"token=xoxb-1-2-slack-secret":                       "the token of Slack",
		"nothing of it":                                     "",
	} {
		got := strings.Join(Find([]byte(text), s.needles()), ", ")
		if got != want {
			t.Errorf("in %q: %q, not %q", text, got, want)
		}
	}
}
