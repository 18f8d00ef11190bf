package webhook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/webhook"
	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/telegram"
	"github.com/alertnative/preflight/webhook/transport"
)

const (
	token   = "123456:secret-token"
	person  = 7    // a private chat
	group   = -100 // a group
	another = 8
)

// world is a webhook and the Telegram it talks to, in fake time.
type world struct {
	t        *testing.T
	bot      *fakebot.Bot
	config   webhook.Config
	registry *prometheus.Registry
	service  *webhook.Service
	stop     func()
	logs     *logs
}

// logs can be read while the webhook writes them.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// inWorld runs a test in fake time, present-day, against a fake Telegram with
// Telegram's own limits.
func inWorld(t *testing.T, chats string, f func(*world)) {
	t.Parallel()
	spool := filepath.Join(t.TempDir(), "spool.db") // outside of the bubble: it is removed after it
	inWorldOf(t, chats, spool, func(w *world) {
		f(w)
		if refused := w.bot.Refusals(); len(refused) > 0 && !w.t.Failed() {
			w.t.Errorf("Telegram refused %v", refused)
		}
	})
}

// inWorldOf is inWorld with a given spool. The fake Telegram may refuse calls.
func inWorldOf(t *testing.T, chats, spool string, f func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)))
		w := newWorld(t, chats, spool)
		w.start()
		defer func() { w.stop() }()
		f(w)
	})
}

func newWorld(t *testing.T, chats, spool string) *world {
	t.Helper()
	list, err := telegram.ParseChats(chats)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, logs: new(logs)}
	w.bot = fakebot.New(token, fakebot.Telegram(),
		fakebot.Chat{ID: person}, fakebot.Chat{ID: another}, fakebot.Chat{ID: group, Topics: []int{5}})
	client, err := telegram.New(telegram.Options{Token: token, URL: "http://telegram.test", HTTP: w.bot.Client()})
	if err != nil {
		t.Fatal(err)
	}
	formatter, err := message.New(message.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.config = webhook.Config{
		Spool: spool, Settings: webhook.Settings{Chats: list, Transports: map[string]webhook.Transport{transport.Telegram: client}, Formatter: formatter},
		Log: slog.New(slog.NewTextHandler(w.logs, nil)),
	}
	return w
}

func (w *world) start() {
	w.t.Helper()
	w.registry = prometheus.NewPedanticRegistry()
	w.config.Registry = w.registry
	service, err := webhook.Open(w.t.Context(), w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() { service.Run(ctx); close(done) }()
	w.service = service
	w.stop = func() {
		cancel()
		<-done
		if err := service.Close(); err != nil {
			w.t.Error(err)
		}
	}
	synctest.Wait()
}

// restart stops the webhook and starts another on the same spool.
func (w *world) restart() { w.t.Helper(); w.stop(); w.start() }

// after lets time pass, and everything that happens in it.
func (w *world) after(d time.Duration) { time.Sleep(d); synctest.Wait() }

// post hands over a notification and lets what is immediate happen.
func (w *world) post(body []byte, notify api.Sound) {
	w.t.Helper()
	if _, err := state.ParsePayload(body); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.service.Accept(body, notify, ""); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// recorded posts a payload of testdata.
func (w *world) recorded(name string) {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "payloads", name+".json"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.post(body, api.Loud)
}

// metric returns the value of a counter or gauge, summed over its series that
// have the given label values.
func (w *world) metric(name string, labels ...string) float64 {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	var sum float64
	found := false
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if hasLabels(m, labels) {
				found = true
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	if !found {
		w.t.Fatalf("no metric %s%v", name, labels)
	}
	return sum
}

func hasLabels(m *dto.Metric, values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool {
		return !slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == v })
	})
}

// expect compares the messages of a chat with one line for each: its first
// line, and in brackets its list, the sound and the message that it replies to.
func (w *world) expect(chat int64, want ...string) {
	w.t.Helper()
	var got []string
	for _, m := range w.bot.Messages(chat) {
		got = append(got, outline(m))
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("the chat shows\n\t%s\nnot\n\t%s\nlog:\n%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), w.logs)
	}
}

func outline(m fakebot.Message) string {
	title, rest, _ := strings.Cut(m.Text, "\n")
	var list []string
	for line := range strings.Lines(rest) {
		if item, ok := strings.CutPrefix(line, "  - "); ok {
			list = append(list, strings.TrimSpace(item))
		}
	}
	s := fmt.Sprintf("%d %s [%s]", m.ID, title, strings.Join(list, "; "))
	if m.Silent {
		s += " silent"
	}
	if m.ReplyTo != 0 {
		s += fmt.Sprintf(" reply to %d", m.ReplyTo)
	}
	if len(m.Edits) > 0 {
		s += " edited"
	}
	return s
}

// alertmanager writes payloads as one would, of one group.
type alertmanager struct {
	url      string
	priority string
	key      string
	foreign  bool // its alerts are of other people's rules
}

// group returns the key of its group.
func (am alertmanager) group() string { return am.key + "{}:{priority=\"" + am.priority + "\"}" }

func (am alertmanager) payload(alerts ...template.Alert) []byte {
	p := state.Payload{Version: "4", GroupKey: am.group()}
	p.Receiver, p.ExternalURL, p.Status = "telegram", am.url, "resolved"
	for _, a := range alerts {
		if a.Status == "firing" {
			p.Status = "firing"
		}
		p.Alerts = append(p.Alerts, a)
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return body
}

func (am alertmanager) firing(target string, starts time.Time) template.Alert {
	labels := template.KV{"alertname": "Check", "priority": am.priority, "env": "paper", "check": "Database", "target": target}
	set := make([]string, 0, len(labels))
	for _, p := range labels.SortedPairs() {
		set = append(set, p.Name+p.Value)
	}
	a := template.Alert{
		Status: "firing", StartsAt: starts, Labels: labels, Annotations: template.KV{"title": "Preflight", "list_title": "Failed Checks", "summary": "Database: " + target},
		Fingerprint: fmt.Sprintf("%x", strings.Join(set, ",")),
	}
	if !am.foreign {
		a = evaluated(a, time.Now())
	}
	return a
}

// evaluated returns the alert of a generated rule that is evaluated every five
// seconds.
func evaluated(a template.Alert, at time.Time) template.Alert {
	a.Annotations = maps.Clone(a.Annotations)
	a.Annotations[api.EvaluatedAt] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	a.Annotations[api.ResolveWithin] = "20s"
	return a
}

func (am alertmanager) resolved(target string, starts, ends time.Time) template.Alert {
	a := am.firing(target, starts)
	a.Status, a.EndsAt = "resolved", ends
	if !am.foreign {
		a = evaluated(a, ends.Add(-5*time.Second))
	}
	return a
}
