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
)

// Set lets a target expose a series, `metric{label="value"}`, with a value
// from the next scrape on. The label job names the job, and may be left out
// when the story speaks for one job only. What is set of Prometheus,
// Alertmanager or the webhook takes the place of what the real one exposes.
func (p *Pipeline) Set(series string, value float64) {
	p.t.Helper()
	t, l := p.find(series)
	p.expose(t, sample{labels: l, value: value, progress: p.options.vocabulary.progress(l)})
}

// Grow lets a counter grow by so much a second from now on. It begins at what
// it is, or at 0.
func (p *Pipeline) Grow(series string, perSecond float64) {
	p.t.Helper()
	t, l := p.find(series)
	if !p.options.vocabulary.counts(l) {
		p.t.Fatalf("%s does not count, so it cannot grow: use Set", series)
	}
	if perSecond < 0 {
		p.t.Fatalf("%s: a counter does not grow by %v", series, perSecond)
	}
	now := time.Now()
	p.expose(t, sample{labels: l, value: t.exposed[string(l.Bytes(nil))].at(now), growth: perSecond, since: now, progress: true})
}

// expose lets a target expose a sample in place of the one before it.
func (p *Pipeline) expose(t *target, s sample) {
	key := string(s.labels.Bytes(nil))
	p.mu.Lock()
	p.grows(t.exposed[key], -1)
	p.grows(s, 1)
	t.exposed[key] = s
	p.mu.Unlock()
	p.touch(t)
}

// grows notes that a sample that grows is exposed, or no longer.
func (p *Pipeline) grows(s sample, n int) {
	if s.growth != 0 {
		p.options.pace.grows(s.labels.Get(model.MetricNameLabel), n)
	}
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
	p.grows(t.exposed[key], -1)
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
		for _, s := range t.exposed {
			p.grows(s, -1)
		}
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
