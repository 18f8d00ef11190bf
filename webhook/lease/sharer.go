package webhook

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/replica"
)

// Replicas is what the replicas of one bot share; [replica.Store] is the real
// one. It may be away for any time: then each replica tells what it is notified
// of itself, and the chats can show a message twice.
type Replicas interface {
	Migrate(ctx context.Context) error
	// Beat says that this replica lives, and asks for the turn.
	Beat(ctx context.Context, b replica.Beat) (replica.Standing, error)
	// Push adds events to the journal, all or none; adding one again changes
	// nothing.
	Push(ctx context.Context, events []replica.Event) error
	// Pull returns the entries after a place that are not the replica's own, and
	// up to where it looked.
	Pull(ctx context.Context, self string, after int64) (events []replica.Event, upTo int64, err error)
	// Prune forgets entries older than a time.
	Prune(ctx context.Context, before time.Time) error
	// Listen calls a function for every addition to the journal.
	Listen(ctx context.Context, added func()) error
}

const (
	beatEvery  = time.Second
	awayRetry  = time.Second     // between two tries while the database is away
	relisten   = 5 * time.Second // between two tries to be told of additions
	failingFor = time.Minute     // how long a replica that can't reach Telegram leaves the turn to others

	pushAtOnce, pushBytes = 1000, 4 << 20
)

// The name of the facts that say up to where which journal was read.
const (
	journalRead     = "journal_read"
	journalIdentity = "journal_identity"
)

// sharer is one replica's part in what they share.
type sharer struct {
	service  *Service
	store    Replicas
	turns    *turns
	migrated bool
	away     bool
	journal  int64 // the identity of the journal
	place    int64 // up to where it was read
	beat     time.Time
	turn     bool      // it is this replica's
	failing  time.Time // until when others are to try
	pruned   time.Time
	chats    string
	peers    []replica.Peer
	differs  bool // one of them has other chats
}

// share follows the other replicas and takes turns with them, until the
// function that it returns is called: that hands over all that is known, and
// the turn.
func (s *Service) share(hard context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(hard))
	keys := slices.Sorted(slices.Values(s.keys))
	sh := &sharer{service: s, store: s.config.Replicas, turns: s.turns, chats: strings.Join(keys, ","), pruned: time.Now()}
	s.metrics.standing(api.ReplicaStandsBy)
	var group sync.WaitGroup
	group.Go(func() { sh.run(ctx) })
	group.Go(func() {
		for ctx.Err() == nil {
			if err := sh.store.Listen(ctx, s.turns.wake); err != nil && ctx.Err() == nil {
				s.config.Log.Debug("additions to the journal are looked for, not told of", "err", err)
			}
			sleepUntil(ctx, time.Now().Add(relisten))
		}
	})
	return func() {
		cancel()
		group.Wait()
		sh.leave(hard)
	}
}

// run keeps up with the journal until the context is done.
func (sh *sharer) run(ctx context.Context) {
	log := sh.service.config.Log
	for ctx.Err() == nil {
		err := sh.round(ctx)
		wait := beatEvery
		switch {
		case ctx.Err() != nil, errors.Is(err, errClosed):
			return
		case err != nil:
			if !sh.away {
				log.Warn("the database that replicas share is away: this one tells what it is notified of itself", "err", err)
			}
			sh.away, sh.turn, sh.migrated, wait = true, false, false, awayRetry
			sh.turns.give(time.Time{}, true)
			sh.service.pokeApply()
			sh.service.metrics.standing(api.ReplicaAlone)
		case sh.away:
			sh.away = false
			log.Info("the database that replicas share is back")
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-sh.news():
		}
		timer.Stop()
	}
}

// news tells of something to push or to pull; of nothing while the database is
// away.
func (sh *sharer) news() <-chan struct{} {
	if sh.away {
		return nil
	}
	return sh.turns.news
}

// round hands over what happened here, takes over what happened elsewhere, and
// says that this replica lives when it is time to.
func (sh *sharer) round(ctx context.Context) error {
	if !sh.migrated {
		if err := sh.store.Migrate(ctx); err != nil {
			return err
		}
		sh.migrated = true
	}
	began := sh.journal == 0 || sh.away
	if began {
		if err := sh.begin(ctx); err != nil {
			return err
		}
	}
	if err := sh.push(ctx); err != nil {
		return err
	}
	if err := sh.pull(ctx); err != nil {
		return err
	}
	if !began && time.Since(sh.beat) < beatEvery-beatEvery/10 {
		return nil
	}
	if err := sh.ask(ctx); err != nil {
		return err
	}
	if time.Since(sh.pruned) < pruneEvery || !sh.turn {
		return nil
	}
	sh.pruned = time.Now()
	return sh.store.Prune(ctx, sh.pruned.Add(-sh.service.config.Retention))
}

// begin looks where the journal stands. The turn stays with one that was
// killed and is back: only it knows what it did last. Others are told when more
// happened here than can be handed over at once.
func (sh *sharer) begin(ctx context.Context) error {
	_, waiting, err := sh.service.outbox(1, 1)
	if err != nil {
		return err
	}
	standing, err := sh.store.Beat(ctx, sh.says(true, waiting > pushAtOnce))
	if err != nil {
		return err
	}
	journal, place, err := sh.service.place()
	if err != nil {
		return err
	}
	switch {
	case journal != standing.Journal:
		place = 0
	case place > standing.Last: // the database was put back to an earlier time
		place = standing.Last
	}
	sh.journal, sh.place = standing.Journal, place
	now := time.Now()
	sh.service.contact.Store(&now)
	return nil
}

