package chaos

import (
	"context"
	"time"
)

// removedRules removes the rule by a reload of Prometheus. Its alerts end then.
// When it is there again, they fire anew.
func (r *run) removedRules(ctx context.Context) error {
	w := r.rules
	for range 3 {
		w.fireSome()
	}
	for range r.Rounds {
		if err := w.await(ctx); err != nil {
			return err
		}
		r.outage("the rule is removed")
		w.exporter.setRule(true)
		if err := w.setRule(ctx, false); err != nil {
			return err
		}
		if err := w.awaitRemoved(ctx); err != nil {
			return err
		}
		w.endSome(3)
		if err := sleep(ctx, between(r.rng, 0, 4*time.Second)); err != nil {
			return err
		}
		w.exporter.setRule(false)
		if err := w.setRule(ctx, true); err != nil {
			return err
		}
		w.fireSome()
	}
	return w.await(ctx)
}

// setRule writes the rules of both servers, with the rule or without it.
func (w *ruled) setRule(ctx context.Context, rule bool) error {
	for _, p := range w.servers {
		if err := p.writeRules(rule); err != nil {
			return err
		}
		if err := p.reload(ctx); err != nil {
			return err
		}
	}
	return nil
}

// awaitRemoved waits until the chat shows that every alert has ended.
func (w *ruled) awaitRemoved(ctx context.Context) error {
	return w.until(ctx, deadline, func() string {
		for _, t := range w.exporter.all() {
			if e := t.episodes[len(t.episodes)-1]; len(w.run.messages(t.name, e, true)) == 0 {
				return t.name + " has no rule and is open"
			}
		}
		return ""
	})
}
