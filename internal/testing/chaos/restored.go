package chaos

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// restoredSpools restores the spool of a webhook to a snapshot from seconds
// before, as a restored virtual machine has it.
func (r *run) restoredSpools(ctx context.Context) error {
	if err := r.startReplicas(ctx); err != nil {
		return err
	}
	for range r.Rounds {
		p := r.replicas[r.rng.IntN(len(r.replicas))]
		if err := sleep(ctx, between(r.rng, time.Second, 3*time.Second)); err != nil {
			return err
		}
		if err := p.process.Stop(); err != nil {
			return err
		}
		snapshot := filepath.Join(r.Dir, "snapshot.db")
		if err := copySpool(p.spool(), snapshot); err != nil {
			return err
		}
		if err := p.start(ctx); err != nil {
			return err
		}
		if err := sleep(ctx, between(r.rng, 2*time.Second, 6*time.Second)); err != nil {
			return err
		}
		r.outage("a spool is restored")
		if err := p.replaceSpool(ctx, snapshot); err != nil {
			return err
		}
	}
	return nil
}

// replaceSpool kills the webhook, puts another spool in the place of its own, and
// starts it.
func (p *replica) replaceSpool(ctx context.Context, from string) error {
	flight, err := p.kill()
	if err != nil {
		return err
	}
	p.run.report.killed(flight)
	if err := copySpool(from, p.spool()); err != nil {
		return err
	}
	clear(p.known) // the ids of the other spool
	clear(p.knownEvents)
	return p.start(ctx)
}

// copySpool copies a spool, which may be in use.
func copySpool(from, to string) error {
	for _, suffix := range []string{"-shm", "-wal", ""} {
		if err := os.Remove(to + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(from + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+suffix, data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
