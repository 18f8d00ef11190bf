package lease

import (
	"context"
	"errors"
	"hash/crc32"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/state"
)

const (
	beatEvery  = time.Second
	awayRetry  = time.Second     // between two tries while the database is unavailable
	relisten   = 5 * time.Second // between two tries to listen for additions
	failingFor = time.Minute     // the time for which a replica that cannot reach a service leaves the lease to others
	pruneEvery = time.Hour

	pushAtOnce, pushBytes = 1000, 4 << 20
)

// Options configure a [Sharer]. The functions inform the stages above.
type Options struct {
	Spool     *spool.Spool
	Shared    Shared
	Holder    *Holder
	Chats     func() state.Chats // the present ones; nil for none
	Rank      func(labels template.KV) int
	Sound     func(receiver string, alerts template.Alerts) state.Loudness // of a receiver that is configured
	Retention time.Duration                                                // of the journal
	Log       *slog.Logger

	// Heartbeats returns the newest heartbeats at this replica, by the cluster.
	Heartbeats func() map[string]Heartbeat
	// HeartbeatsElsewhere receives the newest heartbeats at any replica, and the
	// time at which they had their age.
	HeartbeatsElsewhere func(s Standing, now time.Time) error
	// Connected is called when the shared journal can be read.
	Connected func(time.Time)
	// Failing reports whether a service cannot be reached from here.
	Failing func() bool
	// Followed is called after events of other replicas were applied. Held means
	// that a resolution, or a report that an alert fires again, is to be judged.
	Followed func(held bool)
	// Granted is called when this replica may deliver.
	Granted func()
	// State receives the state of this replica, see [api.ReplicaStates].
	State func(string)
	// Duplicates receives the number of messages of another replica that repeat
	// a delivery of this replica to a chat.
	Duplicates func(chat string, messages int)
}

// Sharer connects one replica with the others: it follows their journal and
// competes for the lease.
type Sharer struct {
	Options
	migrated bool
	identity spool.Identity
	spool    int64     // the generation of the spool that has the identity
	claimed  bool      // the spool knows that the shared database has the claim
	waiting  time.Time // since when the previous process seems to be alive; zero if not
	away     bool
	journal  int64 // the identity of the journal
	place    int64 // up to which it was read
	beat     time.Time
	held     bool      // this replica holds the lease
	since    time.Time // when it took it
	resting  time.Time // the end of the time in which it leaves the lease to others
	failing  time.Time // the end of the time in which other replicas should try
	pruned   time.Time
	peers    []Peer
	share    Share     // while the database is away
	differs  bool      // a peer has other chats
	missing  time.Time // when [Sharer.showMissing] last looked
}

// NewSharer returns a sharer that does nothing yet.
func NewSharer(o Options) *Sharer {
	if o.Chats == nil {
		o.Chats = func() state.Chats { return state.Chats{} }
	}
	return &Sharer{Options: o, pruned: time.Now()}
}

// chats returns the chats as a replica reports them.
func (s *Sharer) chats() string {
	return strings.Join(slices.Sorted(slices.Values(s.Chats().All())), ",")
}

// Start follows the other replicas and competes for the lease until the caller
// calls the returned function, which hands over all events and the lease. The
// leases end when ctx is done. If hard is done, the function stops handing
// over.
func (s *Sharer) Start(ctx, hard context.Context) (stop func()) {
	s.Holder.parent = ctx
	running, cancel := context.WithCancel(context.WithoutCancel(hard))
	s.State(api.ReplicaStandsBy)
	var group sync.WaitGroup
	group.Go(func() { s.run(running) })
	group.Go(func() {
		for running.Err() == nil {
			if err := s.Shared.Listen(running, s.Holder.Wake); err != nil && running.Err() == nil {
				s.Log.Debug("listening for journal additions failed, polling instead", "err", err)
			}
			sleep(running, relisten)
		}
	})
	return func() {
		cancel()
		group.Wait()
		s.leave(hard)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// run keeps up with the journal until the context is done.
func (s *Sharer) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.round(ctx)
		wait := beatEvery
		switch {
		case ctx.Err() != nil, errors.Is(err, spool.ErrClosed):
			return
		case err != nil:
			wait = awayRetry
			s.alone(err)
		case s.away:
			s.away = false
			s.Log.Info("sharing with the other replicas works again")
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.news():
		}
		timer.Stop()
	}
}

// alone lets this replica deliver what it receives itself.
func (s *Sharer) alone(reason error) {
	if !s.away {
		s.Log.Warn("sharing with the other replicas failed: this replica delivers what it receives itself", "err", reason)
	}
	s.away, s.held, s.migrated = true, false, false
	s.Holder.grant(time.Time{}, true, s.shareAway())
	s.Granted()
	s.State(api.ReplicaAlone)
}

// errSlow means that a lock of another session, or a slow database, delays the
// migration.
var errSlow = errors.New("the migration of the tables waits")

// migrate migrates the tables. If that takes longer than a lease lasts, this
// replica is alone meanwhile.
func (s *Sharer) migrate(ctx context.Context) error {
	migrated := make(chan error, 1)
	go func() { migrated <- s.Shared.Migrate(ctx) }()
	slow := time.NewTimer(TTL)
	defer slow.Stop()
	select {
	case err := <-migrated:
		return err
	case <-slow.C:
		s.alone(errSlow)
		return <-migrated
	}
}

// shareAway returns the share of the rates while the database is away. Until it
// has answered once, one other replica may run.
func (s *Sharer) shareAway() Share {
	if s.share.Among == 0 && s.identify() == nil {
		return Share{Among: 2, Index: int(crc32.ChecksumIEEE([]byte(s.identity.Name)) % 2)}
	}
	return s.share
}

