package routes

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/genfile"
	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
	"github.com/alertnative/preflight/routing"
)

//go:embed routes.md.tmpl
var pageText string

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

// Cases implements [Proof]. The cases are the instances of scenarios; one
// instance more for each other way through the routes; alerts of the same names;
// and alerts of other sites with exactly the labels of a promise.
func (p *proof) Cases() []Case {
	var out, made []Case
	seen := map[string]bool{} // ways through the routes
	way := map[string]string{}
	for _, c := range p.cells {
		for _, piece := range c.pieces {
			one := Case{Labels: c.instance}
			for _, r := range piece.Routes {
				one.Receivers = append(one.Receivers, r.Receiver)
			}
			slices.Sort(one.Receivers)
			key := fmt.Sprint(c.name, c.Alert == nil, paths(piece.Routes))
			if c.instance != nil {
				seen[key] = true
				out = append(out, one)
				continue
			}
			one.Labels = map[string]string{}
			for name, value := range p.space.Witness(piece.Box, c.Alert != nil) {
				one.Labels[string(name)] = string(value)
			}
			way[one.String()] = key
			made = append(made, one)
		}
	}
	// The order of promises is irrelevant: the shortest alert stands for its way.
	slices.SortFunc(made, func(a, b Case) int {
		return cmp.Or(len(a.Labels)-len(b.Labels), cmp.Compare(a.String(), b.String()))
	})
	for _, one := range made {
		if key := way[one.String()]; !seen[key] {
			seen[key] = true
			out = append(out, one)
		}
	}
	return slices.CompactFunc(out, func(a, b Case) bool { return a.String() == b.String() })
}

// String returns the receivers and the labels as arguments of `amtool config
// routes test`.
func (c Case) String() string {
	line := []string{strings.Join(c.Receivers, ",")}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		line = append(line, fmt.Sprintf("%s=%q", name, c.Labels[name]))
	}
	return strings.Join(line, " ")
}

// paths returns the numbers of routes.
func paths(routes []*routetree.Route) []int {
	var out []int
	for _, r := range routes {
		out = append(out, r.Index)
	}
	return out
}

