// Package chaos kills the webhook, and all that it depends on, at random
// moments, and proves that nothing that was acknowledged is lost.
//
// What runs is real: a pair of Alertmanagers in a cluster, PostgreSQL, and the
// webhook as it is shipped. Only the Bot API is a fake, one that refuses what
// Telegram refuses. A generator posts alerts to both Alertmanagers as
// Prometheus does. Between Alertmanager and webhook a proxy writes down what
// was acknowledged, so that the verdict depends on nothing that the webhook
// says of itself.
//
// Moments and faults are random, from a seed that the report names; what has
// to hold is not. See [Report.Problems].
package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/alertnative/preflight/internal/stack/servers"
)

// Config says what to run.
type Config struct {
	Dir     string // for data and logs; others than root must be able to enter it
	Webhook string // the program preflight-webhook
	// Seed determines the moments and the faults; not what the machine does.
	Seed uint64
	// Kills is how many kills of a webhook have to hit work in flight.
	Kills int
	// Outages is how many random faults of everything else follow.
	Outages int
	// Replicas of the webhook, each with a spool of its own, on one PostgreSQL;
	// 0 is one. Alertmanager i posts to replica i, or to all with Fanout.
	Replicas int
	Fanout   bool
	// OneMessage asks that the replicas together tell everything once. One
	// replica always has to.
	OneMessage bool
	// Log gets the progress.
	Log io.Writer
}

// deadline bounds the time for the end to become quiet, after all faults.
const deadline = 3 * time.Minute

// run is a run of it.
type run struct {
	Config
	rng      *rand.Rand // of the goroutine that decides
	report   *Report
	telegram *telegramServer
	postgres *servers.Postgres
	replicas []*replica
	managers []*alertmanager
	ledger   *ledger
	load     *load
	secrets  *secrets
}

// Run runs it all and returns what was seen. An error says that it could not be
// run; what went wrong with the webhook is in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	c.Replicas = max(c.Replicas, 1)
	if c.Log == nil {
		c.Log = io.Discard
	}
	r := &run{
		Config: c, rng: rand.New(rand.NewPCG(c.Seed, 1)), ledger: newLedger(),
		report: &Report{Seed: c.Seed, Replicas: c.Replicas, Wanted: c.Kills, begin: time.Now()},
	}
	err := r.start(ctx)
	if err == nil {
		err = r.play(ctx)
	}
	return r.report, errors.Join(err, r.stop())
}

// logs is the folder of all logs.
func (r *run) logs() string { return filepath.Join(r.Dir, "logs") }

// start starts everything but the webhooks, which come with the first kill.
func (r *run) start(ctx context.Context) (err error) {
	for _, dir := range []string{r.Dir, r.logs()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	r.secrets = newSecrets()
	if r.telegram, err = startTelegram(r.secrets.bot); err != nil {
		return err
	}
	// A kill of PostgreSQL must not lose what it committed, for the verdict.
	r.postgres, err = servers.StartPostgres(ctx, servers.Config{
		Dir: filepath.Join(r.Dir, "postgres"), Options: []string{"synchronous_commit=on"},
	})
	if err != nil {
		return err
	}
	r.secrets.postgres = r.postgres.Password()
	for i := range r.Replicas {
		replica, err := newReplica(r, i)
		if err != nil {
			return err
		}
		r.replicas = append(r.replicas, replica)
	}
	if r.managers, err = newCluster(r); err != nil {
		return err
	}
	for _, replica := range r.replicas {
		if err := replica.prepare(); err != nil {
			return err
		}
	}
	for _, am := range r.managers {
		if err := am.start(ctx); err != nil {
			return err
		}
	}
	r.load = newLoad(r)
	return nil
}

func (r *run) stop() error {
	var errs []error
	if r.load != nil {
		r.load.stop()
	}
	for _, am := range r.managers {
		errs = append(errs, am.close())
	}
	for _, replica := range r.replicas {
		errs = append(errs, replica.close())
	}
	if r.postgres != nil {
		errs = append(errs, r.postgres.Close())
	}
	if r.telegram != nil {
		r.telegram.close()
	}
	return errors.Join(errs...)
}

// play is the course of the run.
func (r *run) play(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{fmt.Sprintf("%d kills of the webhook under load", r.Kills), r.kills},
		{fmt.Sprintf("%d outages of everything", r.Outages), r.outages},
		{"all is well again, the rest is delivered", r.settle},
		{"the verdict", r.judge},
		{"the search for secrets", r.search},
	} {
		r.logf("%s …", step.what)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	r.report.Duration = time.Since(r.report.begin)
	return nil
}

func (r *run) logf(format string, args ...any) {
	fmt.Fprintf(r.Log, "%6.1fs  %s\n", time.Since(r.report.begin).Seconds(), fmt.Sprintf(format, args...))
}

// kills kills replicas at random moments until enough of them had work in
// flight.
func (r *run) kills(ctx context.Context) error {
	for _, replica := range r.replicas {
		if err := replica.start(ctx); err != nil {
			return err
		}
	}
	for tries := 0; r.report.Kills < r.Kills; tries++ {
		if tries >= 3*r.Kills+20 {
			return fmt.Errorf("%d of %d kills hit work in flight: the load is too low", r.report.Kills, tries)
		}
		if err := r.kill(ctx, r.replicas[r.rng.IntN(len(r.replicas))]); err != nil {
			return err
		}
		if tries%20 == 19 {
			r.logf("%d kills, %d of them with work in flight; %d acknowledged, %d messages",
				tries+1, r.report.Kills, r.ledger.count(), r.telegram.shown())
		}
	}
	return nil
}

// kill kills a replica at a random moment of its life, its start included.
func (r *run) kill(ctx context.Context, p *replica) error {
	if err := sleep(ctx, between(r.rng, 20*time.Millisecond, 1300*time.Millisecond)); err != nil {
		return err
	}
	flight, err := p.kill()
	if err != nil {
		return err
	}
	r.report.killed(flight)
	return p.start(ctx)
}

func between(rng *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(rng.Int64N(int64(to-from)))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
