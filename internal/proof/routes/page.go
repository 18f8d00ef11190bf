package routes

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/routing"
)

//go:embed routes.md.tmpl
var pageText string

// Cases implements [Proof]. The cases are the instances of scenarios; one
// instance more for each other route that labels select; alerts of the same
// names; and alerts of other sites with exactly the labels of a promise.
func (p *proof) Cases() []Case {
	var out []Case
	seen := map[string]bool{}
	for i, s := range p.sent {
		if s.labels[model.AlertNameLabel] == othersName && !p.bare(s) {
			continue
		}
		key := p.deciding(s)
		if s.made && seen[key] {
			continue
		}
		seen[key] = true
		c := Case{Labels: s.labels}
		for _, d := range p.tree.Deliveries(p.proof.Cases[i].Labels) {
			c.Receivers = append(c.Receivers, d.Receiver)
		}
		slices.Sort(c.Receivers)
		out = append(out, c)
	}
	return out
}

// CasesFile returns the cases as a file. Each line has the receivers, then the
// labels as arguments of `amtool config routes test`.
func CasesFile(cases []Case) []byte {
	var lines []string
	for _, c := range cases {
		line := []string{strings.Join(c.Receivers, ",")}
		for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
			line = append(line, fmt.Sprintf("%s=%q", name, c.Labels[name]))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	slices.Sort(lines)
	return []byte(genfile.Header + "# receivers, then the labels of an alert that must reach them\n" + strings.Join(lines, "\n") + "\n")
}

// bare reports whether an alert of another site has exactly the labels that a
// promise requires.
func (p *proof) bare(s sent) bool {
	return slices.ContainsFunc(p.promises, func(x promise) bool { return maps.Equal(s.labels, required(x.match)) })
}

// required returns an alert of another site with the labels that matchers
// require.
func required(ms labels.Matchers) map[string]string {
	out := map[string]string{model.AlertNameLabel: othersName}
	for _, m := range ms {
		if m.Type == labels.MatchEqual && m.Value != "" {
			out[m.Name] = m.Value
		}
	}
	return out
}

// deciding returns the values of an alert's labels that routes match.
func (p *proof) deciding(s sent) string {
	var out []string
	for _, name := range p.deciders {
		out = append(out, strconv.Quote(s.labels[name]))
	}
	return strings.Join(out, ",")
}

// Notified implements [Proof].
func (p *proof) Notified(a *definitions.Alert) []Notification {
	var all []sent
	outcomes := map[string][]sent{}
	var order []string
	for _, s := range p.sent {
		if s.Alert != a {
			continue
		}
		all = append(all, s)
		o := p.tree.Outcome(s.set())
		if outcomes[o] == nil {
			order = append(order, o)
		}
		outcomes[o] = append(outcomes[o], s)
	}
	slices.SortStableFunc(order, func(x, y string) int {
		return cmp.Or(len(outcomes[y])-len(outcomes[x]), cmp.Compare(x, y))
	})
	var out []Notification
	for i, o := range order {
		special := ""
		if i > 0 {
			special = p.special(outcomes[o], all)
		}
		for _, d := range p.tree.Deliveries(outcomes[o][0].set()) {
			d.Repeat, _ = repeats(d)
			n := Notification{Alert: a.Name, Severity: a.Severity, Labels: special, Delivery: d, Suppressed: p.suppressed(a, d.Mute, d.Active)}
			if r, ok := p.receiver(d.Receiver); ok {
				n.Means = Means(r)
			}
			out = append(out, n)
		}
	}
	return out
}

// special names the labels that distinguish some instances of an alert from the
// others.
func (p *proof) special(some, all []sent) string {
	var out []string
	for _, name := range p.deciders {
		if mine := values(some, name); len(mine) < len(values(all, name)) {
			out = append(out, fmt.Sprintf("%s=%q", name, strings.Join(mine, "|")))
		}
	}
	return strings.Join(out, ", ")
}

func values(list []sent, label string) []string {
	set := map[string]bool{}
	for _, s := range list {
		set[s.labels[label]] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// suppressed describes when an alert is not sent: time intervals, and alerts
// that inhibit it.
func (p *proof) suppressed(a *definitions.Alert, mute, active []string) string {
	var out []string
	if len(mute) > 0 {
		out = append(out, "in "+strings.Join(mute, ", "))
	}
	if len(active) > 0 {
		out = append(out, "but in "+strings.Join(active, ", "))
	}
	for _, rule := range p.tree.Inhibits {
		if len(p.instances(labels.Matchers(rule.TargetMatchers), a)) == 0 {
			continue
		}
		sources := p.instances(labels.Matchers(rule.SourceMatchers), nil)
		if len(sources) == 0 {
			continue
		}
		text := fmt.Sprintf("while %s fires", strings.Join(sources, " or "))
		if len(rule.Equal) > 0 {
			text += " with the same " + strings.Join(rule.Equal, ", ")
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// instances names the alerts of the site, or only the given one, that have a
// matching instance.
func (p *proof) instances(ms labels.Matchers, only *definitions.Alert) []string {
	set := map[string]bool{}
	for i, s := range p.sent {
		if s.Alert != nil && (only == nil || s.Alert == only) && ms.Matches(p.proof.Cases[i].Labels) {
			set[s.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Others implements [Proof].
func (p *proof) Others() []Notification {
	seen := map[string]bool{}
	var out []Notification
	add := func(ms labels.Matchers) {
		alert := model.LabelSet{}
		var shown []string
		for name, value := range required(ms) {
			alert[model.LabelName(name)] = model.LabelValue(value)
			if name != model.AlertNameLabel {
				shown = append(shown, fmt.Sprintf("%s=%q", name, value))
			}
		}
		slices.Sort(shown)
		of := "none of these"
		if len(shown) > 0 {
			of = "`" + strings.Join(shown, ",") + "`"
		}
		if seen[of] {
			return
		}
		seen[of] = true
		for _, d := range p.tree.Deliveries(alert) {
			d.Repeat, _ = repeats(d)
			out = append(out, Notification{Labels: of, Delivery: d})
		}
	}
	for _, x := range p.promises {
		if !slices.ContainsFunc(x.match, func(m *labels.Matcher) bool { return m.Name == model.AlertNameLabel && m.Type == labels.MatchEqual }) {
			add(x.match)
		}
	}
	add(nil)
	slices.SortStableFunc(out, func(a, b Notification) int { return cmp.Compare(a.Labels, b.Labels) }) // the order of promises is irrelevant
	return out
}

// page holds the routes of the site's alerts and of others.
type page struct {
	Rows, Others []Notification
	Receivers    []routing.Receiver
	Intervals    []routing.TimeInterval
}

// Page returns the page that shows the route of each alert.
func Page(p Proof, c *definitions.Checked) ([]byte, error) {
	var alerts []*definitions.Alert
	for i := range c.Alerts {
		alerts = append(alerts, &c.Alerts[i])
	}
	rank := func(a *definitions.Alert) int { _, at, _ := c.Level(a.Severity); return at }
	slices.SortStableFunc(alerts, func(a, b *definitions.Alert) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Name, b.Name))
	})
	out := page{Others: p.Others(), Receivers: c.Routing.Receivers, Intervals: c.Routing.TimeIntervals}
	for _, a := range alerts {
		out.Rows = append(out.Rows, p.Notified(a)...)
	}
	return genfile.Render("routes", pageText, map[string]any{
		"means": Means, "version": routetree.Version, "file": func(n Notification) string { return runbookOf(c, n.Alert) },
	}, out)
}

// runbookOf returns the name of an alert's runbook.
func runbookOf(c *definitions.Checked, alert string) string {
	for g, a := range c.Context.Alerts {
		if a.Name == alert {
			return c.FileName(g, alert)
		}
	}
	return alert
}

// Means describes how a receiver notifies.
func Means(r routing.Receiver) string {
	var out []string
	if r.Watchdog {
		out = append(out, "the webhook, as a heartbeat")
	}
	switch {
	case len(r.Chats) > 0 && r.Sound == routing.Loud:
		out = append(out, "Telegram with sound, and the history")
	case len(r.Chats) > 0 && r.Sound == routing.Silent:
		out = append(out, "Telegram without sound, and the history")
	case len(r.Chats) > 0 && r.Sound == "":
		out = append(out, "Telegram, with the sound of the severity, and the history")
	case r.Sound == routing.NoMessage:
		out = append(out, "the history only")
	}
	if len(r.Telegram) > 0 {
		text := "Alertmanager's own Telegram message"
		if r.Sound == routing.Silent {
			text += " without sound"
		}
		out = append(out, text)
	}
	if len(r.Webhook) > 0 {
		out = append(out, "a webhook of another program")
	}
	text := strings.Join(out, "; ")
	if r.FiringOnly && !r.Watchdog {
		text += ", without resolutions"
	}
	return text
}
