// Package routes proves the routes of a site's alerts. It loads the generated
// alertmanager.yml as Alertmanager does. Alertmanager's own code routes every
// alert that the routes can distinguish, and the results are compared with the
// site's promises.
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

// Proof is the result of proving the routes of a site. Pages, explain, the
// tests for amtool and the mutants read it.
type Proof interface {
	// File returns alertmanager.yml.
	File() []byte
	// Findings returns the promises that the routes do not keep.
	Findings() []finding.Finding
	// Heartbeat reports whether the webhook gets a heartbeat: an alert that
	// always fires and goes to a Watchdog receiver.
	Heartbeat() bool
	// Notified returns the notifications of an alert of the site: first those
	// of most instances, then those of instances with other routes.
	Notified(a *definitions.Alert) []Notification
	// Others returns the notifications of alerts of other sites.
	Others() []Notification
	// Cases returns alerts with the receivers that they reach, for amtool.
	Cases() []Case
	// Mutate returns the outcome of every mutant of the routes and inhibitions,
	// with the waivers.
	Mutate() ([]mutate.Outcome, map[mutate.RuleID][]finding.Equivalent, error)
}

// Notification is one way in which an alert is delivered.
type Notification struct {
	Alert    string // "" for alerts of other sites
	Severity string
	Labels   string // labels of the instances, "" for most instances
	routetree.Delivery
	Means      string // description of how the receiver notifies
	Suppressed string // description of when it is not sent, "" for never
}

// Case is an alert and its receivers, ordered by name.
type Case struct {
	Labels    map[string]string
	Receivers []string
}

// proof is the generated alertmanager.yml with the alerts that it may receive.
type proof struct {
	*definitions.Checked
	written  emit.Written
	tree     *routetree.Tree
	sent     []sent
	promises []promise
	proof    routetree.Proof // its cases are the alerts of sent
	deciders []string        // labels that determine an alert's route
	findings []finding.Finding
}

// Prove proves the routes of a checked site. It returns nil if the routing
// contains unknown names or does not parse; other checks report that.
func Prove(c *definitions.Checked) (Proof, error) {
	if c.Broken() {
		return nil, nil
	}
	written, err := c.Context.Alertmanager()
	if err != nil {
		return nil, err
	}
	tree, err := routetree.Load(written.Data)
	if err != nil {
		return nil, finding.Finding{Code: finding.Unreadable, Where: "routing", Reason: fmt.Sprintf("Alertmanager refuses alertmanager.yml: %v", err)}
	}
	p := &proof{Checked: c, written: written, tree: tree}
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
func (p *proof) File() []byte { return p.written.Data }

// Findings implements [Proof].
func (p *proof) Findings() []finding.Finding { return p.findings }

func (p *proof) add(code finding.Code, where, format string, args ...any) {
	p.findings = append(p.findings, finding.Finding{Code: code, Where: where, Reason: fmt.Sprintf(format, args...)})
}

// find compares the routes with the promises.
func (p *proof) find() {
	p.emptyPromises()
	p.lists()
	p.muted()
	p.forgotten()
	p.heartbeats()
	p.loose()
	done := map[string]bool{}
	for i, s := range p.sent {
		if s.Alert == nil || done[s.Where] {
			continue
		}
		done[s.Where] = p.unguarded(i, s)
	}
	broken := map[string]bool{}
	report := func(f routetree.Failure) bool {
		where := "routing, other or future alerts"
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

// unguarded reports an instance of an alert that breaks a rule that holds on
// every site. It returns whether it reported one.
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
		p.add(finding.NoReceiver, s.Where, "with %s it is urgent and makes no message: %s", routetree.Show(labels), p.unheard(deliveries, s))
	case p.Promised && p.IsUrgent(s.Severity) && len(matched) == 0:
		p.add(finding.NoPromise, s.Where, "with %s: it is urgent and no promise matches it: add a promise with its Receiver and Within", routetree.Show(labels))
	case p.Promised && s.Severity != "" && len(matched) == 0 && len(p.tree.Route.Routes) > 0 && p.strayed(labels) && s.Group.FromFile == "":
		p.add(finding.NoReceiver, s.Where, "no route takes it with %s, and no promise matches it: the default route is for alerts that the site does not define", routetree.Show(labels))
	default:
		return false
	}
	return true
}

// lacksSeverity reports whether an alert has neither a severity nor a template
// that makes one.
func (p *proof) lacksSeverity(s sent) bool {
	return s.Severity == "" && !strings.Contains(p.AlertLabels(s.Group, s.Alert.Alert)[p.Scale.Label], "{{")
}

// asksDirect reports whether the alert is labelled as one that the webhook may
// be unable to deliver.
func (p *proof) asksDirect(s sent) bool {
	if s.labels[directLabel] != directValue {
		return false
	}
	return slices.ContainsFunc(p.Conditions(s.Group, s.Alert.Alert, false), func(c emit.Condition) bool { return c.Labels[directLabel] != "" })
}

// strayed reports whether only the root route takes the alert.
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
			waivers[outcomes[0].Of] = append(waivers[outcomes[0].Of], e) // the waiver is unused: Waive reports it
		}
	}
	return outcomes, waivers, err
}

// survives reports whether a mutant with that name survives.
func survives(outcomes []mutate.Outcome, of mutate.RuleID, name string) bool {
	return slices.ContainsFunc(outcomes, func(o mutate.Outcome) bool { return o.Of == of && o.Name() == name && o.By == nil })
}

// Path is the path of the generated alertmanager.yml.
const Path = "alertmanager/alertmanager.yml"