// news announces events to push or to pull. While the database is unavailable,
// it announces none.
func (s *Sharer) news() <-chan struct{} {
	if s.away {
		return nil
	}
	return s.Holder.news
}

// round pushes the events of this replica, applies those of the others, and
// renews the lease when it is due.
func (s *Sharer) round(ctx context.Context) error {
	if !s.migrated {
		if err := s.migrate(ctx); err != nil {
			return err
		}
		s.migrated = true
	}
	began := s.journal == 0 || s.away
	if s.Spool.Generation() != s.spool {
		began = true
	}
	if began {
		if owns, err := s.begin(ctx); err != nil || !owns {
			return err
		}
	}
	if err := s.push(ctx); err != nil {
		return err
	}
	if err := s.pull(ctx); err != nil {
		return err
	}
	if err := s.announce(ctx); err != nil {
		return err
	}
	if err := s.showMissing(began); err != nil {
		return err
	}
	if !began && time.Since(s.beat) < beatEvery-beatEvery/10 {
		return nil
	}
	if err := s.ask(ctx); err != nil {
		return err
	}
	if time.Since(s.pruned) < pruneEvery || !s.held {
		return nil
	}
	s.pruned = time.Now()
	return s.Shared.Prune(ctx, s.pruned.Add(-s.Retention))
}

// begin reads the present end of the journal. It requests the lease first: a
// replica that restarts after a kill keeps it, because only that replica knows
// its last calls. If there are more events than fit in one push, Behind informs
// the peers. It returns false if this process has yet to own its name.
func (s *Sharer) begin(ctx context.Context) (owns bool, err error) {
	if err := s.identify(); err != nil {
		return false, err
	}
	_, waiting, err := s.events(1, 1)
	if err != nil {
		return false, err
	}
	var read spool.JournalEntry
	if err := s.Spool.Do(func(tx *spool.Tx) (err error) {
		read, err = tx.JournalEntry()
		return err
	}); err != nil {
		return false, err
	}
	b := s.report(true, waiting > pushAtOnce)
	b.Place = read.Place
	standing, err := s.Shared.Beat(ctx, b)
	if err != nil {
		return false, err
	}
	if owns, err := s.owns(standing); err != nil || !owns {
		return false, err
	}
	var journal, place int64
	if err := s.Spool.Do(func(tx *spool.Tx) (err error) {
		journal, place, err = tx.JournalPlace()
		return err
	}); err != nil {
		return false, err
	}
	switch {
	case journal != standing.Journal:
		place = 0
	case standing.Replica != "" && hashOf(standing.Replica, standing.Seq) != read.Hash: // and others have written since
		place = 0
		s.Log.Warn("the database was restored to an earlier time: reading the whole journal")
	case place > standing.Last: // the database was restored to an earlier time
		place = standing.Last
	}
	s.journal, s.place = standing.Journal, place
	s.Connected(time.Now())
	return true, nil
}

// report returns the beat of this replica.
func (s *Sharer) report(wants, behind bool) Beat {
	i := s.identity
	b := Beat{Replica: i.Name, Claim: i.Claim, Previous: i.Previous, Alone: i.Alone, Seq: i.Seq, Chats: s.chats(), Wants: wants, Behind: behind, Failing: time.Now().Before(s.failing)}
	b.Unpushed, b.Heartbeats = s.unpushed, s.Heartbeats()
	return b
}

// ask sends the beat of this replica, and takes the lease if the database
// grants it.
func (s *Sharer) ask(ctx context.Context) error {
	if s.held && s.Failing() {
		s.failing = time.Now().Add(failingFor)
	}
	asked := time.Now()
	b := s.report(true, false)
	b.Wants = s.wants(b.Failing, asked)
	standing, err := s.Shared.Beat(ctx, b)
	if err != nil {
		return err
	}
	if owns, err := s.owns(standing); err != nil || !owns {
		return err
	}
	s.beat, s.peers, s.share = asked, standing.Peers, Share{Among: 1 + len(standing.Peers)}
	for _, p := range s.peers {
		if p.Replica < s.identity.Name {
			s.share.Index++
		}
	}
	if err := s.HeartbeatsElsewhere(standing, asked); err != nil {
		return err
	}
	s.compare()
	if !standing.Held {
		if s.away || s.held && !s.differs {
			s.Log.Info("another replica holds the lease and delivers")
		}
		s.held = false
		s.Holder.revoke()
		s.State(api.ReplicaStandsBy)
		return nil
	}
	fresh := !s.held
	if fresh { // the previous holder may have delivered until now
		if err := s.pull(ctx); err != nil {
			return err
		}
		s.since = asked
		if !s.differs {
			s.Log.Info("this replica holds the lease and delivers")
		}
	}
	s.held = true
	behind := slices.ContainsFunc(s.peers, func(p Peer) bool { return p.Behind })
	s.Holder.grant(asked.Add(TTL), behind, Share{})
	s.State(api.ReplicaDelivers)
	if fresh {
		s.Granted()
	}
	return nil
}

// leave pushes the last events and gives up the lease.
func (s *Sharer) leave(ctx context.Context) {
	if s.away || !s.claimed {
		return
	}
	err := s.push(ctx)
	if err == nil {
		b := s.report(false, false)
		b.Leaves = true
		_, err = s.Shared.Beat(ctx, b)
	}
	if err != nil {
		s.Log.Warn("handing over to the other replicas failed: the last events follow at the next start", "err", err)
	}
}
