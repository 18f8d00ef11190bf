package chaos

import (
	"context"
	"fmt"
	"time"
)

// kills kills replicas at random moments until enough kills have interrupted
// work.
func (r *run) kills(ctx context.Context) error {
	if err := r.startReplicas(ctx); err != nil {
		return err
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
				tries+1, r.report.Kills, r.ledger.count(), r.chats.shown())
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
