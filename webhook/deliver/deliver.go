// Package deliver brings each chat to the present state of the alerts.
//
// A worker for each chat compares what the chat shows with the spool, plans the
// most urgent call of its transport, stores it, makes it, and records the outcome.
// It does so while this replica holds the lease.
package deliver

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

// Options configure the workers of all chats.
type Options struct {
	Spool  *spool.Spool
	Holder *lease.Holder
	Chats  []transport.Chat
	// Transport returns the present transport of a name, or nil, and Formatter the
	// present formatter. Both can be replaced.
	Transport func(name string) transport.Transport
	Formatter func() *message.Formatter
	// Rates replace those of the transports, unless they are zero.
	Rates Rates
	// Shares appends each call to the journal, for other replicas.
	Shares   bool
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Workers deliver to the chats, one worker a chat.
type Workers struct {
	metrics *instruments
	log     *slog.Logger
	workers []*worker
}

// New registers the metrics of the deliveries and makes the workers.
func New(o Options) (*Workers, error) {
	ws := &Workers{log: o.Log}
	for _, chat := range o.Chats {
		if o.Transport(chat.Service()) == nil {
			return nil, fmt.Errorf("chat %s: there is no transport %q: configure it, or remove the chat", chat, chat.Service())
		}
		ws.workers = append(ws.workers, &worker{Options: &o, key: chat.String(), configured: chat, chat: chat, wake: make(chan struct{}, 1)})
	}
	var err error
	if ws.metrics, err = newInstruments(o.Registry, ws.Keys()); err != nil {
		return nil, err
	}
	seed := ""
	if o.Shares {
		seed = rand.Text()
	}
	services := map[string]*service{}
	for _, w := range ws.workers {
		name := w.chat.Service()
		if services[name] == nil {
			services[name] = newService(w.rates())
		}
		w.service, w.seed = services[name], seed
		w.metrics, w.log = ws.metrics, o.Log.With("chat", w.key)
		for _, other := range ws.workers {
			if other != w && other.chat.ID == w.chat.ID && other.chat.Service() == name {
				w.topics = append(w.topics, other.key)
			}
		}
	}
	return ws, nil
}

// Keys returns the chats as configured.
func (ws *Workers) Keys() (keys []string) {
	for _, w := range ws.workers {
		keys = append(keys, w.key)
	}
	return keys
}

// Load reads the stored state of the chats. It marks the calls of a process
// that died during them as not made.
func (ws *Workers) Load(s *spool.Spool) error {
	var ambiguous map[string]int
	if err := s.Do(func(tx *spool.Tx) (err error) {
		if err := tx.RegisterChats(ws.Keys()); err != nil {
			return err
		}
		for _, w := range ws.workers {
			if err := w.load(tx); err != nil {
				return fmt.Errorf("chat %s: %w", w.key, err)
			}
			if !w.Shares { // else the holder of the lease shows it
				w.metrics.chatState(w.key, w.known())
			}
		}
		ambiguous, err = tx.RecoverCalls()
		return err
	}); err != nil {
		return err
	}
	for chat, n := range ambiguous {
		ws.metrics.ambiguous.WithLabelValues(chat).Add(float64(n))
		ws.log.Warn("the last process died during a call: the chat may show a message twice", "chat", chat, "messages", n)
	}
	return nil
}

// Run delivers until ctx is done, and returns when the calls in progress are
// finished. If hard is done, it interrupts them too.
func (ws *Workers) Run(ctx, hard context.Context) {
	var group sync.WaitGroup
	for _, w := range ws.workers {
		group.Go(func() { w.run(ctx, hard) })
		group.Go(func() { w.check(ctx) })
	}
	group.Wait()
}

// Wake makes every worker look for calls that are due.
func (ws *Workers) Wake() {
	for _, w := range ws.workers {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Failing reports whether a chat cannot be reached from here.
func (ws *Workers) Failing() bool {
	return slices.ContainsFunc(ws.workers, func(w *worker) bool { return w.failing.Load() })
}

// sleepUntil waits for a time, and returns false if the context is done first.
func sleepUntil(ctx context.Context, t time.Time) bool {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
