package chaos

import (
	"context"
	"errors"
	"time"
)

// halves takes the data from one Prometheus of the pair, while alerts fire and
// end. Its rules then find nothing, and it reports the ends of all alerts.
func (r *run) halves(ctx context.Context) error {
	w := r.rules
	for range 3 {
		w.fireSome()
	}
	for range r.Rounds {
		if err := w.await(ctx); err != nil {
			return err
		}
		half := r.rng.IntN(2)
		r.outage("one Prometheus of two has no data")
		w.exporter.change(func() { w.exporter.without[half] = true })
		for range 3 {
			if err := sleep(ctx, between(r.rng, time.Second, 5*time.Second)); err != nil {
				return err
			}
			w.endSome(6)
			w.fireSome()
		}
		err := w.await(ctx)
		w.exporter.change(func() { w.exporter.without[half] = false })
		if err := errors.Join(err, sleep(ctx, between(r.rng, time.Second, 4*time.Second))); err != nil {
			return err
		}
	}
	return nil
}
