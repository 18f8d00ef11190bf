package chaos

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
)

// chatID is the only chat, unless a stage has another one.
const chatID = 7

// callTime is the duration of a normal call. It is long enough that kills often
// interrupt one.
const callTime = 4 * time.Millisecond

// telegramServer is the fake Bot API with planned faults.
type telegramServer struct {
	bot  *fakebot.Bot
	chat int64
	port *proc.Port

	mu        sync.Mutex
	server    *http.Server
	fault     func() fakebot.Fault // of each call; nil for none
	ambiguous [][]string           // alerts of each message that was shown without an answer
	faults    int
	seen      map[string]bool // alerts that some call named
}

// startTelegram starts a Bot API with a chat. Groups have Telegram's limits.
func startTelegram(token string, chat int64) (*telegramServer, error) {
	port, err := proc.ReservePort()
	if err != nil {
		return nil, err
	}
	var limits fakebot.Limits
	if chat < 0 {
		limits = fakebot.Telegram()
	}
	s := &telegramServer{bot: fakebot.New(token, limits, fakebot.Chat{ID: chat}), chat: chat, port: port, seen: map[string]bool{}}
	return s, s.up()
}

func (s *telegramServer) url() string { return "http://" + s.port.Addr() }

// up starts listening, also after down.
func (s *telegramServer) up() error {
	l, err := net.Listen("tcp", s.port.Addr())
	if err != nil {
		return err
	}
	s.server = &http.Server{Handler: s}
	go func() { _ = s.server.Serve(l) }() // down stops it
	return nil
}

// down refuses new connections. Calls in progress are answered.
func (s *telegramServer) down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return s.server.Shutdown(ctx)
}

func (s *telegramServer) close() {
	_ = s.server.Close()
	s.port.Release()
}

// failing makes f choose the fault of each call.
func (s *telegramServer) failing(f func() fakebot.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// shown returns the number of messages in the chat.
func (s *telegramServer) shown() int { return len(s.messages()) }

// texts returns the messages of the chat as they were sent.
func (s *telegramServer) texts() (list []string) {
	for _, m := range s.messages() {
		list = append(list, asSent(m))
	}
	return list
}

// shows reports whether a message was sent about an alert, or about its end.
func (s *telegramServer) shows(name string, over bool) bool {
	for _, text := range s.texts() {
		_, items := read(text)
		if slices.Contains(items, shownItem{name, over}) {
			return true
		}
	}
	return false
}

func (s *telegramServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // the webhook was killed while it sent
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.bot.ServeFault(w, r, s.next(r, body))
}

// next chooses the fault of a call.
func (s *telegramServer) next(r *http.Request, body []byte) fakebot.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var f fakebot.Fault
	if s.fault != nil {
		f = s.fault()
	}
	f.Delay += callTime
	if f.Drop || f.Half || f.Status != 0 || f.RetryAfter > 0 {
		s.faults++
	}
	names := alertsIn(string(body))
	for _, name := range names {
		s.seen[name] = true
	}
	if strings.HasSuffix(r.URL.Path, "/sendMessage") && (f.AfterApply || f.Half) {
		s.ambiguous = append(s.ambiguous, names)
	}
	return f
}

// called reports whether some call named the alert.
func (s *telegramServer) called(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[name]
}

// A storm is a kind of failure of the Bot API.
type storm struct {
	name  string
	fault func(*rand.Rand) fakebot.Fault
}

// storms returns the kinds of failure. About every second call fails.
func storms() []storm {
	half := func(f fakebot.Fault) func(*rand.Rand) fakebot.Fault {
		return func(rng *rand.Rand) fakebot.Fault {
			if rng.IntN(2) == 0 {
				return fakebot.Fault{}
			}
			return f
		}
	}
	return []storm{
		{"429", half(fakebot.Fault{RetryAfter: 1})},
		{"connections reset before the call", half(fakebot.Fault{Drop: true})},
		{"connections reset after the call", half(fakebot.Fault{Drop: true, AfterApply: true})},
		{"half answers", half(fakebot.Fault{Half: true})},
		{"502", half(fakebot.Fault{Status: http.StatusBadGateway, Body: "<html>Bad Gateway</html>"})},
		{"502 after the call", half(fakebot.Fault{Status: http.StatusBadGateway, AfterApply: true})},
		{"slow answers", func(rng *rand.Rand) fakebot.Fault {
			return fakebot.Fault{Delay: between(rng, 0, 600*time.Millisecond)}
		}},
	}
}

// storming fails calls for the duration d.
func (s *telegramServer) storming(ctx context.Context, st storm, seed uint64, d time.Duration) error {
	rng := rand.New(rand.NewPCG(seed, 2))
	s.failing(func() fakebot.Fault { return st.fault(rng) }) // called under the lock
	err := sleep(ctx, d)
	s.failing(nil)
	return err
}

// away refuses connections for the duration d.
func (s *telegramServer) away(ctx context.Context, d time.Duration) error {
	if err := s.down(ctx); err != nil {
		return err
	}
	return errors.Join(sleep(ctx, d), s.up())
}
