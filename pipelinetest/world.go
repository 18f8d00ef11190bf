package pipelinetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/alertnative/preflight/rules"
)

type ruleGroup = rules.Group

// Set lets a target expose a series, `metric{label="value"}`, with a value
// from the next scrape on. The label job says whose it is, and may be left out
// when the story speaks for one job only. What is set of Prometheus,
// Alertmanager or the webhook takes the place of what the real one exposes.
func (p *Pipeline) Set(series string, value float64) {
	p.t.Helper()
	t, l := p.find(series)
	p.mu.Lock()
	t.exposed[string(l.Bytes(nil))] = sample{labels: l, value: value, progress: p.options.vocabulary.progress(l)}
	p.mu.Unlock()
	p.touch(t)
}

// Remove lets a target no longer expose a series.
func (p *Pipeline) Remove(series string) {
	p.t.Helper()
	t, l := p.find(series)
	key := string(l.Bytes(nil))
	if _, ok := t.exposed[key]; !ok {
		p.t.Fatalf("the story removes %s, which is not there", l)
	}
	p.mu.Lock()
	delete(t.exposed, key)
	p.mu.Unlock()
	p.touch(t)
}

// Expose lets the targets of a job expose exactly this from the next scrape
// on, in the text format of Prometheus.
func (p *Pipeline) Expose(job, exposition string) {
	p.t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(exposition))
	if err != nil {
		p.t.Fatalf("what %s exposes: %v", job, err)
	}
	vector, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, slices.Collect(maps.Values(families))...)
	if err != nil {
		p.t.Fatalf("what %s exposes: %v", job, err)
	}
	for _, t := range p.ofJob(job) {
		exposed := t.samples(vector, nil)
		for _, key := range slices.Sorted(maps.Keys(exposed)) {
			s := exposed[key]
			if err := p.options.vocabulary.check(s.labels); err != nil {
				p.t.Fatal(err)
			}
			s.progress = p.options.vocabulary.progress(s.labels)
			exposed[key] = s
		}
		p.mu.Lock()
		t.exposed = exposed
		p.mu.Unlock()
		p.touch(t)
	}
}

// Down lets the targets of a job not answer: up becomes 0, and their series
// end.
func (p *Pipeline) Down(job string) { p.t.Helper(); p.setDown(job, true) }

// Up lets them answer again.
func (p *Pipeline) Up(job string) { p.t.Helper(); p.setDown(job, false) }

func (p *Pipeline) setDown(job string, down bool) {
	p.t.Helper()
	for _, t := range p.ofJob(job) {
		p.mu.Lock()
		t.down = down
		p.mu.Unlock()
		p.news()
		p.tell(t, false)
	}
}

// ofJob returns the targets of a job.
func (p *Pipeline) ofJob(job string) []*target {
	p.t.Helper()
	var list []*target
	for _, t := range p.targets {
		if t.job == job {
			list = append(list, t)
		}
	}
	if list == nil {
		p.t.Fatalf("no target of a job %q: the pack's endpoints have targets of %s", job, strings.Join(p.jobs(), ", "))
	}
	return list
}

func (p *Pipeline) jobs() []string {
	var names []string
	for _, t := range p.targets {
		names = append(names, t.job)
	}
	return slices.Compact(names)
}

// find returns whose a series is, and its complete labels.
func (p *Pipeline) find(text string) (*target, labels.Labels) {
	p.t.Helper()
	l, err := p.options.vocabulary.parse(text)
	if err != nil {
		p.t.Fatal(err)
	}
	t := p.owner(text, l)
	l = t.labelled(l)
	if err := p.options.vocabulary.check(l); err != nil {
		p.t.Fatal(err)
	}
	return t, l
}

// owner returns the target that exposes a series.
func (p *Pipeline) owner(text string, l labels.Labels) *target {
	p.t.Helper()
	job := l.Get(model.JobLabel)
	if job == "" {
		var spoken []*target
		for _, t := range p.targets {
			if t.live == nil {
				spoken = append(spoken, t)
			}
		}
		if len(spoken) != 1 {
			p.t.Fatalf("%s: say of which job: job=%s", text, strings.Join(p.jobs(), "|"))
		}
		return spoken[0]
	}
	list := p.ofJob(job)
	instance := l.Get(model.InstanceLabel)
	if instance == "" {
		return list[0]
	}
	i := slices.IndexFunc(list, func(t *target) bool { return t.instance == instance })
	if i < 0 {
		p.t.Fatalf("%s: the job %q has no target %q", text, job, instance)
	}
	return list[i]
}

// tell lets the store have what the next scrape of a target will read. Those
// of real parts are read when it is time.
func (p *Pipeline) tell(t *target, steady bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.live != nil {
		p.network.used.Add(1) // the next scrape has something to read
	}
	if p.server == nil || t.live != nil {
		return
	}
	at := t.next(time.Now())
	exposed := p.used(t.exposed)
	if t.down {
		exposed = nil
	}
	t.scrape(p.store, at, exposed, steady)
}

// used leaves out what no rule asks for.
func (p *Pipeline) used(exposed map[string]sample) map[string]sample {
	out := make(map[string]sample, len(exposed))
	for key, s := range exposed {
		if p.options.vocabulary.used[s.labels.Get(model.MetricNameLabel)] {
			out[key] = s
		}
	}
	return out
}

// scrapeParts scrapes the real parts at their intervals, until the returned
// function is called.
func (p *Pipeline) scrapeParts() (stop func()) {
	ctx, cancel := context.WithCancel(p.over)
	var wait sync.WaitGroup
	for _, t := range p.targets {
		if t.live == nil {
			continue
		}
		wait.Go(func() {
			for sleep(ctx, time.Until(t.next(time.Now().Add(time.Millisecond)))) {
				p.scrapePart(t)
			}
		})
	}
	return func() { cancel(); wait.Wait() }
}

// scrapePart scrapes a real part. When nobody said anything since the last time,
// and nothing moved by itself, it would read the same.
func (p *Pipeline) scrapePart(t *target) {
	now, used := time.Now(), p.network.used.Load()
	if used == t.used && !t.moving && !p.options.FullRate {
		return
	}
	var exposed map[string]sample
	if g := t.live(); g != nil {
		var err error
		if exposed, err = t.gather(g, p.options.vocabulary.used); err != nil {
			p.t.Errorf("metrics of %s: %v", t.job, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.down {
		exposed = nil
	} else if exposed != nil {
		maps.Copy(exposed, p.used(t.exposed))
	}
	t.used, t.moving = used, t.scrape(p.store, now, exposed, false)
}

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
