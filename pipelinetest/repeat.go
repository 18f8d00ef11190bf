package pipelinetest

import (
	"slices"
	"time"
)

// Repeat is a repeated action.
type Repeat struct {
	p       *Pipeline
	every   time.Duration
	next    time.Time
	do      func()
	touched map[*target]bool // targets that this run or an earlier one changed
}

// Every calls do now and at intervals, as a cron job would. Counters and
// timestamps that grow in each run as before do not count as changes: see
// [Config.FullRate].
func (p *Pipeline) Every(d time.Duration, do func()) *Repeat {
	p.t.Helper()
	r := &Repeat{p: p, every: d, next: time.Now(), do: do, touched: map[*target]bool{}}
	p.repeats = append(p.repeats, r)
	r.run()
	return r
}

func (r *Repeat) run() {
	r.next = r.next.Add(r.every)
	r.p.running = r
	r.do()
	r.p.running = nil
	for _, t := range r.p.targets {
		if r.touched[t] {
			r.p.update(t, true)
		}
	}
}

// Stop stops the repetition.
func (r *Repeat) Stop() {
	r.p.repeats = slices.DeleteFunc(r.p.repeats, func(x *Repeat) bool { return x == r })
	r.p.news()
}

// touch records that a target exposes something new. Changes by a repeated
// action take effect when the action returns.
func (p *Pipeline) touch(t *target) {
	if p.running != nil {
		p.running.touched[t] = true
		return
	}
	p.update(t, false)
}

// Wait lets fake time pass.
func (p *Pipeline) Wait(d time.Duration) { p.t.Helper(); p.waitUntil(time.Now().Add(d)) }

// WaitUntil lets fake time pass until the given time since the start of the
// story.
func (p *Pipeline) WaitUntil(since time.Duration) {
	p.t.Helper()
	p.waitUntil(p.begin.Add(since))
}

func (p *Pipeline) waitUntil(end time.Time) {
	for {
		var first *Repeat
		for _, r := range p.repeats {
			if !r.next.After(end) && (first == nil || r.next.Before(first.next)) {
				first = r
			}
		}
		if first == nil {
			break
		}
		time.Sleep(time.Until(first.next))
		first.run()
	}
	time.Sleep(time.Until(end))
}
