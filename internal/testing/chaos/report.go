package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Report is the result of a run.
type Report struct {
	Stage    string
	Seed     uint64
	Replicas int
	Duration time.Duration

	Tries  int // kills of a webhook, effective or not
	Wanted int // kills that had to interrupt work
	Kills  int // kills that interrupted work
	// Kills by interrupted work: notifications accepted and not applied, alerts
	// not up to date in the chat, a call to the Bot API.
	HitInbox, HitPending, HitCall int

	Faults       int // faults of the Bot API
	Posts        int // acknowledged notifications
	Unanswered   int // notifications that Alertmanager had to retry
	Acknowledged int // acknowledged alerts
	Resolved     int // acknowledged alerts that were resolved
	Messages     int // messages in the chat
	History      int // alerts in PostgreSQL's history
	FalseEnds    int // ends of alerts that fired on
	Open         int // alerts whose end no chat shows
	Searched     int // bytes searched for secrets

	// Problems lists the broken guarantees.
	Problems []string

	verdict verdict
	begin   time.Time
	mu      sync.Mutex
	beside  *verdict      // on the second service
	sending []interrupted // messages
	outages map[string]int
	away    []window // outages of PostgreSQL
}

type window struct{ from, to time.Time }

// recovery is the time that replicas may need to share again after an outage of
// PostgreSQL.
const recovery = 15 * time.Second

// unshared records an outage of PostgreSQL that lasted until now.
func (r *Report) unshared(from time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = append(r.away, window{from, time.Now().Add(recovery)})
}

// alone reports whether PostgreSQL was down at that time. Without it each
// replica delivers by itself, so a message may come twice.
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

// print writes a verdict, a line for each fact.
func (v verdict) print(line func(what, format string, args ...any)) {
	line("alerts shown", "%d, %d of them resolved, in %d messages", v.delivered, v.resolved, v.messages)
	line("lost", "%d alerts, %d resolutions", len(v.undelivered), len(v.unresolved))
	line("ambiguous calls", "%d", v.ambiguous)
	line("messages that came twice", "%d, %d of them without an ambiguous call", v.duplicates, len(v.unexplained))
	line("messages left open", "%d", len(v.stale))
	line("reminders", "%d", v.reminders)
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) {
	line := func(what string, format string, args ...any) {
		fmt.Fprintf(w, "  %-34s %s\n", what, fmt.Sprintf(format, args...))
	}
	v := r.verdict
	v.messages = r.Messages
	if r.beside != nil {
		v.messages -= r.beside.messages
	}
	fmt.Fprintf(w, "Stage %s with seed %d, %d replicas, %s:\n", r.Stage, r.Seed, r.Replicas, r.Duration.Round(100*time.Millisecond))
	line("kills -9 of the webhook", "%d, %d of them interrupted work", r.Tries, r.Kills)
	if r.Tries > 0 {
		line("  notifications to apply", "at %d", r.HitInbox)
		line("  alerts to show", "at %d", r.HitPending)
		line("  a call in progress", "at %d", r.HitCall)
	}
	for _, what := range slices.Sorted(maps.Keys(r.outages)) {
		line(what, "%d times", r.outages[what])
	}
	line("calls that failed", "%d", r.Faults)
	line("notifications acknowledged", "%d; %d posts were retried", r.Posts, r.Unanswered)
	line("alerts acknowledged", "%d, %d of them resolved", r.Acknowledged, r.Resolved)
	v.print(line)
	line("alerts left open, false ends", "%d, %d", r.Open, r.FalseEnds)
	if r.beside != nil {
		fmt.Fprintln(w, "  in Slack")
		r.beside.print(line)
	}
	line("in the history", "%d", r.History)
	line("searched for secrets", "%.1f MB", float64(r.Searched)/1e6)
	for _, p := range r.Problems {
		fmt.Fprintf(w, "PROBLEM: %s\n", p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "Nothing was lost.")
	}
}
