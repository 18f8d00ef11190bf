package pipelinetest

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
)

// pacedNotifier lets an integration be tried at instants that do not depend on
// chance. Integrations that Alertmanager would start at one instant follow
// each other, and where it spreads its retries at random, each is made as late
// as it could be.
type pacedNotifier struct {
	notify.Notifier
	phase time.Duration

	mu      sync.Mutex
	flushes map[string]*flush // by group
}

// flush is one attempt of Alertmanager to tell a group, with its retries.
type flush struct {
	began  time.Time
	next   time.Time // before which it is not tried again
	spread time.Duration
}

// How Alertmanager spaces its retries: half more than the wait at most, which
// grows by half each time.
const (
	firstSpread = 500 * time.Millisecond
	lastSpread  = time.Minute
)

// Notify implements [notify.Notifier].
func (p *pacedNotifier) Notify(ctx context.Context, alerts ...*alert.Alert) notify.NotifyVerdict {
	key, _ := notify.GroupKey(ctx)
	began, _ := notify.Now(ctx)
	p.mu.Lock()
	f := p.flushes[key]
	if f == nil || f.began != began {
		f = &flush{began: began, next: time.Now().Add(p.phase), spread: firstSpread}
		p.flushes[key] = f
	}
	at := f.next
	f.next = at.Add(f.spread * 3 / 2)
	f.spread = min(f.spread*3/2, lastSpread)
	p.mu.Unlock()
	if !sleep(ctx, time.Until(at)) {
		return notify.Retry(0, context.Cause(ctx), notify.DefaultReason)
	}
	return p.Notifier.Notify(ctx, alerts...)
}
