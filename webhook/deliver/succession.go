package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

// succeeds asks, before the first message to a group, whether an old group that
// shows alerts became this one. Then it takes over what the old one shows, so
// that nothing rings again, drops the planned call and returns true.
func (w *worker) succeeds(ctx context.Context, c *call) bool {
	if w.settled {
		return false
	}
	var old []string
	if err := w.Spool.Do(func(tx *spool.Tx) (err error) {
		old, err = tx.Predecessors(w.key)
		return err
	}); err != nil {
		w.log.Error("reading the chats failed", "err", err)
		return false
	}
	w.settled = len(old) == 0
	for _, id := range old {
		var failure *transport.Error
		if !errors.As(w.transport().Check(ctx, transport.Chat{Transport: w.chat.Transport, ID: id}), &failure) || failure.Kind != transport.Migrated || failure.MigrateTo != w.chat.ID {
			continue
		}
		if err := w.Spool.Do(func(tx *spool.Tx) error {
			return errors.Join(tx.Unsent(&c.Message), tx.Succeed(w.key, id, time.Now()))
		}); err != nil {
			w.log.Error("the state of the old group could not be moved: trying again with the next message", "group", id, "err", err)
			return false
		}
		w.log.Info("the chat is the supergroup that an old group became: it takes over what that shows", "group", id)
		return true
	}
	return false
}
