package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/telegram"
)

// check asks the chat once after the start, so that a wrong chat or token is
// noticed before the first alert. Nothing waits for it. While Telegram is away,
// it tries again.
func (w *worker) check(ctx context.Context) {
	for {
		var failure *telegram.Error
		if !errors.As(w.Sender().Check(ctx, w.configured), &failure) {
			return
		}
		if failure.Definite() {
			w.log.Error("the chat will refuse messages", "err", failure, "do", failure.Advice())
			if failure.Kind != telegram.Migrated { // the first message follows the chat
				w.unfit.Store(true)
				w.metrics.chatState(w.key, api.ChatDead)
			}
			return
		}
		if !sleepUntil(ctx, time.Now().Add(lastRetry)) {
			return
		}
	}
}
