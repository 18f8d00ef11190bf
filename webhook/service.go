// Package webhook receives Alertmanager's notifications and brings Telegram
// chats to the present state of the alerts.
//
// A notification is acknowledged when it is committed to the spool, a local
// database; from then on nothing that dies can lose it. It is then applied to
// the state: what Alertmanager says of each alert, and what each chat was
// shown of it. One worker for each chat compares the two and makes the calls
// that bring the chat nearer to the truth, the most urgent first. So retries,
// twins of an Alertmanager pair, restarts and outages need no cases of their
// own: whatever happened meanwhile, the chat is shown what is true, once.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/alertnative/preflight/webhook/message"
	"github.com/alertnative/preflight/webhook/telegram"
)

// DefaultWatchdogTimeout fits the shipped routing: a sign of life may be lost
// once, and it ends before Alertmanager lets the first alert expire.
const DefaultWatchdogTimeout = 150 * time.Second

// Config is what a [Service] needs.
type Config struct {
	// Spool is the path of the local database, or [InMemory].
	Spool string
	Chats []telegram.Chat
	// Sender shows the messages.
	Sender Sender
	// Formatter writes the messages, and has the scale of severities.
	Formatter *message.Formatter
	Log       *slog.Logger
	Registry  prometheus.Registerer
	// WatchdogTimeout is how long no evaluation of Prometheus may be known of
	// before the chats are told that alerting is blind; 0 where no heartbeat is
	// expected: then every end is believed. An end that
	// Alertmanager tells is believed when it was less than four fifths of that
	// after a known evaluation.
	WatchdogTimeout time.Duration
	// AwaitHeartbeat expects no heartbeat before the first one has arrived, here
	// or at another replica.
	AwaitHeartbeat bool
	// LevelSounds lets the severities of the alerts decide the sound of a
	// notification whose URL names none. Without it such a notification is loud.
	LevelSounds bool
	// Alertmanagers are asked whether what fires here fires there; none for
	// never.
	Alertmanagers []*Alertmanager
	// Replicas is what this process shares with others of the same bot; nil
	// when it is the only one.
	Replicas Replicas
	// Archive gets the history; nil keeps it in the spool alone.
	Archive Archive
	// Retention is how long an alert is kept after its end; 0 for 30 days.
	Retention time.Duration
	// Rates are how often calls are made; zero for Telegram's.
	Rates Rates
	// Drain bounds how long a call of the Bot API may go on when the service
	// stops; 0 for ten seconds.
	Drain time.Duration
}

// Service accepts notifications and delivers them.
type Service struct {
	config    Config
	spool     *spool
	metrics   *instruments
	workers   []*worker
	keys      []string
	sender    atomic.Pointer[Sender]
	formatter atomic.Pointer[message.Formatter]
	arrived   chan struct{} // something is in the inbox
	beat      chan struct{} // a watchdog arrived
	beating   sync.Mutex    // held while one is noted
	draining  atomic.Bool
	started   time.Time
	watchdog  atomic.Pointer[time.Time] // the newest evaluation that a watchdog told of
	elsewhere atomic.Pointer[time.Time] // the same, told at another replica, at the latest
	contact   atomic.Pointer[time.Time] // since when other replicas are heard of; the zero time for not yet
	turns     *turns
	replica   string // the name of this one
}

// Open opens the spool and takes up what an earlier process left. Close it.
func Open(ctx context.Context, c Config) (*Service, error) {
	if c.Retention == 0 {
		c.Retention = 30 * 24 * time.Hour
	}
	if c.Rates == (Rates{}) {
		c.Rates = TelegramRates()
	}
	if c.Drain == 0 {
		c.Drain = 10 * time.Second
	}
	s := &Service{config: c, arrived: make(chan struct{}, 1), beat: make(chan struct{}, 1), started: time.Now(), turns: newTurns()}
	s.SetSender(c.Sender)
	s.SetFormatter(c.Formatter)
	s.contact.Store(new(time.Time))
	var damaged string
	var err error
	if s.spool, damaged, err = openSpool(ctx, c.Spool); err != nil {
		return nil, err
	}
	if damaged != "" {
		c.Log.Error("the spool was damaged: it is kept aside and a new one begun, what was not delivered is only in the old one", "kept", damaged)
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.spool.close())
	}
	return s, nil
}

