package fakebot

import "time"

// Fault is something that goes wrong with the next matching calls.
type Fault struct {
	Method string // of the calls it hits; empty: any
	Chat   int64  // of the calls it hits; 0: any
	Times  int    // how many calls it hits; 0: one

	Delay      time.Duration // before the call is looked at
	Drop       bool          // close the connection instead of answering
	AfterApply bool          // do what was asked before going wrong
	Half       bool          // cut the answer in half
	Status     int           // answer with this status and Body
	Body       string
	RetryAfter int // answer 429 with this many seconds
}

// Inject adds faults. Each call takes the oldest that matches it.
func (b *Bot) Inject(faults ...Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		b.faults = append(b.faults, &f)
	}
}

// ClearFaults drops the faults that did not happen.
func (b *Bot) ClearFaults() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}

// fault takes the next one for a call.
func (b *Bot) fault(method string, chat int64) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		if f.Method != "" && f.Method != method || f.Chat != 0 && f.Chat != chat {
			continue
		}
		if f.Times--; f.Times == 0 {
			b.faults = append(b.faults[:i], b.faults[i+1:]...)
		}
		return *f
	}
	return Fault{}
}
