// Package routes proves where the alerts of a site go. It loads the generated
// alertmanager.yml as Alertmanager does, asks Alertmanager's own code about
// every alert that the routes can tell apart, and holds the answers against the
// promises of the site.
package routes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/mutate"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/routing"
)

// Proof is all that is known of the routes of a site. The pages, explain, the
// tests for amtool and the mutants all read it.
type Proof interface {
	// File returns alertmanager.yml.
	File() []byte
	// Findings returns the promises that the routes do not keep.
	Findings() []finding.Finding
	// Heartbeat reports whether the webhook gets a heartbeat: an alert that always
	// fires goes to a Watchdog receiver.
	Heartbeat() bool
	// Notified returns what becomes of an alert of the site: first of most of
	// its instances, then of those that go elsewhere.
	Notified(a *definitions.Alert) []Notification
	// Others returns what becomes of alerts that are not of the site.
	Others() []Notification
	// Cases returns alerts with the receivers that they reach, for amtool.
	Cases() []Case
	// Mutate makes every mutant of the routes and inhibitions, with what excuses
	// those that survive.
	Mutate() ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error)
}

// Notification is one thing that becomes of an alert.
type Notification struct {
	Alert    string // "" for alerts of others
	Severity string
	Labels   string // that make the difference, "" for most instances
	routetree.Delivery
	Means      string // how the receiver notifies, in words
	Suppressed string // when it is not sent, "" for never
}

// Case is an alert and the receivers that it reaches, in the order of their
// names.
type Case struct {
	Labels    map[string]string
	Receivers []string
}

// proof is the generated alertmanager.yml with the alerts that it can be sent.
type proof struct {
	*definitions.Checked
	data     []byte
	tree     *routetree.Tree
	sent     []sent
	promises []promise
	proof    routetree.Proof // its cases are those of sent
	deciders []string        // the labels that decide where an alert goes
	findings []finding.Finding
}

// Prove proves the routes of a site whose definitions were checked. It returns
// no proof when what the routing names is not there or cannot be read: that is
// found elsewhere.
func Prove(c *definitions.Checked) (Proof, error) {
	if c.Broken() {
		return nil, nil
	}
	data, err := c.Context.Alertmanager()
	if err != nil {
		return nil, err
	}
	tree, err := routetree.Load(data)
	if err != nil {
		return nil, finding.Finding{Code: finding.Unreadable, Where: "routing", Reason: fmt.Sprintf("Alertmanager refuses alertmanager.yml: %v", err)}
	}
	p := &proof{Checked: c, data: data, tree: tree}
	p.readPromises()
	p.sent = p.allSent()
	for label, values := range p.named() {
		if len(values) > 0 {
			p.deciders = append(p.deciders, label)
		}
	}
	slices.Sort(p.deciders)
	for _, s := range p.sent {
		p.proof.Cases = append(p.proof.Cases, routetree.Case{Labels: s.set(), Judge: p.judge(s)})
	}
	p.proof.Inhibits = p.keepsBack
	p.find()
	return p, nil
}

// File implements [Proof].
func (p *proof) File() []byte { return p.data }

// Findings implements [Proof].
func (p *proof) Findings() []finding.Finding { return p.findings }

