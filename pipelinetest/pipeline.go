package pipelinetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alertnative/preflight/internal/fake/fakebot"
	"github.com/alertnative/preflight/internal/fake/fakeslack"
	parts "github.com/alertnative/preflight/internal/testing/alertmanager"
)

// Part is a program that a story can stop.
type Part string

// The parts. Without Prometheus nothing is scraped or evaluated. Without
// Telegram no program reaches the Bot API, and without Slack the webhook does not
// reach its Web API.
const (
	Prometheus   Part = "prometheus"
	Alertmanager Part = "alertmanager"
	Webhook      Part = "webhook"
	Telegram     Part = "telegram"
	Slack        Part = "slack"
)

// Pipeline is a running pipeline and the world that it monitors. Its methods
// may only be called by the goroutine of the story.
type Pipeline struct {
	t       testing.TB
	options options
	begin   time.Time
	network *network
	bot     *fakebot.Bot
	slack   *fakeslack.Workspace
	outside *outsiders
	store   *store
	targets []*target
	notes   []note
	repeats []*Repeat
	running *Repeat // the one that runs now

	mu       sync.Mutex // guards the state that scrapes and gossip share with the story
	server   *server
	scraping func() // stops the scrapes of real parts
	failing  map[string]bool
	managers []*alertmanager // by index; nil for a stopped one
	kept     []parts.Kept
	service  *service
	gossips  sync.WaitGroup
	over     context.Context
	end      context.CancelFunc
}

func newPipeline(t testing.TB, o options, begin time.Time) *Pipeline {
	p := &Pipeline{t: t, options: o, begin: begin, network: newNetwork(), failing: map[string]bool{}}
	p.over, p.end = context.WithCancel(context.Background())
	var chats []fakebot.Chat
	for _, id := range o.numbers() {
		chats = append(chats, fakebot.Chat{ID: id})
	}
	p.bot = fakebot.New(botToken, fakebot.Telegram(), chats...)
	p.slack = fakeslack.New(slackToken, fakeslack.Slack(), o.channels.ids()...)
	p.outside = &outsiders{list: o.outside, bot: p.bot}
	p.store = newStore(o.pace.changed)
	for _, job := range o.model.Jobs {
		p.addTargets(job)
	}
	n := max(1, len(o.site.Alertmanager.Addresses))
	if o.SlowPeer > 0 {
		n = 2
	}
	p.managers, p.kept = make([]*alertmanager, n), make([]parts.Kept, n)
	return p
}

// open starts the parts in the second before the story. Each starts at a
// different time, so that periodic work of two parts never coincides.
func (p *Pipeline) open() {
	p.t.Helper()
	p.outside.serve(p.network)
	if len(p.options.channels) > 0 {
		p.Start(Slack)
	}
	for _, part := range []Part{Telegram, Webhook, Alertmanager, Prometheus} {
		time.Sleep(7 * time.Millisecond)
		if part != Webhook || p.options.webhook != nil {
			p.Start(part)
		}
	}
	time.Sleep(time.Until(p.begin))
}

func (p *Pipeline) close() {
	p.t.Helper()
	for _, part := range []Part{Prometheus, Alertmanager, Webhook} {
		if p.runs(part) {
			p.Stop(part)
		}
	}
	p.end()
	p.gossips.Wait()
	p.network.close()
	if refused := p.bot.Refusals(); len(refused) > 0 && !p.t.Failed() {
		p.t.Errorf("Telegram refused %v", refused)
	}
	if refused := p.slack.Refusals(); len(refused) > 0 && !p.t.Failed() {
		p.t.Errorf("Slack refused %v", refused)
	}
}

func (p *Pipeline) runs(part Part) bool {
	switch part {
	case Prometheus:
		return p.server != nil
	case Alertmanager:
		return p.managers[0] != nil
	case Webhook:
		return p.service != nil
	case Slack:
		return slices.Contains(p.network.addresses(), slackHost)
	default:
		return slices.Contains(p.network.addresses(), telegramHost)
	}
}

