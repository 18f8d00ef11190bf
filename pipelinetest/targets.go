package pipelinetest

import (
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/alertnative/preflight"
)

// addTargets adds the targets of a job. A job with service discovery gets one
// target.
func (p *Pipeline) addTargets(job preflight.Job) {
	interval, _ := p.options.model.JobInterval(job) // the generator has checked it
	if interval == 0 {
		interval = p.options.model.Timing.Scrape
	}
	add := func(addr string, static map[string]string) {
		t := newTarget(job.Name, addr, interval, static)
		t.live = p.live(job.Name, addr)
		p.targets = append(p.targets, t)
	}
	for _, addr := range job.Targets {
		add(addr, job.Labels)
	}
	for _, env := range slices.Sorted(maps.Keys(job.ByEnv)) {
		static := map[string]string{"env": env}
		maps.Copy(static, job.Labels)
		for _, addr := range job.ByEnv[env] {
			add(addr, static)
		}
	}
	if len(job.Targets)+len(job.ByEnv) == 0 {
		add(job.Name+":80", job.Labels)
	}
}

// live returns a function that gathers the metrics of a real part, or nil for a
// target of the story.
func (p *Pipeline) live(job, addr string) func() prometheus.Gatherer {
	_, port, _ := net.SplitHostPort(addr)
	is := func(program, usual string) bool { return job == program || port == usual }
	manager := slices.Index(p.options.site.Alertmanager.Addresses, addr)
	switch {
	case manager >= 0 || is("alertmanager", "9093"):
		return p.locked(func() *registry {
			if a := p.managers[max(manager, 0)]; a != nil {
				return a.registry
			}
			return nil
		})
	case p.options.webhook != nil && (addr == p.options.webhookAddr() || is("webhook", "9917")):
		return p.locked(func() *registry {
			if p.service != nil {
				return p.service.registry
			}
			return nil
		})
	case is("prometheus", "9090"):
		return p.locked(func() *registry {
			if p.server != nil {
				return p.server.registry
			}
			return nil
		})
	}
	return nil
}

// locked returns a function that returns the registry of a part, or nil while
// the part is stopped.
func (p *Pipeline) locked(find func() *registry) func() prometheus.Gatherer {
	return func() prometheus.Gatherer {
		p.mu.Lock()
		defer p.mu.Unlock()
		if r := find(); r != nil {
			return r
		}
		return nil
	}
}

// ofJob returns the targets of a job. On a site without jobs, each job of a
// story gets one target.
func (p *Pipeline) ofJob(job string) []*target {
	p.t.Helper()
	if list := p.targetsOf(job); list != nil || len(p.options.model.Jobs) > 0 {
		if list == nil {
			p.t.Fatalf("no job %q: the site has %s", job, strings.Join(p.jobs(), ", "))
		}
		return list
	}
	p.addTargets(preflight.Job{Name: job})
	list := p.targetsOf(job)
	p.update(list[0], false)
	return list
}

func (p *Pipeline) targetsOf(job string) []*target {
	var list []*target
	for _, t := range p.targets {
		if t.job == job {
			list = append(list, t)
		}
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

// find returns the target of a series and the complete labels.
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

// owner returns the target that exposes a series: the first target of its job
// without conflicting labels.
func (p *Pipeline) owner(text string, l labels.Labels) *target {
	p.t.Helper()
	job := l.Get(model.JobLabel)
	if job == "" {
		job = p.onlyJob(text)
	}
	list := slices.DeleteFunc(slices.Clone(p.ofJob(job)), func(t *target) bool { return !t.canHave(l) })
	if len(list) == 0 {
		p.t.Fatalf("%s: no target of the job %q has these labels", text, job)
	}
	for name := range list[0].static {
		if l.Get(name) == "" && slices.ContainsFunc(list, func(t *target) bool { return t.static[name] != list[0].static[name] }) {
			p.t.Fatalf("%s: several targets: add the label: %s is %q, %q …", text, name, list[0].static[name], list[len(list)-1].static[name])
		}
	}
	return list[0]
}

// onlyJob returns the job of a series without a job label.
func (p *Pipeline) onlyJob(text string) string {
	p.t.Helper()
	var spoken []string
	for _, t := range p.targets {
		if t.live == nil && !slices.Contains(spoken, t.job) {
			spoken = append(spoken, t.job)
		}
	}
	switch {
	case len(p.options.model.Jobs) == 0 && len(spoken) == 0:
		return p.options.model.Name
	case len(spoken) != 1:
		p.t.Fatalf("%s: several jobs: add the label: job=%s", text, strings.Join(p.jobs(), "|"))
	}
	return spoken[0]
}

// canHave reports whether a series with these labels fits the target.
func (t *target) canHave(l labels.Labels) bool {
	if instance := l.Get(model.InstanceLabel); instance != "" && instance != t.instance {
		return false
	}
	for name, value := range t.static {
		if own := l.Get(name); own != "" && own != value {
			return false
		}
	}
	return true
}
