package webhook

import (
	"encoding/json"
	"time"
)

// Rates are how often calls are made.
type Rates struct {
	Chat   time.Duration // between two calls to a chat
	Group  int           // calls a minute to a group, supergroup or channel
	Global int           // calls a second in all
}

// TelegramRates keep what Telegram allows: a call a second to a chat, twenty a
// minute to a group or channel, and a little less than thirty a second in all.
func TelegramRates() Rates { return Rates{Chat: time.Second, Group: 20, Global: 25} }

// maxCalls is how many times are kept, that of the busiest minute to a group.
const maxCalls = 20

// pace keeps the rates of one chat. It counts from the end of each call:
// whenever Telegram looked at it, it was before that.
type pace struct {
	chat  time.Duration // between two calls
	group int           // calls a minute; 0 for any number
	calls []time.Time   // the latest, oldest first
}

// pace returns what keeps the rates for the chat.
func (r Rates) pace(group bool) pace {
	p := pace{chat: r.Chat}
	if group {
		p.group = min(r.Group, maxCalls)
	}
	return p
}

// next returns when the next call may begin; the zero time for at once.
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
	if len(p.calls) > maxCalls {
		p.calls = p.calls[len(p.calls)-maxCalls:]
	}
}

// end moves the last call to the time of its end.
func (p *pace) end(now time.Time) { p.calls[len(p.calls)-1] = now }

// MarshalJSON writes the times, to be kept over a restart.
func (p *pace) MarshalJSON() ([]byte, error) {
	times := make([]int64, len(p.calls))
	for i, t := range p.calls {
		times[i] = t.UnixMicro()
	}
	return json.Marshal(times)
}

// UnmarshalJSON reads the times of a process that is gone. Only the begin of
// its last call is known for certain, so each gets a second more.
func (p *pace) UnmarshalJSON(data []byte) error {
	var times []int64
	if err := json.Unmarshal(data, &times); err != nil {
		return err
	}
	p.calls = nil
	for _, t := range times {
		p.calls = append(p.calls, time.UnixMicro(t).Add(time.Second))
	}
	return nil
}

// setBack reports whether the clock was set back since the last call.
func (p *pace) setBack(now time.Time) bool {
	n := len(p.calls)
	return n > 0 && p.calls[n-1].Add(-time.Second).After(now)
}