// start makes the workers, with what the spool knows of their chats.
func (s *Service) start() (err error) {
	for _, chat := range s.config.Chats {
		s.keys = append(s.keys, chat.String())
	}
	if s.metrics, err = newInstruments(s.config.Registry, s.spool, s.keys); err != nil {
		return err
	}
	global := rate.NewLimiter(rate.Limit(s.config.Rates.Global), 1)
	for _, chat := range s.config.Chats {
		s.workers = append(s.workers, &worker{
			key: chat.String(), chat: chat, spool: s.spool, rates: s.config.Rates, global: global, metrics: s.metrics,
			sender: func() Sender { return *s.sender.Load() }, formatter: s.formatter.Load,
			log: s.config.Log.With("chat", chat.String()), wake: make(chan struct{}, 1),
			turns: s.turns, shares: s.config.Replicas != nil,
		})
	}
	var ambiguous map[string]int
	var seen, elsewhere time.Time
	err = s.spool.do(func(tx *txn) (err error) {
		if err := s.registerChats(tx); err != nil {
			return err
		}
		for _, w := range s.workers {
			if err := w.load(tx); err != nil {
				return fmt.Errorf("chat %s: %w", w.key, err)
			}
		}
		if seen, err = fact(tx, watchdogSeen); err != nil {
			return err
		}
		if elsewhere, err = fact(tx, watchdogElsewhere); err != nil {
			return err
		}
		if s.replica, err = replicaName(tx); err != nil {
			return err
		}
		ambiguous, err = recoverCalls(tx)
		return err
	})
	for chat, n := range ambiguous {
		s.metrics.ambiguous.WithLabelValues(chat).Add(float64(n))
		s.config.Log.Warn("the last process died while it sent: the chat may show a message twice", "chat", chat, "messages", n)
	}
	if now := time.Now(); seen.After(now) { // the clock was set back
		seen = now
	}
	s.elsewhere.Store(&elsewhere)
	s.watchdog.Store(&seen)
	s.showSeen()
	return err
}

// registerChats adds the chats that are new, due to be shown all that fires,
// and forgets those that are no longer configured.
func (s *Service) registerChats(tx *txn) error {
	configured := map[string]bool{}
	for _, key := range s.keys {
		configured[key] = true
		r, err := tx.Exec(`INSERT INTO chats (key) VALUES (?) ON CONFLICT DO NOTHING`, key)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := tx.Exec(`INSERT INTO views (chat, instance, pending) SELECT ?, id, 1 FROM instances
			WHERE resolved_at IS NULL AND notify > 0 ON CONFLICT DO NOTHING`, key); err != nil {
			return err
		}
	}
	known, err := column[string](tx, `SELECT key FROM chats`)
	if err != nil {
		return err
	}
	for _, key := range known {
		if configured[key] {
			continue
		}
		for _, forget := range []string{
			`DELETE FROM views WHERE chat = ?`, `DELETE FROM reminders WHERE chat = ?`,
			`DELETE FROM messages WHERE chat = ?`, `DELETE FROM chats WHERE key = ?`,
		} {
			if _, err := tx.Exec(forget, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// state returns access to the state in a transaction.
func (s *Service) state(tx *txn) state {
	return state{tx: tx, chats: s.keys, scale: s.scale(), shares: s.config.Replicas != nil, timeout: s.config.WatchdogTimeout, seen: s.lastSeen()}
}

// SetSender replaces what shows the messages.
func (s *Service) SetSender(sender Sender) { s.sender.Store(&sender) }

// SetFormatter replaces what writes the messages, and the scale of severities.
func (s *Service) SetFormatter(f *message.Formatter) { s.formatter.Store(f) }

func (s *Service) scale() message.Scale { return s.formatter.Load().Scale() }

// Run applies and delivers until the context is done, and returns when the
// calls that had begun are finished. Notifications can be accepted before,
// meanwhile and after: they wait in the spool.
func (s *Service) Run(ctx context.Context) {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	s.turns.parent = ctx
	if s.config.Replicas == nil {
		s.turns.give(time.Time{}, false)
	} else {
		defer s.share(hard)() // after the last call
	}
	var group sync.WaitGroup
	for _, w := range s.workers {
		group.Go(func() { w.run(ctx, hard) })
	}
	s.logAwaiting()
	group.Go(func() { s.applyAll(ctx) })
	group.Go(func() { s.watch(ctx) })
	if len(s.config.Alertmanagers) > 0 {
		group.Go(func() { s.reconcileAll(ctx) })
	}
	if s.config.Archive != nil {
		group.Go(func() { s.archiveAll(ctx) })
	}
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		s.draining.Store(true)
		drain := time.NewTimer(s.config.Drain)
		defer drain.Stop()
		select {
		case <-finished:
		case <-drain.C:
			cancel()
			<-finished
		}
	}
}

// Close closes the spool. Nothing can be accepted after it.
func (s *Service) Close() error { return s.spool.close() }

// column reads the only column of a query.
func column[T any](tx *txn, query string, args ...any) ([]T, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