// says is what this replica says of itself.
func (sh *sharer) says(wants, behind bool) replica.Beat {
	b := replica.Beat{Replica: sh.service.replica, Chats: sh.chats, Wants: wants, Behind: behind, Failing: time.Now().Before(sh.failing)}
	if own := *sh.service.watchdog.Load(); !own.IsZero() {
		b.Watchdog = max(time.Since(own), time.Nanosecond)
	}
	return b
}

// push hands over what happened here.
func (sh *sharer) push(ctx context.Context) error {
	for {
		events, waiting, err := sh.service.outbox(pushAtOnce, pushBytes)
		if err != nil || len(events) == 0 {
			return err
		}
		if err := sh.store.Push(ctx, events); err != nil {
			return err
		}
		last := events[len(events)-1].Seq
		sh.turns.notePushed(last)
		if err := sh.service.forget(last); err != nil || waiting == len(events) {
			return err
		}
	}
}

// pull takes over what happened elsewhere.
func (sh *sharer) pull(ctx context.Context) error {
	for {
		events, upTo, err := sh.store.Pull(ctx, sh.service.replica, sh.place)
		if err != nil || upTo == sh.place {
			return err
		}
		if err := sh.service.follow(events, sh.journal, upTo); err != nil {
			return err
		}
		sh.place = upTo
		if sh.turn && time.Since(sh.beat) > beatEvery { // the turn must not end meanwhile
			sh.turns.wake()
			return nil
		}
	}
}

// ask says that this replica lives, and takes the turn when it can have it.
func (sh *sharer) ask(ctx context.Context) error {
	if sh.turn && sh.service.failing() {
		sh.failing = time.Now().Add(failingFor)
	}
	asked := time.Now()
	b := sh.says(true, false)
	// One that can't reach Telegram leaves it to one that may.
	b.Wants = !b.Failing || !slices.ContainsFunc(sh.peers, func(p replica.Peer) bool { return !p.Failing })
	standing, err := sh.store.Beat(ctx, b)
	if err != nil {
		return err
	}
	sh.beat, sh.peers = asked, standing.Peers
	if err := sh.service.noteElsewhere(standing.Watchdog, asked); err != nil {
		return err
	}
	sh.compare()
	if !standing.Turn {
		if sh.turn || sh.away {
			sh.service.config.Log.Info("another replica tells")
		}
		sh.turn = false
		sh.turns.take()
		sh.service.metrics.standing(api.ReplicaStandsBy)
		return nil
	}
	fresh := !sh.turn
	if fresh { // what the last one told until now
		if err := sh.pull(ctx); err != nil {
			return err
		}
		sh.service.config.Log.Info("this replica tells")
	}
	sh.turn = true
	behind := slices.ContainsFunc(sh.peers, func(p replica.Peer) bool { return p.Behind })
	sh.turns.give(asked.Add(replica.TurnFor), behind)
	sh.service.metrics.standing(api.ReplicaTells)
	if fresh {
		sh.service.pokeApply()
	}
	return nil
}

// compare says so when replicas would not tell the same chats.
func (sh *sharer) compare() {
	differs := slices.ContainsFunc(sh.peers, func(p replica.Peer) bool { return p.Chats != sh.chats })
	if differs && !sh.differs {
		sh.service.config.Log.Error("another replica tells other chats: give all the same TELEGRAM_CHAT_ID, or those that only one has are not always told")
	}
	sh.differs = differs
}

// leave hands over the last of what happened here, and the turn.
func (sh *sharer) leave(ctx context.Context) {
	if sh.away {
		return
	}
	err := sh.push(ctx)
	if err == nil {
		_, err = sh.store.Beat(ctx, sh.says(false, false))
	}
	if err != nil {
		sh.service.config.Log.Warn("the last events could not be handed over to other replicas, they are at the next start", "err", err)
	}
}

// failing reports whether Telegram can't be reached from here.
func (s *Service) failing() bool {
	return slices.ContainsFunc(s.workers, func(w *worker) bool { return w.failing.Load() })
}

// place returns which journal was read, and up to where.
func (s *Service) place() (journal, place int64, err error) {
	err = s.spool.do(func(tx *txn) (err error) {
		if journal, err = number(tx, journalIdentity); err == nil {
			place, err = number(tx, journalRead)
		}
		return err
	})
	return journal, place, err
}

// setPlace remembers up to where a journal was read.
func setPlace(tx *txn, journal, place int64) error {
	return errors.Join(setNumber(tx, journalIdentity, journal), setNumber(tx, journalRead, place))
}

// replicaName returns the name of this replica, which it keeps as long as its
// spool.
func replicaName(tx *txn) (name string, err error) {
	err = tx.QueryRow(`SELECT id FROM replica`).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		name = rand.Text()
		_, err = tx.Exec(`INSERT INTO replica (id) VALUES (?)`, name)
	}
	return name, err
}

// noteElsewhere keeps the newest evaluation that a watchdog told any replica of.
func (s *Service) noteElsewhere(age time.Duration, now time.Time) error {
	if age == 0 {
		return nil
	}
	at, old := now.Add(-age), *s.elsewhere.Load()
	if at.Sub(old) < beatEvery {
		return nil
	}
	if err := s.spool.do(func(tx *txn) error {
		// The replica that was told notes an outage for all, but may be a moment late.
		_, _, err := s.see(tx, at, time.Time{})
		return errors.Join(err, setFact(tx, watchdogElsewhere, at))
	}); err != nil {
		return err
	}
	s.elsewhere.Store(&at)
	s.saw()
	return nil
}
