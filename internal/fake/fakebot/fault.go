package fakebot

import "time"

// Fault is a failure of the next matching calls.
type Fault struct {
	Method string // method of the calls; "" for those that write
	Chat   int64  // chat of the calls; 0 for any
	Times  int    // number of calls; 0 for one

	Delay      time.Duration // delay before the call is handled
	Late       time.Duration // delay of the answer, after the call is carried out
	Drop       bool          // close the connection instead of answering
	AfterApply bool          // carry out the call before the failure
	Half       bool          // send only half of the answer
	Chunked    bool          // send the answer in chunks, without its length
	Status     int           // answer with this status and Body
	Body       string
	RetryAfter int // answer 429 with this many seconds
}

// Inject adds faults. Each call takes the oldest matching fault.
func (b *Bot) Inject(faults ...Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		b.faults = append(b.faults, &f)
	}
}

// Refuse makes the bot refuse calls with status 400 and the description that
// the function returns for a message. The empty description accepts it. A nil
// function accepts every message. The function must not call the bot.
func (b *Bot) Refuse(why func(chat int64, m Message) string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuses = why
}

// ClearFaults removes the remaining faults.
func (b *Bot) ClearFaults() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}

// fault removes and returns the fault for a call.
func (b *Bot) fault(method string, chat int64) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		if f.Method != method && (f.Method != "" || reads(method)) || f.Chat != 0 && f.Chat != chat {
			continue
		}
		if f.Times--; f.Times == 0 {
			b.faults = append(b.faults[:i], b.faults[i+1:]...)
		}
		return *f
	}
	return Fault{}
}
