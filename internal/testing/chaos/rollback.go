package chaos

import (
	"context"
	"errors"
	"time"
)

// rollback runs the version before and the present one in turns on the same
// spool. Half of the changes are kills.
func (r *run) rollback(ctx context.Context) error {
	if r.Previous == "" {
		return errors.New("no program of an earlier version is given: scripts/previous builds one")
	}
	if err := r.startReplicas(ctx); err != nil {
		return err
	}
	for n := range r.Rounds {
		if err := sleep(ctx, between(r.rng, 1500*time.Millisecond, 6*time.Second)); err != nil {
			return err
		}
		program, what := r.Previous, "the version before is started"
		if n%2 == 1 {
			program, what = r.Webhook, "the present version is started"
		}
		r.outage(what)
		for _, p := range r.replicas {
			if err := p.exchange(ctx, program, r.rng.IntN(2) == 0); err != nil {
				return err
			}
		}
	}
	for _, p := range r.replicas {
		if err := p.exchange(ctx, r.Webhook, false); err != nil {
			return err
		}
	}
	return nil
}

// exchange ends the webhook, and starts another program on its spool.
func (p *replica) exchange(ctx context.Context, program string, kill bool) error {
	if kill {
		flight, err := p.kill()
		if err != nil {
			return err
		}
		p.run.report.killed(flight)
	} else if err := p.process.Stop(); err != nil {
		return err
	}
	p.spec.Path = program
	return p.start(ctx)
}
