package fakeslack

import "time"

// Fault is a failure of the next matching calls.
type Fault struct {
	Method  string // method of the calls; "" for those that write
	Channel string // channel of the calls; "" for any
	Times   int    // number of calls; 0 for one

	Delay      time.Duration // delay before the call is handled
	Late       time.Duration // delay of the answer, after the call is carried out
	Drop       bool          // close the connection instead of answering
	AfterApply bool          // carry out the call before the failure
	Half       bool          // send only half of the answer
	Status     int           // answer with this status and Body
	Body       string
	RetryAfter int // answer 429 with this many seconds
}

// Inject adds faults. Each call takes the oldest matching fault.
func (w *Workspace) Inject(faults ...Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range faults {
		f.Times = max(f.Times, 1)
		w.faults = append(w.faults, &f)
	}
}

// Refuse makes calls fail with the code that the function returns for a message.
// The empty code accepts it. A nil function accepts every message. The function
// must not call the workspace.
func (w *Workspace) Refuse(why func(channel string, m Message) string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuses = why
}

// ClearFaults removes the remaining faults.
func (w *Workspace) ClearFaults() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = nil
}

// fault removes and returns the fault for a call.
func (w *Workspace) fault(method, channel string) Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range w.faults {
		if f.Method != method && (f.Method != "" || reads(method)) || f.Channel != "" && f.Channel != channel {
			continue
		}
		if f.Times--; f.Times == 0 {
			w.faults = append(w.faults[:i], w.faults[i+1:]...)
		}
		return *f
	}
	return Fault{}
}
