package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/stack/proc"
	"github.com/alertnative/preflight/webhook/config"
)

// chatID is the only chat of Telegram, unless a stage has another one, and channel
// that of Slack.
const (
	chatID  = 7
	channel = "C0123456789"
)

// callTime is the duration of a normal call. It is long enough that kills often
// interrupt one.
const callTime = 4 * time.Millisecond

// backend is the fake of a service with one chat.
type backend interface {
	// serve answers a call with a fault.
	serve(w http.ResponseWriter, r *http.Request, f fakebot.Fault)
	messages() []fakebot.Message
	// refusals returns the calls that a correct program does not make.
	refusals() []string
	wait(ctx context.Context, holds func() bool) error
	// creates reports whether a call sends a new message.
	creates(path string) bool
}

// chatServer is the fake service of a transport with planned faults.
type chatServer struct {
	backend
	chat string // as configured
	port *proc.Port

	mu        sync.Mutex
	server    *http.Server
	fault     func() fakebot.Fault // of each call; nil for none
	ambiguous [][]string           // alerts of each message that was shown without an answer
	faults    int
	seen      map[string]bool // alerts that some call named
}

// startChats starts the fake of a transport with one chat. Groups of Telegram have
// Telegram's limits.
func startChats(transport string, s *secrets, chat int64) (*chatServer, error) {
	port, err := proc.ReservePort()
	if err != nil {
		return nil, err
	}
	c := &chatServer{port: port, seen: map[string]bool{}}
	switch transport {
	case "", config.Telegram, both:
		c.backend, c.chat = newTelegram(s.bot, chat), fmt.Sprint(chat)
	case config.Slack:
		c.backend, c.chat = newSlack(s.slack), "slack:"+channel
	default:
		return nil, fmt.Errorf("no transport %q: choose telegram, slack or both", transport)
	}
	return c, c.up()
}

func (s *chatServer) url() string { return "http://" + s.port.Addr() }

// up starts listening, also after down.
func (s *chatServer) up() error {
	l, err := net.Listen("tcp", s.port.Addr())
	if err != nil {
		return err
	}
	s.server = &http.Server{Handler: s}
	go func() { _ = s.server.Serve(l) }() // down stops it
	return nil
}

// down refuses new connections. Calls in progress are answered.
func (s *chatServer) down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	return s.server.Shutdown(ctx)
}

func (s *chatServer) close() {
	_ = s.server.Close()
	s.port.Release()
}

// failing makes f choose the fault of each call.
func (s *chatServer) failing(f func() fakebot.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// shown returns the number of messages in the chat.
func (s *chatServer) shown() int { return len(s.messages()) }

// texts returns the messages of the chat as they were sent.
func (s *chatServer) texts() (list []string) {
	for _, m := range s.messages() {
		list = append(list, asSent(m))
	}
	return list
}

// shows reports whether a message was sent about an alert, or about its end.
func (s *chatServer) shows(name string, over bool) bool {
	for _, text := range s.texts() {
		_, items := read(text)
		if slices.Contains(items, shownItem{name, over}) {
			return true
		}
	}
	return false
}

func (s *chatServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // the webhook was killed while it sent
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.serve(w, r, s.next(r, body))
}

// next chooses the fault of a call.
func (s *chatServer) next(r *http.Request, body []byte) fakebot.Fault {
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
	if s.creates(r.URL.Path) && (f.AfterApply || f.Half) {
		s.ambiguous = append(s.ambiguous, names)
	}
	return f
}

// called reports whether some call named the alert.
func (s *chatServer) called(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[name]
}

// A storm is a kind of failure of the service.
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
func (s *chatServer) storming(ctx context.Context, st storm, seed uint64, d time.Duration) error {
	rng := rand.New(rand.NewPCG(seed, 2))
	s.failing(func() fakebot.Fault { return st.fault(rng) }) // called under the lock
	err := sleep(ctx, d)
	s.failing(nil)
	return err
}

// away refuses connections for the duration d.
func (s *chatServer) away(ctx context.Context, d time.Duration) error {
	if err := s.down(ctx); err != nil {
		return err
	}
	return errors.Join(sleep(ctx, d), s.up())
}
