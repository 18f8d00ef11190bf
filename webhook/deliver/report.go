package deliver

import (
	"log/slog"
	"time"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/spool"
	"github.com/alertnative/preflight/webhook/transport"
)

// chatState returns the state of the chat after a call.
func (w *worker) chatState(c *call, failure *transport.Error) string {
	switch {
	case failure == nil, failure.Kind == transport.RateLimited, failure.Kind == transport.Migrated, refusedEdit(c, failure), refusedChat(failure):
		return w.known()
	default:
		return api.ChatUnreachable
	}
}

// report logs and counts the outcome.
func (w *worker) report(c *call, o outcome, now time.Time) {
	failure := o.failure
	w.metrics.chatState(w.key, w.chatState(c, failure))
	if failure == nil && c.summarized > 0 {
		w.metrics.summarized.WithLabelValues(w.key).Add(float64(c.summarized))
	}
	log := w.log.With("message", c.ID, "kind", c.Kind, "part", c.Part, "notifications", c.notifications)
	switch {
	case failure == nil && c.Edits != "":
		w.metrics.delivered.WithLabelValues(w.key, "edit").Inc()
		log.Info("edited")
	case failure == nil:
		if o.form >= minimal {
			w.metrics.failed.WithLabelValues(w.key).Inc()
			log.Error("the text of a message was refused: the chat shows less", "shown", o.form, "text", c.minimum)
		}
		w.metrics.delivered.WithLabelValues(w.key, string(c.Kind)).Inc()
		if c.waiting.IsZero() {
			log.Info("delivered")
			return
		}
		delay := max(0, now.Sub(c.waiting)) // the clock may have been set back
		w.metrics.delay.WithLabelValues(c.severity).Observe(delay.Seconds())
		log.Info("delivered", "delay", delay)
	case c.Edits != "" && failure.Kind == transport.MessageGone:
		log.Warn("message cannot be edited: left as it is", "err", failure)
	case refusedEdit(c, failure):
		w.metrics.retried.WithLabelValues(w.key, api.Refused).Inc()
		log.Warn("an edit was refused: it is tried once more after the next message", "err", failure)
	case failure.Kind == transport.Migrated:
		log.Warn("the group became a supergroup with another id: replace the old id in TELEGRAM_CHAT_ID by it", "chat_id", failure.MigrateTo)
	default:
		w.reportRetry(log, failure, c.Edits != "")
	}
}

func (w *worker) reportRetry(log *slog.Logger, failure *transport.Error, edit bool) {
	reason := api.Unreachable
	switch failure.Kind {
	case transport.RateLimited:
		reason = api.RateLimited
	case transport.Ambiguous:
		reason = api.Ambiguous
		if !edit { // an edit can be repeated without a trace
			w.metrics.ambiguous.WithLabelValues(w.key).Inc()
		}
	default:
		if failure.Kind == transport.Unauthorized || refusedChat(failure) {
			reason = api.Refused
		}
	}
	w.metrics.retried.WithLabelValues(w.key, reason).Inc()
	log.Warn("not delivered: trying again", "reason", reason, "at", w.notBefore, "err", failure)
}

// reportStorm logs and counts the beginning and the end of a storm.
func (w *worker) reportStorm(before, now *spool.Storm) {
	if now != nil {
		w.metrics.storm.WithLabelValues(w.key).Set(1)
	} else {
		w.metrics.storm.WithLabelValues(w.key).Set(0)
	}
	switch {
	case now != nil && (before == nil || !before.Began.Equal(now.Began)):
		w.metrics.storms.WithLabelValues(w.key).Inc()
		w.log.Warn("more groups have news than the chat can be shown one by one: summaries name them")
	case now == nil && before != nil:
		w.log.Info("the storm is over: groups get messages of their own")
	}
}