// Start starts a stopped part with the data on its disk.
func (p *Pipeline) Start(part Part) {
	p.t.Helper()
	if p.runs(part) {
		p.t.Fatalf("Start(%q): it already runs", part)
	}
	var err error
	p.news()
	switch part {
	case Prometheus:
		err = p.startPrometheus()
	case Alertmanager:
		err = p.startAlertmanagers()
	case Webhook:
		err = p.startWebhook()
	case Telegram:
		p.network.serve(telegramHost, p.outside)
	case Slack:
		p.network.serve(slackHost, p.slack)
	}
	if err != nil {
		p.t.Fatalf("%s does not start: %v", part, err)
	}
}

// Stop stops a part cleanly.
func (p *Pipeline) Stop(part Part) {
	p.t.Helper()
	if !p.runs(part) {
		p.t.Fatalf("Stop(%q): it is already stopped", part)
	}
	p.news()
	switch part {
	case Prometheus:
		p.scraping()
		p.server.stop()
		p.server = nil
		for _, t := range p.targets {
			t.pause(p.store, time.Now())
		}
	case Alertmanager:
		for i, a := range p.managers {
			p.mu.Lock()
			p.managers[i] = nil
			p.mu.Unlock()
			p.kept[i] = a.stop()
		}
	case Webhook:
		if err := p.service.stop(); err != nil {
			p.t.Fatal(err)
		}
		p.mu.Lock()
		p.service = nil
		p.mu.Unlock()
	case Telegram:
		p.network.unplug(telegramHost)
	case Slack:
		p.network.unplug(slackHost)
	}
}

// FailRules makes every evaluation of a rule group fail, as a timeout does.
// With fails false, evaluations succeed again.
func (p *Pipeline) FailRules(group string, fails bool) {
	p.t.Helper()
	if _, ok := p.options.pace.groups[group]; !ok {
		p.t.Fatalf("the site has no rule group %q", group)
	}
	p.news()
	p.failing[group] = fails
	if p.server != nil {
		p.server.fail(group, fails)
	}
}

// news marks an event that can change any series.
func (p *Pipeline) news() {
	p.options.pace.changed("", time.Now())
	p.network.used.Add(1)
}

func (p *Pipeline) startPrometheus() (err error) {
	o := serverOptions{interval: p.options.model.Timing.Evaluation, external: p.options.model.External(), files: p.options.rules}
	o.network, o.used = p.network, p.options.vocabulary.used
	for i := range p.managers {
		o.addrs = append(o.addrs, p.managerAddr(i))
		o.delays = append(o.delays, time.Duration(i)*p.options.SlowPeer)
	}
	failing := map[string]bool{}
	for group, fails := range p.failing {
		failing[group] = fails
	}
	server, err := startServer(p.store, p.options.pace, o, failing)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.server = server
	p.mu.Unlock()
	p.scraping = p.scrapeParts()
	for _, t := range p.targets {
		p.update(t, false)
	}
	return nil
}

// managerAddr returns the address of an Alertmanager.
func (p *Pipeline) managerAddr(i int) string {
	if list := p.options.site.Alertmanager.Addresses; i < len(list) {
		return list[i]
	}
	if i == 0 {
		return "alertmanager:9093"
	}
	return "alertmanager-peer:9093"
}

func (p *Pipeline) startAlertmanagers() error {
	for i := range p.managers {
		place := peering{}
		if len(p.managers) > 1 {
			place = peering{position: i, gossip: func(merge func(*alertmanager) error) { p.gossip(i, merge) }}
		}
		a, err := startAlertmanager(p.managerAddr(i), p.options, p.network, p.outside, place, p.kept[i])
		if err != nil {
			return err
		}
		p.mu.Lock()
		p.managers[i] = a
		p.mu.Unlock()
		time.Sleep(7 * time.Millisecond)
	}
	return nil
}

// gossip sends state of one Alertmanager to the others, after the delay.
func (p *Pipeline) gossip(from int, merge func(*alertmanager) error) {
	p.gossips.Go(func() {
		if !sleep(p.over, max(p.options.SlowPeer, 100*time.Millisecond)) {
			return
		}
		p.mu.Lock()
		others := slices.Clone(p.managers)
		p.mu.Unlock()
		for i, a := range others {
			if i != from && a != nil {
				_ = merge(a) // Alertmanager drops state that cannot be merged, too
			}
		}
	})
}