func (p *proof) add(code finding.Code, where, format string, args ...any) {
	p.findings = append(p.findings, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
}

// find holds the routes against the promises.
func (p *proof) find() {
	p.emptyPromises()
	p.lists()
	p.muted()
	p.heartbeats()
	p.loose()
	told := map[string]bool{}
	for i, s := range p.sent {
		if s.Alert == nil || told[s.Where] {
			continue
		}
		told[s.Where] = p.unguarded(i, s)
	}
	broken := map[string]bool{}
	report := func(f routetree.Failure) bool {
		where := "routing, alerts of others or yet to come"
		if a := p.sent[f.Case].Alert; a != nil {
			where = a.Where
		}
		if !broken[where] {
			broken[where] = true
			p.add(finding.BrokenPromise, where, "%s", f.Text)
		}
		return true
	}
	p.proof.Routes(p.tree)(report)
	p.proof.Inhibitions(p.tree)(report)
}

// unguarded reports an instance of an alert that no guard of every site holds
// for, and whether it did.
func (p *proof) unguarded(i int, s sent) bool {
	labels := p.proof.Cases[i].Labels
	deliveries := p.tree.Deliveries(labels)
	matched := p.matching(s)
	switch {
	case p.lacksSeverity(s) && !p.onlyWatchdog(deliveries):
		give := "give it one of"
		if s.Group.FromFile != "" {
			give = fmt.Sprintf("give it in the rule file the label %s, or with preflight.Override one of", p.Scale.Label)
		}
		p.add(finding.UnknownSeverity, s.Where, "it has no Severity: %s %s; only an alert that goes to a watchdog alone has none, and this one goes to %s", give, strings.Join(p.LevelNames(), ", "), deliveries)
	case p.asksDirect(s) && !slices.ContainsFunc(deliveries, func(d routetree.Delivery) bool { return p.direct(d.Receiver) }):
		p.add(finding.NoReceiver, s.Where, "with %s the webhook may be unable to deliver it, and no other receiver gets it: send it to one of Alertmanager's own integrations as well", routetree.Show(labels))
	case !p.isHeartbeat(s.Alert) && p.toWatchdog(deliveries) != "":
		p.add(finding.NoReceiver, s.Where, "with %s it goes to %s, which is for the heartbeat and makes no message: send it elsewhere, and only an alert that always fires there", routetree.Show(labels), p.toWatchdog(deliveries))
	case p.urgentlySent(s) && !slices.ContainsFunc(deliveries, func(d routetree.Delivery) bool { return p.reaches(d, s) }):
		p.add(finding.NoReceiver, s.Where, "with %s it is urgent and reaches nobody: %s", routetree.Show(labels), p.unheard(deliveries, s))
	case p.Promised && p.IsUrgent(s.Severity) && len(matched) == 0:
		p.add(finding.NoPromise, s.Where, "with %s: it is urgent and no promise matches it: say in Promises who gets it, and how soon", routetree.Show(labels))
	case p.Promised && s.Severity != "" && len(matched) == 0 && len(p.tree.Route.Routes) > 0 && p.strayed(labels) && s.Group.FromFile == "":
		p.add(finding.NoReceiver, s.Where, "with %s no route takes it and no promise matches it: the default route is for alerts of others", routetree.Show(labels))
	default:
		return false
	}
	return true
}

// lacksSeverity reports whether an alert has no severity, and no template that
// makes one.
func (p *proof) lacksSeverity(s sent) bool {
	return s.Severity == "" && !strings.Contains(p.AlertLabels(s.Group, s.Alert.Alert)[p.Scale.Label], "{{")
}

// asksDirect reports whether the rule of the alert says that the webhook may be
// unable to deliver it.
func (p *proof) asksDirect(s sent) bool {
	if s.labels[directLabel] != directValue {
		return false
	}
	return slices.ContainsFunc(p.Conditions(s.Group, s.Alert.Alert, false), func(c emit.Condition) bool { return c.Labels[directLabel] != "" })
}

// strayed reports whether no route but the root keeps the alert.
func (p *proof) strayed(labels model.LabelSet) bool {
	for _, at := range p.tree.Taken(labels) {
		if at > 0 && !p.tree.Route.Routes[at-1].Continue {
			return false
		}
	}
	return true
}

func (p *proof) onlyWatchdog(ds routetree.Deliveries) bool {
	return !slices.ContainsFunc(ds, func(d routetree.Delivery) bool {
		r, _ := p.receiver(d.Receiver)
		return !r.Watchdog
	})
}

// direct reports whether a receiver is notified without the webhook.
func (p *proof) direct(name string) bool {
	r, _ := p.receiver(name)
	return len(r.Telegram)+len(r.PagerDuty)+len(r.Slack)+len(r.Email)+len(r.Opsgenie)+len(r.MSTeams)+len(r.Native) > 0 ||
		len(r.Webhook) > 0 && !r.Watchdog
}

func (p *proof) receiver(name string) (routing.Receiver, bool) {
	i := slices.IndexFunc(p.Routing.Receivers, func(r routing.Receiver) bool { return r.Name == name })
	if i < 0 {
		return routing.Receiver{}, false
	}
	return p.Routing.Receivers[i], true
}

// Mutate implements [Proof].
func (p *proof) Mutate() ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error) {
	r := &mutate.Routes{File: Path, Tree: p.tree, Proof: p.proof}
	for _, x := range append([]routing.Route{p.Routing.Route}, p.Routing.Route.Routes...) {
		r.RouteNames = append(r.RouteNames, emit.RouteName(x.Match))
	}
	for _, x := range p.Routing.Inhibit {
		r.InhibitNames = append(r.InhibitNames, emit.InhibitName(x))
	}
	outcomes, err := r.Score()
	waivers := map[mutate.RuleID][]finding.Equivalent{}
	for _, o := range outcomes {
		if waivers[o.Of] == nil {
			for _, e := range p.Routing.Equivalents {
				if survives(outcomes, o.Of, e.Mutant) {
					waivers[o.Of] = append(waivers[o.Of], e)
				}
			}
		}
	}
	for _, e := range p.Routing.Equivalents {
		if len(outcomes) > 0 && !slices.ContainsFunc(outcomes, func(o mutate.Outcome) bool { return survives(outcomes, o.Of, e.Mutant) }) {
			waivers[outcomes[0].Of] = append(waivers[outcomes[0].Of], e) // it excuses nothing, which is reported
		}
	}
	return outcomes, waivers, err
}

// survives reports whether a mutant of that name of the rule survives.
func survives(outcomes []mutate.Outcome, of mutate.RuleID, name string) bool {
	return slices.ContainsFunc(outcomes, func(o mutate.Outcome) bool { return o.Of == of && o.Name() == name && o.By == nil })
}

// Path is where the routes are.
const Path = "alertmanager/alertmanager.yml"
