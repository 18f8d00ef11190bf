package chaos

import (
	"context"
	"errors"
	"time"
)

// failingRules makes the rule fail, so that the alerts expire. Some end
// meanwhile. The others still fire when the rule works again.
func (r *run) failingRules(ctx context.Context) error {
	w := r.rules
	for range 4 {
		w.fireSome()
	}
	for range r.Rounds {
		if err := w.await(ctx); err != nil {
			return err
		}
		r.outage("the rule fails")
		w.exporter.change(func() { w.exporter.twice = true })
		err := sleep(ctx, r.FailFor/2)
		w.endSome(3)
		err = errors.Join(err, sleep(ctx, r.FailFor/2))
		w.exporter.change(func() { w.exporter.twice = false })
		w.fireSome()
		if err = errors.Join(err, w.await(ctx), sleep(ctx, between(r.rng, time.Second, 6*time.Second))); err != nil {
			return err
		}
		w.endSome(4)
	}
	return nil
}
