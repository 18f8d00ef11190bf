package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Report is what a run saw.
type Report struct {
	Seed     uint64
	Replicas int
	Duration time.Duration

	Tries  int // kills of a webhook
	Wanted int // that had to hit work in flight
	Kills  int // that did
	// What the kills hit: how many found notifications accepted and not
	// applied, alerts not shown as they are, a message or an edit under way.
	HitInbox, HitPending, HitCall int

	Faults       int // of the Bot API
	Posts        int // notifications acknowledged
	Unanswered   int // notifications that were not, and came again
	Acknowledged int // alerts
	Ended        int // alerts, of those
	Messages     int // in the chat
	History      int // alerts in PostgreSQL
	Searched     int // bytes, for secrets

	// Problems are what must not be.
	Problems []string

	verdict verdict
	begin   time.Time
	mu      sync.Mutex
	sending [][]string // the alerts of the messages that kills interrupted
	outages map[string]int
	away    []window // when PostgreSQL was
}

type window struct{ from, to time.Time }

// recovery is how long replicas may take to share again when PostgreSQL is back.
const recovery = 15 * time.Second

// unshared notes that PostgreSQL was away until now.
func (r *Report) unshared(from time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = append(r.away, window{from, time.Now().Add(recovery)})
}

// alone reports whether replicas could know nothing of each other then: each
// delivers by itself, and what both tell comes twice.
func (r *Report) alone(at time.Time) bool {
	if r.Replicas < 2 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.away, func(w window) bool { return at.After(w.from) && at.Before(w.to) })
}

func (r *Report) problem(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func (r *Report) killed(f flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := func(n *int, hit bool) {
		if hit {
			*n++
		}
	}
	r.Tries++
	count(&r.Kills, f.any())
	count(&r.HitInbox, f.inbox > 0)
	count(&r.HitPending, f.pending > 0)
	count(&r.HitCall, len(f.sending)+f.edits > 0)
	r.sending = append(r.sending, f.sending...)
}

func (r *Report) outage(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outages == nil {
		r.outages = map[string]int{}
	}
	r.outages[what]++
}

// Print writes it for people.
func (r *Report) Print(w io.Writer) {
	line := func(what string, format string, args ...any) {
		fmt.Fprintf(w, "  %-34s %s\n", what, fmt.Sprintf(format, args...))
	}
	v := r.verdict
	fmt.Fprintf(w, "Chaos with seed %d, %d replicas, %s:\n", r.Seed, r.Replicas, r.Duration.Round(100*time.Millisecond))
	line("kills -9 of the webhook", "%d, %d of them with work in flight", r.Tries, r.Kills)
	line("  notifications to apply", "at %d", r.HitInbox)
	line("  alerts to show", "at %d", r.HitPending)
	line("  a call under way", "at %d", r.HitCall)
	for _, what := range slices.Sorted(maps.Keys(r.outages)) {
		line(what, "%d times", r.outages[what])
	}
	line("calls that Telegram failed", "%d", r.Faults)
	line("notifications acknowledged", "%d; %d posts were not, and came again", r.Posts, r.Unanswered)
	line("alerts acknowledged", "%d, %d of them ended", r.Acknowledged, r.Ended)
	line("alerts shown", "%d, %d of them ended, in %d messages", v.told, v.ended, r.Messages)
	line("lost", "%d alerts, %d ends", len(v.untold), len(v.unended))
	line("ambiguous calls", "%d", v.ambiguous)
	line("messages that came twice", "%d, %d of them by no ambiguous call", v.duplicates, len(v.unexplained))
	line("messages left open", "%d", v.stale)
	line("reminders", "%d", v.reminders)
	line("in the history", "%d", r.History)
	line("searched for secrets", "%.1f MB", float64(r.Searched)/1e6)
	for _, p := range r.Problems {
		fmt.Fprintf(w, "PROBLEM: %s\n", p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "Nothing was lost.")
	}
}
