package pipelinetest

import (
	"slices"
	"time"
)

// Repeat is something that happens again and again.
type Repeat struct {
	p       *Pipeline
	every   time.Duration
	next    time.Time
	do      func()
	touched map[*target]bool // in this run and those before
}

// Every does something now and at intervals from now on, such as a run of the
// job whose metrics are watched. As long as its counts and timestamps move on
// as they did in the run before, they count as nothing new: see
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
			r.p.tell(t, true)
		}
	}
}

// Stop ends it.
func (r *Repeat) Stop() {
	r.p.repeats = slices.DeleteFunc(r.p.repeats, func(x *Repeat) bool { return x == r })
	r.p.news()
}

// touch says that the target exposes something else. What a repeated job does
// counts when all of it is done.
func (p *Pipeline) touch(t *target) {
	if p.running != nil {
		p.running.touched[t] = true
		return
	}
	p.tell(t, false)
}

// Wait lets time pass, and everything that happens in it.
func (p *Pipeline) Wait(d time.Duration) { p.t.Helper(); p.waitUntil(time.Now().Add(d)) }

// WaitUntil lets time pass until so long after the story's begin.
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
