package routes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/lint/definitions"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/routetree"
	"github.com/alertnative/preflight/internal/proof/space"
)

// Notification is one way in which an alert is delivered.
type Notification struct {
	Alert    string // "" for alerts of other sites
	Severity string
	Labels   string // labels of the instances, "" for most instances
	routetree.Delivery
	Team       string   // values of the label team, "" for none
	Means      string   // description of how the receiver notifies
	Suppressed string   // description of when it is not sent, "" for never
	Promises   []string // promises that bind this notification
}

// outcome is a set of instances of an alert with the same notifications.
type outcome struct {
	level    string
	boxes    []space.Box
	routes   []*routetree.Route
	promises []promise
	size     float64
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
			text := c.level + ": " + routetree.Outcome(piece.Routes)
			i, seen := at[text]
			if !seen {
				i = len(out)
				at[text] = i
				out = append(out, outcome{level: c.level, routes: piece.Routes})
			}
			size := 1.0
			for _, values := range piece.Box {
				size *= float64(values.Len())
			}
			out[i].boxes, out[i].size = append(out[i].boxes, piece.Box), out[i].size+size
			for _, x := range c.promises {
				if !slices.ContainsFunc(out[i].promises, func(y promise) bool { return y.number == x.number }) {
					out[i].promises = append(out[i].promises, x)
				}
			}
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
				Alert: a.Name, Severity: o.level, Labels: special, Delivery: d, Team: p.team(a, o.boxes), Promises: binding(o.promises, r.Receiver),
				Means: p.means(p.effects[d.Receiver]), Suppressed: p.suppressed(a, d.Mute, d.Active),
			})
		}
	}
	return out
}

// binding returns the promises that bind at a receiver, by their numbers.
func binding(promises []promise, receiver string) []string {
	var out []string
	for _, x := range promises {
		if x.about(receiver) {
			out = append(out, x.Text())
		}
	}
	slices.Sort(out)
	return out
}

// teamLabel is the label with the team that owns an alert, by convention.
const teamLabel = "team"

// team returns the teams of instances of an alert.
func (p *proof) team(a *definitions.Alert, boxes []space.Box) string {
	i, ok := p.space.Label(teamLabel)
	if !ok {
		return a.Labels.Pinned(teamLabel)
	}
	values, open := p.listed(i, union(boxes, i))
	if open {
		return "any"
	}
	return strings.Join(slices.DeleteFunc(values, func(v string) bool { return v == "" }), ", ")
}

// special describes the instances of an alert in these boxes by the labels that
// distinguish them from the others.
func (p *proof) special(some, every []space.Box) string {
	var parts []string
	for _, b := range merged(some) {
		var out []string
		for i, name := range p.space.Names() {
			if lacks := union(every, i).Without(b[i]); !lacks.Empty() {
				out = append(out, p.describe(i, name, b[i], lacks)...)
			}
		}
		if text := strings.Join(out, ", "); !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	if len(parts) > maxDescribed {
		parts = append(parts[:maxDescribed], fmt.Sprintf("%d other combinations", len(parts)-maxDescribed))
	}
	return strings.Join(parts, " or ")
}

// maxDescribed is the number of boxes that a description lists.
const maxDescribed = 4

// merged joins boxes that differ in one label.
func merged(boxes []space.Box) []space.Box {
	out := slices.Clone(boxes)
	for i := 0; i < len(out); i++ {
		for j := i + 1; j < len(out); j++ {
			if label, ok := onlyDifference(out[i], out[j]); ok {
				out[i] = out[i].With(label, out[i][label].Or(out[j][label]))
				out = slices.Delete(out, j, j+1)
				i = -1 // the larger box may fit others
				break
			}
		}
	}
	return out
}

// onlyDifference returns the only label in which two boxes differ, or any label
// if they are equal.
func onlyDifference(a, b space.Box) (label int, ok bool) {
	n := 0
	for i := range a {
		if !a[i].In(b[i]) || !b[i].In(a[i]) {
			label = i
			n++
		}
	}
	return label, n <= 1
}

// describe describes some values of a label among others, in the form of
// matchers: a short list of values, or those of the routes and their opposites.
func (p *proof) describe(label int, name string, mine, lacks space.Set) []string {
	mineListed, mineOpen := p.listed(label, mine)
	lacksListed, lacksOpen := p.listed(label, lacks)
	switch {
	case !mineOpen && len(mineListed) <= 3:
		return []string{fmt.Sprintf("%s=%q", name, strings.Join(mineListed, "|"))}
	case !lacksOpen && len(lacksListed) <= 3:
		return []string{fmt.Sprintf("%s!=%q", name, strings.Join(lacksListed, "|"))}
	}
	var out []string
	narrow := func(inverse bool) {
		for _, r := range p.tree.Routes() {
			for _, m := range r.Matchers {
				if m.Name != name || lacks.Empty() {
					continue
				}
				accept, text := p.space.Matchers(labels.Matchers{m}).Accept(label), m.String()
				if inverse {
					accept, text = p.space.Everything(label).Without(accept), opposite(m)
				}
				if mine.In(accept) && !lacks.In(accept) {
					out = append(out, text)
					lacks = lacks.And(accept)
				}
			}
		}
	}
	narrow(false)
	narrow(true)
	if !lacks.Empty() && !mineOpen {
		return []string{fmt.Sprintf("%s=%q", name, strings.Join(mineListed, "|"))}
	}
	return out
}

// opposite returns the text of a matcher that matches what m does not.
func opposite(m *labels.Matcher) string {
	o := map[labels.MatchType]labels.MatchType{
		labels.MatchEqual: labels.MatchNotEqual, labels.MatchNotEqual: labels.MatchEqual,
		labels.MatchRegexp: labels.MatchNotRegexp, labels.MatchNotRegexp: labels.MatchRegexp,
	}
	return (&labels.Matcher{Type: o[m.Type], Name: m.Name, Value: m.Value}).String()
}

// listed returns the values of a set, sorted, without those that stand for a
// class, and whether it has such.
func (p *proof) listed(label int, set space.Set) (values []string, open bool) {
	for v := range set.All {
		if p.space.Many(label, v) {
			open = true
		} else {
			values = append(values, p.space.Value(label, v))
		}
	}
	slices.Sort(values)
	return values, open
}

// union returns the values that a label has in one of the boxes.
func union(boxes []space.Box, label int) space.Set {
	set := boxes[0][label]
	for _, b := range boxes[1:] {
		set = set.Or(b[label])
	}
	return set
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
			sources = "an alert with " + matchers.Name(i.rule.SourceMatchers)
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
	for _, ms := range p.declared {
		add(ms)
	}
	add(nil)
	slices.SortStableFunc(out, func(a, b Notification) int { return cmp.Compare(a.Labels, b.Labels) }) // the order of promises is irrelevant
	return out
}
