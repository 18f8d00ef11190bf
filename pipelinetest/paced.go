package pipelinetest

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
)

// pacedNotifier makes the attempts of an integration deterministic.
// Integrations that Alertmanager would start at the same time run one after the
// other. Alertmanager spreads its retries at random; here each comes at the
// latest possible time.
type pacedNotifier struct {
	notify.Notifier
	phase time.Duration

	mu      sync.Mutex
	flushes map[string]*flush // by group
}

// flush is one notification of a group, with its retries.
type flush struct {
	began  time.Time
	next   time.Time // time of the next attempt
	spread time.Duration
}

// Alertmanager's retry interval grows by half each time, and each wait is at
// most half longer than the interval.
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
