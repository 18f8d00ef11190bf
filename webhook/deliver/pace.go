package deliver

import (
	"time"

	"github.com/alertnative/preflight/webhook/spool"
)

// Rates limit the rate of calls.
type Rates struct {
	Chat   time.Duration // between two calls to a chat
	Group  int           // calls a minute to a group, supergroup or channel
	Global int           // calls a second in all
}

// TelegramRates returns what Telegram allows: one call a second to a chat, twenty a
// minute to a group or channel, and a little less than thirty a second in all.
func TelegramRates() Rates { return Rates{Chat: time.Second, Group: 20, Global: 25} }

// pace keeps the rates of one chat. It counts from the end of each call, which is
// no earlier than Telegram's own time of the call.
type pace struct {
	chat  time.Duration // between two calls
	group int           // calls a minute; 0 for any number
	calls []time.Time   // the latest, oldest first
}

// pace returns the pace of a chat.
func (r Rates) pace(group bool) pace {
	p := pace{chat: r.Chat}
	if group {
		p.group = min(r.Group, spool.KeptCalls)
	}
	return p
}

// next returns the time at which the next call may begin, or zero if it may
// begin at once.
func (p *pace) next() time.Time {
	n := len(p.calls)
	if n == 0 {
		return time.Time{}
	}
	at := p.calls[n-1].Add(p.chat)
	if p.group > 0 && n >= p.group {
		if full := p.calls[n-p.group].Add(time.Minute); full.After(at) {
			at = full
		}
	}
	return at
}

// begin notes a call that is about to be made.
func (p *pace) begin(now time.Time) {
	p.calls = append(p.calls, now)
	if len(p.calls) > spool.KeptCalls {
		p.calls = p.calls[len(p.calls)-spool.KeptCalls:]
	}
}

// end moves the last call to the time of its end.
func (p *pace) end(now time.Time) { p.calls[len(p.calls)-1] = now }

// takeOver takes the calls of another process. Only the start of its last call
// is known, so each call counts as made a second later.
func (p *pace) takeOver(calls []time.Time) {
	p.calls = nil
	for _, at := range calls {
		p.calls = append(p.calls, at.Add(time.Second))
	}
}

// setBack reports whether the clock was set back since the last call.
func (p *pace) setBack(now time.Time) bool {
	n := len(p.calls)
	return n > 0 && p.calls[n-1].Add(-time.Second).After(now)
}