// CasesFile returns the cases as a file. Each line has the receivers, then the
// labels as arguments of `amtool config routes test`.
func CasesFile(cases []Case) []byte {
	var lines []string
	for _, c := range cases {
		lines = append(lines, c.String())
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	return []byte(genfile.Header + "# receivers, then the labels of an alert that must reach them\n" + strings.Join(lines, "\n") + "\n")
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

// outcome is a set of instances of an alert with the same notifications.
type outcome struct {
	boxes  []space.Box
	routes []*routetree.Route
	size   float64
}

// outcomes returns the instances of an alert by their notifications, the largest
// set first.
func (p *proof) outcomes(a *definitions.Alert) []outcome {
	var out []outcome
	at := map[string]int{}
	for _, c := range p.cells {
		if c.Alert != a {
			continue
		}
		for _, piece := range c.pieces {
			text := routetree.Outcome(piece.Routes)
			i, seen := at[text]
			if !seen {
				i = len(out)
				at[text] = i
				out = append(out, outcome{routes: piece.Routes})
			}
			size := 1.0
			for _, values := range piece.Box {
				size *= float64(values.Len())
			}
			out[i].boxes, out[i].size = append(out[i].boxes, piece.Box), out[i].size+size
		}
	}
	slices.SortStableFunc(out, func(x, y outcome) int {
		return cmp.Or(cmp.Compare(y.size, x.size), cmp.Compare(routetree.Outcome(x.routes), routetree.Outcome(y.routes)))
	})
	return out
}

// Notified implements [Proof].
func (p *proof) Notified(a *definitions.Alert) []Notification {
	all := p.outcomes(a)
	var every []space.Box
	for _, o := range all {
		every = append(every, o.boxes...)
	}
	var out []Notification
	for i, o := range all {
		special := ""
		if i > 0 {
			special = p.special(o.boxes, every)
		}
		for _, r := range o.routes {
			d := r.Delivery
			d.Repeat, _ = p.repeats(d)
			out = append(out, Notification{
				Alert: a.Name, Severity: a.Severity, Labels: special, Delivery: d,
				Means: p.means(p.effects[d.Receiver]), Suppressed: p.suppressed(a, d.Mute, d.Active),
			})
		}
	}
	return out
}

// special names the labels that distinguish some instances of an alert from the
// others.
func (p *proof) special(some, every []space.Box) string {
	var out []string
	for i, name := range p.space.Names() {
		mine, open := p.valuesOf(some, i)
		all, _ := p.valuesOf(every, i)
		switch lacks := slices.DeleteFunc(all, func(v string) bool { return slices.Contains(mine, v) }); {
		case len(lacks) == 0:
		case open:
			out = append(out, fmt.Sprintf("%s!=%q", name, strings.Join(lacks, "|")))
		default:
			out = append(out, fmt.Sprintf("%s=%q", name, strings.Join(mine, "|")))
		}
	}
	return strings.Join(out, ", ")
}

// valuesOf returns the values that a label has in one of the boxes, sorted, and
// whether it may have others.
func (p *proof) valuesOf(boxes []space.Box, label int) (values []string, open bool) {
	set := boxes[0][label]
	for _, b := range boxes[1:] {
		set = set.Or(b[label])
	}
	for v := range set.All {
		values = append(values, p.space.Value(label, v))
		open = open || p.space.Many(label, v)
	}
	slices.Sort(values)
	return values, open
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
	for _, i := range p.inhibitions {
		if !slices.ContainsFunc(p.matching(p.space.Matchers(i.rule.TargetMatchers)), func(c *cell) bool { return c.Alert == a }) {
			continue
		}
		set := map[string]bool{}
		for _, c := range p.matching(p.space.Matchers(i.rule.SourceMatchers)) {
			if c.Alert != a {
				set[c.Name] = true
			}
		}
		if len(set) == 0 {
			continue
		}
		sources := strings.Join(slices.Sorted(maps.Keys(set)), " or ")
		if len(set) > 3 {
			sources = "an alert with " + matchersName(i.rule.SourceMatchers)
		}
		text := fmt.Sprintf("while %s fires", sources)
		if len(i.equal) > 0 {
			text += " with the same " + strings.Join(i.equal, ", ")
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
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
			d.Repeat, _ = p.repeats(d)
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
	Receivers    []Receiver
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
	out := page{Others: p.Others(), Receivers: p.Receivers(), Intervals: c.Routing.TimeIntervals}
	for _, a := range alerts {
		out.Rows = append(out.Rows, p.Notified(a)...)
	}
	return genfile.Render("routes", pageText, map[string]any{
		"version": routetree.Version, "file": func(n Notification) string { return runbookOf(c, n.Alert) },
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

// means describes how a receiver notifies.
func (p *proof) means(e effect) string {
	var out []string
	if e.Watchdog {
		out = append(out, "the webhook, as a heartbeat")
	}
	switch {
	case len(e.Chats) > 0 && e.Sound == routing.Loud:
		out = append(out, "Telegram with sound, and the history")
	case len(e.Chats) > 0 && e.Sound == routing.Silent:
		out = append(out, "Telegram without sound, and the history")
	case len(e.Chats) > 0 && e.Sound == "":
		out = append(out, "Telegram, with the sound of the severity, and the history")
	case e.Sound == routing.NoMessage:
		out = append(out, "the history only")
	}
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(e.kinds))) {
		text := "Alertmanager's " + kind
		switch {
		case kind == "telegram" && e.Sound == routing.Silent:
			text = "Alertmanager's own Telegram message without sound"
		case kind == "telegram":
			text = "Alertmanager's own Telegram message"
		case kind == "webhook":
			text = "a webhook of another program"
		}
		out = append(out, text)
	}
	text := strings.Join(out, "; ")
	if text == "" {
		return "nobody"
	}
	if !e.resolved && !e.Watchdog {
		text += ", without resolutions"
	}
	return text
}

// Receivers implements [Proof].
func (p *proof) Receivers() []Receiver {
	var out []Receiver
	for _, name := range slices.Sorted(maps.Keys(p.effects)) {
		out = append(out, Receiver{name, p.means(p.effects[name])})
	}
	return out
}

// Receiver is a receiver with a description of how it notifies.
type Receiver struct{ Name, Means string }
