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
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
	"github.com/alertnative/preflight/webhook/transport"
)

// Options configure the workers of all chats.
type Options struct {
	Spool  *spool.Spool
	Holder *lease.Holder
	// Transport returns the present transport of a name, or nil, and Formatter the
	// present formatter of a chat. Both can be replaced.
	Transport func(name string) transport.Transport
	Formatter func(chat string) *message.Formatter
	// Rates replace those of the transports, unless they are zero.
	Rates Rates
	// Shares appends each call to the journal, for other replicas.
	Shares   bool
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Workers deliver to the chats, one worker a chat. Without chats they do nothing, see
// [Workers.SetChats].
type Workers struct {
	Options
	metrics *instruments
	seed    string
	present atomic.Pointer[[]*worker]

	mu        sync.Mutex          // of what follows, and of changes of present
	services  map[string]*service // by the name of the transport
	ctx, hard context.Context
	stopped   map[string]chan struct{} // closed when the last worker of a chat has stopped
	group     sync.WaitGroup
	running   bool
}

// New registers the metrics of the deliveries.
func New(o Options) (*Workers, error) {
	ws := &Workers{Options: o, services: map[string]*service{}, stopped: map[string]chan struct{}{}}
	if o.Shares {
		ws.seed = rand.Text()
	}
	ws.present.Store(new([]*worker))
	var err error
	ws.metrics, err = newInstruments(o.Registry)
	return ws, err
}

// list returns the workers of the present chats.
func (ws *Workers) list() []*worker { return *ws.present.Load() }

// newWorker makes the worker of a chat.
func (ws *Workers) newWorker(chat transport.Chat) *worker {
	w := &worker{Options: &ws.Options, key: chat.String(), configured: chat, chat: chat, wake: make(chan struct{}, 1)}
	w.metrics, w.log, w.seed = ws.metrics, ws.Log.With("chat", w.key), ws.seed
	name := chat.Service()
	if ws.services[name] == nil {
		ws.services[name] = newService(w.rates())
	}
	w.service = ws.services[name]
	w.topics = func() (keys []string) {
		for _, other := range ws.list() {
			if other.key != w.key && other.configured.ID == w.configured.ID && other.configured.Service() == name {
				keys = append(keys, other.key)
			}
		}
		return keys
	}
	return w
}

// SetChats sets the chats to deliver to, and stores which receivers name them. It
// starts the workers of new chats, and stops those of the others after the calls in
// progress. After an error nothing is changed.
func (ws *Workers) SetChats(list []transport.Chat, chats state.Chats) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, chat := range list {
		if ws.Transport(chat.Service()) == nil {
			return fmt.Errorf("chat %s: there is no transport %q: configure it, or remove the chat", chat, chat.Service())
		}
	}
	before := ws.list()
	var now, added []*worker
	for _, chat := range list {
		i := slices.IndexFunc(before, func(w *worker) bool { return w.configured == chat })
		if i < 0 {
			added = append(added, ws.newWorker(chat))
			now = append(now, added[len(added)-1])
		} else {
			now = append(now, before[i])
		}
	}
	ws.present.Store(&now)
	if err := ws.Spool.Do(func(tx *spool.Tx) error {
		if err := tx.RegisterChats(chats, ws.Shares); err != nil {
			return err
		}
		for _, w := range added {
			if err := w.load(tx); err != nil {
				return fmt.Errorf("chat %s: %w", w.key, err)
			}
		}
		return nil
	}); err != nil {
		ws.present.Store(&before)
		return err
	}
	for _, w := range before {
		if !slices.Contains(now, w) && w.stop != nil {
			w.stop()
		}
	}
	for _, w := range added {
		ws.metrics.add(w.key)
		if !w.Shares { // else the holder of the lease shows it
			w.metrics.chatState(w.key, w.known())
		}
		ws.start(w)
	}
	return nil
}

// Recover marks the calls of a process that died during them as not made.
func (ws *Workers) Recover() error {
	var ambiguous map[string]int
	if err := ws.Spool.Do(func(tx *spool.Tx) (err error) {
		ambiguous, err = tx.RecoverCalls()
		return err
	}); err != nil {
		return err
	}
	for chat, n := range ambiguous {
		ws.metrics.ambiguous.WithLabelValues(chat).Add(float64(n))
		ws.Log.Warn("the last process died during a call: the chat may show a message twice", "chat", chat, "messages", n)
	}
	return nil
}

// Run delivers until ctx is done, and returns when the calls in progress are
// finished. If hard is done, it interrupts them too.
func (ws *Workers) Run(ctx, hard context.Context) {
	ws.mu.Lock()
	ws.ctx, ws.hard, ws.running = ctx, hard, true
	for _, w := range ws.list() {
		ws.start(w)
	}
	ws.mu.Unlock()
	<-ctx.Done()
	ws.mu.Lock()
	ws.running = false
	ws.mu.Unlock()
	ws.group.Wait()
}

// start starts a worker, once Run runs. If the chat was removed a moment ago, its
// former worker finishes its call before.
func (ws *Workers) start(w *worker) {
	if !ws.running {
		return
	}
	var ctx context.Context
	ctx, w.stop = context.WithCancel(ws.ctx)
	hard := ws.hard
	former, stopped := ws.stopped[w.key], make(chan struct{})
	ws.stopped[w.key] = stopped
	ws.group.Go(func() {
		defer close(stopped)
		if former != nil {
			<-former
		}
		var both sync.WaitGroup
		both.Go(func() { w.run(ctx, hard) })
		both.Go(func() { w.check(ctx) })
		both.Wait()
		if !slices.ContainsFunc(ws.list(), func(other *worker) bool { return other.key == w.key }) {
			ws.metrics.remove(w.key)
		}
	})
}

// Wake makes every worker look for calls that are due.
func (ws *Workers) Wake() {
	for _, w := range ws.list() {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Failing reports whether a chat cannot be reached from here.
func (ws *Workers) Failing() bool {
	return slices.ContainsFunc(ws.list(), func(w *worker) bool { return w.failing.Load() })
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
