// Package chaos troubles the webhook and the programs that it depends on at
// random moments. It proves that no acknowledged alert is lost, that none is
// delivered twice, and that each ends when it ends.
//
// The programs are real: a cluster of two Alertmanagers, PostgreSQL, the webhook,
// and in some stages two Prometheus servers. Only the service with the chat is a fake,
// which refuses the same calls as Telegram or Slack. A proxy between Alertmanager and webhook
// records each acknowledgement, so that the verdict does not depend on the
// webhook's own data.
//
// Each stage is one kind of trouble, in a file of its own, and runs with new
// programs. The moments and the faults are random. The report names their seed.
// [Report.Problems] lists the broken guarantees.
package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/alertnative/preflight/internal/stack/servers"
	"github.com/alertnative/preflight/webhook/config"
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
	// Stage is the name of the stage, the first of [Stages] if it is empty.
	Stage string
	// Rounds is how often a stage repeats its trouble, 0 for the stage's own
	// number. The first stage has Kills and Outages instead.
	Rounds int
	// Previous is the path of the preflight-webhook of an earlier version.
	Previous string
	// Transport is the service with the chat: telegram, which is the default, slack,
	// or both.
	Transport string
	// FailFor is how long rules fail, 0 for 30s.
	FailFor time.Duration
	// Log receives progress messages.
	Log io.Writer
}

// deadline limits the wait for all deliveries after the last fault.
const deadline = 3 * time.Minute

// run is the state of one run.
type run struct {
	Config
	stage    stage
	rng      *rand.Rand // used by the goroutine of play only
	report   *Report
	chats    *chatServer
	beside   *chatServer // Slack beside Telegram; nil for none
	postgres *servers.Postgres
	replicas []*replica
	managers []*alertmanager
	ledger   *ledger
	load     *load  // nil without the generator
	rules    *ruled // nil without Prometheus
	secrets  *secrets
	atEnd    []func() error
}

// Run plays the whole run and returns the report. An error means that the run
// was impossible; mistakes of the webhook are in the report.
func Run(ctx context.Context, c Config) (*Report, error) {
	stage, err := find(c.Stage)
	if err != nil {
		return nil, err
	}
	if stage.prepare != nil {
		stage.prepare(&c)
	}
	c.Replicas = max(c.Replicas, 1)
	c.Rounds = cmp.Or(c.Rounds, stage.rounds)
	c.FailFor = cmp.Or(c.FailFor, 30*time.Second)
	if c.Log == nil {
		c.Log = io.Discard
	}
	r := &run{
		Config: c, stage: stage, rng: rand.New(rand.NewPCG(c.Seed, 1)), ledger: newLedger(),
		report: &Report{Stage: stage.name, Seed: c.Seed, Replicas: c.Replicas, Wanted: c.Kills, begin: time.Now()},
	}
	err = r.start(ctx)
	if err == nil {
		err = r.play(ctx)
	}
	return r.report, errors.Join(err, r.stop())
}

// logs returns the folder of all logs.
func (r *run) logs() string { return filepath.Join(r.Dir, "logs") }

// start starts everything but the webhooks.
func (r *run) start(ctx context.Context) (err error) {
	for _, dir := range []string{r.Dir, r.logs()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	r.secrets = newSecrets()
	if r.chats, err = startChats(r.Transport, r.secrets, cmp.Or(r.stage.chat, chatID)); err != nil {
		return err
	}
	if r.Transport == both {
		if r.beside, err = startChats(config.Slack, r.secrets, 0); err != nil {
			return err
		}
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
	if r.stage.world == ofRules {
		if r.rules, err = newRuled(r); err != nil {
			return err
		}
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
	switch r.stage.world {
	case ofLoad:
		r.load = newLoad(r)
	case ofRules:
		return r.rules.start(ctx)
	}
	return nil
}

// startReplicas starts the webhooks.
func (r *run) startReplicas(ctx context.Context) error {
	for _, replica := range r.replicas {
		if err := replica.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) stop() error {
	var errs []error
	if r.load != nil {
		r.load.stop()
	}
	if r.rules != nil {
		errs = append(errs, r.rules.close())
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
	for _, chats := range r.services() {
		chats.close()
	}
	for _, f := range r.atEnd {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// play plays the stage.
func (r *run) play(ctx context.Context) error {
	for _, step := range r.stage.steps(r) {
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
