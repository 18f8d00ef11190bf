package chaos

import (
	"context"
	"time"
)

// copiedSpools gives a webhook a copy of the spool of another one, as a copied
// virtual machine has it, while the other one runs on.
func (r *run) copiedSpools(ctx context.Context) error {
	if err := r.startReplicas(ctx); err != nil {
		return err
	}
	for range r.Rounds {
		if err := sleep(ctx, between(r.rng, 2*time.Second, 6*time.Second)); err != nil {
			return err
		}
		order := r.rng.Perm(len(r.replicas))
		r.outage("a spool is copied")
		if err := r.replicas[order[0]].replaceSpool(ctx, r.replicas[order[1]].spool()); err != nil {
			return err
		}
	}
	return nil
}
