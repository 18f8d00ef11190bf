package deliver

import (
	"slices"
	"time"

	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/spool"
)

const (
	// reserved is the part of the calls of a minute that is kept for urgent
	// alerts: one in so many.
	reserved = 4
	// ringEvery is the time between two calls about urgent alerts that use the
	// reserve. The calls before them took a quarter of a minute or more, so the
	// reserve lasts until these are a minute old.
	ringEvery = 9300 * time.Millisecond
	// editEvery is the time between two edits of the summaries of a chat.
	editEvery = 5 * time.Second
	// flapEditEvery is the time between two edits of messages about alerts that
	// flap. Replies ring when an urgent one fires.
	flapEditEvery = 10 * time.Second
)

// budget is the calls that a chat may make within a minute.
type budget struct {
	limit  int  // 0 for any number
	steady bool // only the time between two calls is limited
	topics int  // chats of the configuration that share it
	calls  []time.Time
	showed []time.Time // calls that changed the chat
}

// budget returns the budget of a share of the rates.
func (p *pace) budget(share lease.Share, topics int) budget {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := budget{limit: p.group, topics: topics, calls: slices.Clone(p.calls), showed: slices.Clone(p.showed)}
	if b.limit == 0 && p.chat > 0 {
		b.limit, b.steady = min(int(time.Minute/p.chat), spool.KeptCalls), true
	}
	if b.limit > 0 {
		b.limit = max(b.limit/max(share.Among, 1), 1)
	}
	return b
}

// unlimited reports whether the rates are so high that there is no storm.
func (b budget) unlimited() bool { return b.limit == 0 }

// reserve is the number of calls that are kept for urgent alerts. Where only the
// time between two calls is limited, the next one is always possible soon.
func (b budget) reserve() int {
	if b.steady {
		return 0
	}
	return b.limit / reserved
}

// fits is the number of groups in a minute that get a message of their own.
func (b budget) fits() int { return b.limit - b.reserve() }

// ordinary is the number of calls that others than urgent alerts may use.
func (b budget) ordinary() int {
	if b.steady {
		return b.limit + 1
	}
	return b.fits()
}

// own is the number of calls before the first summaries of a storm. Afterwards
// each topic of the chat can name later urgent alerts.
func (b budget) own(summaries int) int {
	return max(b.limit-b.reserve()*b.topics, summaries*b.topics)
}

// joins is the number of calls in a storm that may add alerts to summaries.
func (b budget) joins() int {
	if b.steady {
		return b.ordinary()
	}
	return max(b.fits()-3*(b.topics-1), b.topics)
}

// edits is the number of calls in a storm that may bring messages up to date.
func (b budget) edits() int {
	if b.steady {
		return b.ordinary()
	}
	return max(b.fits()-b.reserve()*b.topics, b.topics)
}

// ring is the time between two calls of one topic that use the reserve.
func (b budget) ring() time.Duration {
	return max(ringEvery, time.Minute*time.Duration(b.topics)/time.Duration(max(b.limit, 1)))
}

// used returns the number of calls within the last minute.
func (b budget) used(now time.Time) int { return within(b.calls, now) }

// shown returns the number of those that changed the chat. Calls to a chat that
// fails are no storm.
func (b budget) shown(now time.Time) int { return within(b.showed, now) }

func within(calls []time.Time, now time.Time) (n int) {
	for _, at := range calls {
		if now.Sub(at) < time.Minute {
			n++
		}
	}
	return n
}

// below returns the time at which fewer than n calls are within a minute.
func (b budget) below(n int, now time.Time) time.Time {
	if n <= 0 || len(b.calls) < n {
		return now
	}
	return later(now, b.calls[len(b.calls)-n].Add(time.Minute))
}
