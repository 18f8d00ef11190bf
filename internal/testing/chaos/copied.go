package chaos

import (
	"context"
	"errors"
	"syscall"
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
		to, from := r.replicas[order[0]], r.replicas[order[1]]
		r.outage("a spool is copied")
		// The copy of a machine has all files of one moment.
		if err := from.process.Signal(syscall.SIGSTOP); err != nil {
			return err
		}
		err := to.replaceSpool(ctx, from.spool())
		if err := errors.Join(err, from.process.Signal(syscall.SIGCONT)); err != nil {
			return err
		}
	}
	return nil
}
