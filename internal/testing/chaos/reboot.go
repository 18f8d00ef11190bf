package chaos

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// rebootEnds is the time in which an end is shown that no program reports: the
// webhook asks Alertmanager and Prometheus five minutes after their start.
const rebootEnds = 9 * time.Minute

// reboots kills both Prometheus servers and both Alertmanagers at once, as a
// reboot of their machines does. What each has stored is kept or lost. Some alerts
// end meanwhile.
func (r *run) reboots(ctx context.Context) error {
	w := r.rules
	w.within = rebootEnds
	for range 3 {
		w.fireSome()
	}
	for range r.Rounds {
		if err := w.await(ctx); err != nil {
			return err
		}
		if err := r.reboot(ctx); err != nil {
			return err
		}
		w.fireSome()
		if err := errors.Join(w.await(ctx), sleep(ctx, between(r.rng, 2*time.Second, 6*time.Second))); err != nil {
			return err
		}
		w.endSome(3)
	}
	return nil
}

func (r *run) reboot(ctx context.Context) error {
	w := r.rules
	r.outage("Prometheus and Alertmanager are killed at once")
	for _, p := range w.servers {
		p.process.Kill()
	}
	for _, am := range r.managers {
		am.kill()
	}
	if r.rng.IntN(2) == 0 {
		r.outage("Prometheus lost its data")
		for _, p := range w.servers {
			if err := os.RemoveAll(p.data); err != nil {
				return err
			}
		}
	}
	if r.rng.IntN(2) == 0 {
		r.outage("Alertmanager lost its data")
		for _, am := range r.managers {
			if err := os.RemoveAll(am.data); err != nil {
				return err
			}
		}
	}
	w.endSome(8)
	if err := sleep(ctx, between(r.rng, 500*time.Millisecond, 8*time.Second)); err != nil {
		return err
	}
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i, start := range []func(context.Context) error{w.servers[0].start, w.servers[1].start, r.managers[0].start, r.managers[1].start} {
		group.Go(func() { errs[i] = start(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}
