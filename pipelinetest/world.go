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

// Set makes a target expose the series `metric{label="value"}` with a value
// from the next scrape on. The label job names the job; it may be left out if
// the story has only one job. A series of Prometheus, Alertmanager or the
// webhook replaces the real one.
func (p *Pipeline) Set(series string, value float64) {
	p.t.Helper()
	t, l := p.find(series)
	p.expose(t, sample{labels: l, value: value, progress: p.options.vocabulary.progress(l)})
}

// Grow makes a counter grow at a rate from now on. It starts at its present
// value, or at 0.
func (p *Pipeline) Grow(series string, perSecond float64) {
	p.t.Helper()
	t, l := p.find(series)
	if !p.options.vocabulary.counts(l) {
		p.t.Fatalf("Grow: %s is not a counter: use Set", series)
	}
	if perSecond < 0 {
		p.t.Fatalf("Grow: %s: a counter cannot grow by %v", series, perSecond)
	}
	now := time.Now()
	p.expose(t, sample{labels: l, value: t.exposed[string(l.Bytes(nil))].at(now), growth: perSecond, since: now, progress: true})
}

// expose replaces a sample of a target.
func (p *Pipeline) expose(t *target, s sample) {
	key := string(s.labels.Bytes(nil))
	p.mu.Lock()
	p.grows(t.exposed[key], -1)
	p.grows(s, 1)
	t.exposed[key] = s
	p.mu.Unlock()
	p.touch(t)
}

// grows records that a growing sample is exposed, or no longer exposed.
func (p *Pipeline) grows(s sample, n int) {
	if s.growth != 0 {
		p.options.pace.grows(s.labels.Get(model.MetricNameLabel), n)
	}
}

// Remove stops a target from exposing a series.
func (p *Pipeline) Remove(series string) {
	p.t.Helper()
	t, l := p.find(series)
	key := string(l.Bytes(nil))
	if _, ok := t.exposed[key]; !ok {
		p.t.Fatalf("Remove: no target exposes %s", l)
	}
	p.mu.Lock()
	p.grows(t.exposed[key], -1)
	delete(t.exposed, key)
	p.mu.Unlock()
	p.touch(t)
}

// Expose replaces all samples of the targets of a job from the next scrape on.
// The exposition is in Prometheus's text format.
func (p *Pipeline) Expose(job, exposition string) {
	p.t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(exposition))
	if err != nil {
		p.t.Fatalf("exposition of %s: %v", job, err)
	}
	vector, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, slices.Collect(maps.Values(families))...)
	if err != nil {
		p.t.Fatalf("exposition of %s: %v", job, err)
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

// Down makes the targets of a job refuse scrapes: up becomes 0, and their
// series become stale.
func (p *Pipeline) Down(job string) { p.t.Helper(); p.setDown(job, true) }

// Up makes the targets of a job answer again.
func (p *Pipeline) Up(job string) { p.t.Helper(); p.setDown(job, false) }

func (p *Pipeline) setDown(job string, down bool) {
	p.t.Helper()
	for _, t := range p.ofJob(job) {
		p.mu.Lock()
		t.down = down
		p.mu.Unlock()
		p.news()
		p.update(t, false)
	}
}

// update writes the samples of the next scrape of a target to the store. Real
// parts are scraped in time instead.
func (p *Pipeline) update(t *target, steady bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.live != nil {
		p.network.used.Add(1) // the next scrape finds a change
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

// used returns the samples that some rule reads.
func (p *Pipeline) used(exposed map[string]sample) map[string]sample {
	out := make(map[string]sample, len(exposed))
	for key, s := range exposed {
		if p.options.vocabulary.used[s.labels.Get(model.MetricNameLabel)] {
			out[key] = s
		}
	}
	return out
}

// scrapeParts scrapes the real parts at their intervals, until stop is called.
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

// scrapePart scrapes a real part. It skips the scrape if no request arrived and
// no metric changed since the last one.
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
