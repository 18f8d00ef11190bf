// Package chaos kills the webhook and the programs that it depends on at random
// moments. It proves that no acknowledged alert is lost.
//
// The programs are real: a cluster of two Alertmanagers, PostgreSQL and the
// webhook. Only the Bot API is a fake, which refuses the same calls as
// Telegram. A generator posts alerts to both Alertmanagers, as Prometheus does.
// A proxy between Alertmanager and webhook records each acknowledgement, so
// that the verdict does not depend on the webhook's own data.
//
// The moments and the faults are random. The report names their seed.
// [Report.Problems] lists the broken guarantees.
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

// Config sets up a run.
type Config struct {
	Dir     string // holds data and logs; PostgreSQL's user must be able to enter it
	Webhook string // path of preflight-webhook
	// Seed determines the moments and the faults. The timing of the machine still
	// varies.
	Seed uint64
	// Kills is the number of kills that must interrupt work of a webhook.
	Kills int
	// Outages is the number of random faults of the other programs after the
	// kills.
	Outages int
	// Replicas is the number of webhooks, 0 for one. Each has its own spool;
	// they share one PostgreSQL. Alertmanager i posts to replica i, with Fanout
	// to all.
	Replicas int
	Fanout   bool
	// OneMessage requires that the replicas together deliver each alert once. A
	// single replica always has to.
	OneMessage bool
	// Log receives progress messages.
	Log io.Writer
}

// deadline limits the wait for all deliveries after the last fault.
const deadline = 3 * time.Minute

// run is the state of one run.
type run struct {
	Config
	rng      *rand.Rand // used by the goroutine of play only
	report   *Report
	telegram *telegramServer
	postgres *servers.Postgres
	replicas []*replica
	managers []*alertmanager
	ledger   *ledger
	load     *load
	secrets  *secrets
}

// Run plays the whole run and returns the report. An error means that the run
// was impossible; mistakes of the webhook are in the report.
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

// logs returns the folder of all logs.
func (r *run) logs() string { return filepath.Join(r.Dir, "logs") }

// start starts everything but the webhooks. The first kill starts those.
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
	// The verdict needs every commit of PostgreSQL, also after a kill.
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

// play kills replicas, then fails the other programs, then waits for quiet.
func (r *run) play(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{fmt.Sprintf("%d kills of the webhook under load", r.Kills), r.kills},
		{fmt.Sprintf("%d outages of the other programs", r.Outages), r.outages},
		{"recovery and the remaining deliveries", r.settle},
		{"the verdict", r.judge},
		{"the search for secrets", r.search},
	} {
		r.logf("%s …", step.name)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	r.report.Duration = time.Since(r.report.begin)
	return nil
}

func (r *run) logf(format string, args ...any) {
	fmt.Fprintf(r.Log, "%6.1fs  %s\n", time.Since(r.report.begin).Seconds(), fmt.Sprintf(format, args...))
}

// kills kills replicas at random moments until enough kills have interrupted
// work.
func (r *run) kills(ctx context.Context) error {
	for _, replica := range r.replicas {
		if err := replica.start(ctx); err != nil {
			return err
		}
	}
	for tries := 0; r.report.Kills < r.Kills; tries++ {
		if tries >= 3*r.Kills+20 {
			return fmt.Errorf("%d of %d kills interrupted work: the load is too low", r.report.Kills, tries)
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

// kill kills a replica at a random moment, its start included.
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
