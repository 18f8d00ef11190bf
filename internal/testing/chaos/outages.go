package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// outages fails programs around the webhook at random, two at a time at most,
// and kills the webhook in between.
func (r *run) outages(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var lanes sync.WaitGroup
	var errs [2]error
	for i := range errs {
		rng := rand.New(rand.NewPCG(r.Seed, uint64(10+i)))
		n := r.Outages / 2
		if i == 0 {
			n = r.Outages - n
		}
		lanes.Go(func() {
			for k := range n {
				// The first lane fails the chats, the second all other programs.
				do := r.failOther
				if i == 0 {
					do = r.failChats
				}
				if errs[i] = do(ctx, rng, k); errs[i] != nil {
					cancel()
					return
				}
				if errs[i] = sleep(ctx, between(rng, 0, 500*time.Millisecond)); errs[i] != nil {
					return
				}
			}
		})
	}
	lanes.Wait()
	return errors.Join(errs[:]...)
}

// failChats plays storm k for a random time, in one of the services.
func (r *run) failChats(ctx context.Context, rng *rand.Rand, k int) error {
	d := between(rng, 300*time.Millisecond, 2500*time.Millisecond)
	all := storms()
	if k %= len(all) + 1; k < len(all) {
		r.outage(all[k].name)
		return r.anyService(rng).storming(ctx, all[k], rng.Uint64(), d)
	}
	chats := r.anyService(rng)
	r.outage(chats.service() + " is down")
	return chats.away(ctx, d)
}

// failOther kills PostgreSQL, an Alertmanager or a webhook, and starts it
// again.
func (r *run) failOther(ctx context.Context, rng *rand.Rand, k int) error {
	d := between(rng, 100*time.Millisecond, 2*time.Second)
	switch k % 4 {
	case 0:
		r.outage("PostgreSQL is killed")
		defer r.report.unshared(time.Now())
		r.postgres.Kill()
		return errors.Join(sleep(ctx, d), r.postgres.Start(ctx))
	case 1:
		r.outage("an Alertmanager is killed")
		am := r.managers[rng.IntN(len(r.managers))]
		am.kill()
		return errors.Join(sleep(ctx, d), am.start(ctx))
	case 2:
		r.outage("PostgreSQL hangs")
		defer r.report.unshared(time.Now())
		if err := r.postgres.Pause(); err != nil {
			return err
		}
		return errors.Join(sleep(ctx, d), r.postgres.Resume())
	default:
		r.outage("the webhook is killed")
		p := r.replicas[rng.IntN(len(r.replicas))]
		flight, err := p.kill()
		if err != nil {
			return err
		}
		r.report.killed(flight)
		return errors.Join(sleep(ctx, d), p.start(ctx))
	}
}

func (r *run) outage(what string) {
	r.report.outage(what)
	r.logf("%s", what)
}

// settle waits until everything is delivered and stored.
func (r *run) settle(ctx context.Context) error {
	firing := r.load.finish()
	for _, p := range r.replicas {
		if err := p.restart(ctx); err != nil { // the restart also cancels a wait for PostgreSQL
			return err
		}
	}
	end := time.Now().Add(deadline)
	for {
		missing, err := r.unsettled(ctx, firing)
		if err != nil {
			return err
		}
		if missing == "" {
			return nil
		}
		if time.Now().After(end) {
			r.report.problem("%v after the last fault: %s", deadline, missing)
			return nil
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// unsettled describes the remaining work. It returns "" if there is none.
func (r *run) unsettled(ctx context.Context, firing []string) (string, error) {
	for _, name := range firing {
		if a, _ := r.ledger.get(name); !a.fired {
			return fmt.Sprintf("%s fires: Alertmanager has not notified a webhook", name), nil
		}
	}
	if !r.ledger.quiet(3 * time.Second) {
		return "Alertmanager still posts", nil
	}
	for _, p := range r.replicas {
		if f, err := p.inspect(); err != nil {
			return "", err
		} else if f.any() {
			return fmt.Sprintf("webhook %d: %d alerts to deliver, %d notifications to apply", p.number, f.pending, f.inbox), nil
		}
	}
	for _, chats := range r.services() {
		if v := r.compare(chats); len(v.undelivered)+len(v.unresolved) > 0 {
			return fmt.Sprintf("%d alerts and %d resolutions not delivered to %s", len(v.undelivered), len(v.unresolved), chats.service()), nil
		}
	}
	missing, err := r.historyProblems(ctx)
	if len(missing) > 0 {
		return "history: " + missing[0], err
	}
	return "", err
}
