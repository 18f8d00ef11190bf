package history

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
)

// Archive keeps the history; [Store] is the real one. It may be unavailable for
// any time.
type Archive interface {
	// Migrate prepares the archive. After [ErrOldSchema] it is ready too.
	Migrate(ctx context.Context) error
	// Put stores all of the records or none. Storing one again changes nothing.
	Put(ctx context.Context, records []Record) error
	// Maintain prepares the archive for new records, and removes those that
	// ended longer ago than keep. It may take long.
	Maintain(ctx context.Context, keep time.Duration) error
}

const (
	copyEvery     = time.Second // between two looks for changes
	awayRetry     = time.Minute // the longest time between two tries while the archive is unavailable
	copyAtOnce    = 200         // records of one Put
	maintainEvery = time.Hour
)

// Copier copies the changes of a spool to an archive. The spool keeps a change
// until it is copied.
type Copier struct {
	Spool     *spool.Spool
	Archive   Archive
	Label     func() string // of alerts, holds the severity
	Retention time.Duration
	Log       *slog.Logger
	// Waiting receives the number of alerts that are not copied yet, and the
	// age of the oldest.
	Waiting func(spool.Backlog)

	migrated   bool
	background sync.WaitGroup
}

// Run copies until the context is done.
func (c *Copier) Run(ctx context.Context) {
	defer c.background.Wait()
	away, wait := false, copyEvery
	for {
		err := c.copyAll(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !away {
				c.Log.Warn("the history database is away: the spool keeps the changes", "err", err)
			}
			away, wait = true, min(2*wait, awayRetry)
		default:
			if away {
				c.Log.Info("the history database is up to date again")
			}
			away, wait = false, copyEvery
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// copyAll copies every change.
func (c *Copier) copyAll(ctx context.Context) error {
	for ctx.Err() == nil {
		var changes []spool.Change
		var waiting spool.Backlog
		err := c.Spool.Do(func(tx *spool.Tx) (err error) {
			changes, waiting, err = tx.Changes(copyAtOnce, c.Label(), time.Now())
			return err
		})
		if err != nil {
			return err
		}
		c.Waiting(waiting)
		if err := c.migrate(ctx); err != nil {
			return err
		}
		if len(changes) == 0 {
			break
		}
		if err := c.put(ctx, changes); err != nil {
			return err
		}
	}
	return nil
}

// migrate prepares the archive once, and then maintains it in the background.
func (c *Copier) migrate(ctx context.Context) error {
	if c.migrated {
		return nil
	}
	err := c.Archive.Migrate(ctx)
	if errors.Is(err, ErrOldSchema) {
		c.Log.Warn("the history database is not migrated", "err", err)
		err = nil
	}
	if err != nil {
		return err
	}
	c.migrated = true
	c.background.Go(func() { c.maintain(ctx) })
	return nil
}

// maintain maintains the archive until the context is done.
func (c *Copier) maintain(ctx context.Context) {
	for {
		if err := c.Archive.Maintain(ctx, c.Retention); err != nil && ctx.Err() == nil {
			c.Log.Warn("maintaining the history database failed: trying again in an hour", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(maintainEvery):
		}
	}
}

// put stores changes. If the archive refuses them because of the content of
// one, put stores each alone and skips the refused one.
func (c *Copier) put(ctx context.Context, changes []spool.Change) error {
	records := make([]Record, len(changes))
	for i, change := range changes {
		records[i] = change.Record
	}
	err := c.Archive.Put(ctx, records)
	if IsUnstorable(err) && len(changes) > 1 {
		for i := range changes {
			if err := c.put(ctx, changes[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	if IsUnstorable(err) {
		c.Log.Error("the history database refuses an alert: it is left out", "err", err, "fingerprint", records[0].Fingerprint)
	} else if err != nil {
		return err
	}
	return c.Spool.Do(func(tx *spool.Tx) error { return tx.ChangesCopied(changes) })
}
