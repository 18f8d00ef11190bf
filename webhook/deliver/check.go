package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/transport"
)

// check asks the chat after the start until it is right or takes a message, so
// that a wrong chat or token is noticed before the first alert. Nothing waits for
// it.
func (w *worker) check(ctx context.Context) {
	for !w.proved.Load() {
		var failure *transport.Error
		if !errors.As(w.transport().Check(ctx, w.configured), &failure) {
			break
		}
		if failure.Definite() && !w.unfit.Load() {
			w.log.Error("the chat will refuse messages", "err", failure, "do", failure.Advice)
			if failure.Kind == transport.Migrated { // the first message follows the chat
				return
			}
			w.unfit.Store(true)
			if w.proved.Load() { // meanwhile
				w.unfit.Store(false)
				return
			}
			w.metrics.chatState(w.key, api.ChatDead)
		}
		if !sleepUntil(ctx, time.Now().Add(lastRetry)) {
			return
		}
	}
	if w.unfit.CompareAndSwap(true, false) {
		w.metrics.chatState(w.key, api.ChatOK)
	}
}
