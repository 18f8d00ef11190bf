package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ruled is a pair of Prometheus servers that evaluate a rule about the targets of
// an exporter.
type ruled struct {
	run      *run
	exporter *exporter
	servers  []*prometheus
	groups   int
	within   time.Duration // the time for the last ends
}

func newRuled(r *run) (*ruled, error) {
	w := &ruled{run: r, within: deadline}
	var err error
	if w.exporter, err = startExporter(); err != nil {
		return nil, err
	}
	for i := range 2 {
		p, err := r.newPrometheus(i, w.exporter.listener.Addr().String())
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
		w.servers = append(w.servers, p)
	}
	return w, nil
}

func (w *ruled) start(ctx context.Context) error {
	for _, p := range w.servers {
		if err := p.start(ctx); err != nil {
			return err
		}
	}
	return w.run.startReplicas(ctx)
}

func (w *ruled) close() (err error) {
	for _, p := range w.servers {
		err = errors.Join(err, p.close())
	}
	return errors.Join(err, w.exporter.close())
}

// fireSome makes one to three targets of a new group fire.
func (w *ruled) fireSome() []string {
	w.groups++
	rng := w.run.rng
	return w.exporter.fire(fmt.Sprintf("g%05d", w.groups), []string{"P0", "P0", "P1"}[rng.IntN(3)], 1+rng.IntN(3))
}

// endSome ends each firing target with a probability of 1 to n.
func (w *ruled) endSome(n int) (names []string) {
	for _, name := range w.exporter.firing() {
		if w.run.rng.IntN(n) == 0 {
			names = append(names, name)
		}
	}
	w.exporter.end(names...)
	return names
}

// await waits until the chat shows every alert that fires.
func (w *ruled) await(ctx context.Context) error {
	return w.until(ctx, deadline, func() string {
		for _, t := range w.exporter.all() {
			for _, e := range t.episodes {
				if e.ends.IsZero() && len(w.run.messages(t.name, e, false)) == 0 {
					return t.name + " fires and is not shown"
				}
			}
		}
		return ""
	})
}

// finish ends every alert, and waits until the chat shows that.
func (w *ruled) finish(ctx context.Context) error {
	w.exporter.end(w.exporter.firing()...)
	return w.until(ctx, w.within, func() string {
		for _, t := range w.exporter.all() {
			if len(w.open(t)) > 0 {
				return t.name + " has ended and is open"
			}
		}
		return ""
	})
}

// until waits until nothing is missing. If that takes too long, it reports a
// problem.
func (w *ruled) until(ctx context.Context, within time.Duration, missing func() string) error {
	for end := time.Now().Add(within); ; {
		what := missing()
		if what == "" {
			return nil
		}
		if time.Now().After(end) {
			w.run.report.problem("after %v: %s", within, what)
			return nil
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}
