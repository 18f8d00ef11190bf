package message

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/transport"
)

// Page is the data of a template. Every text is cleaned and cut to a length that fits.
type Page struct {
	Kind        Kind
	Words       Words
	Title       string // with icon and severity
	Source      string // "" if no alert names one
	Time        string
	Environment string
	Labels      string // those that all alerts share: "cluster=prod, namespace=shop"
	Sentence    string // the headline of the most severe alert
	Lists       []List
	Notes       []string // about all alerts, or about alerts that are not listed
	Actions     []string
	// Footer is the environment once more, for alerts with a list title.
	Footer string
	Links  []transport.Button // addresses that can't be buttons
	Items  []Item
}

// List is a heading with a line for each alert.
type List struct {
	Heading string
	Lines   []string
}

// page returns the data of the template, and the buttons.
func (f *Formatter) page(n Notice, indices []int, part, parts int, s size) (Page, []transport.Button) {
	items := make([]Item, len(indices))
	for k, i := range indices {
		items[k] = n.Items[i]
	}
	labels := f.labelling(n, items)
	p := Page{
		Kind: n.Kind, Words: f.words, Items: items,
		Title:       f.title(n, items),
		Source:      source(items),
		Time:        f.time(n, items),
		Environment: environment(items),
		Labels:      labels.header(),
		Lists:       f.lists(n, items, labels, s),
	}
	if parts > 1 {
		p.Title += fmt.Sprintf(" (%d/%d)", part, parts)
	}
	if n.Kind == Resolution || n.Kind == Digest || n.Kind == Flap {
		if part == parts {
			p.Notes = f.notes(n)
		}
		return p, nil
	}
	p.Notes = f.silenced(n, items).notes
	if part == parts {
		p.Notes = append(p.Notes, f.notes(n)...)
	}
	if slices.ContainsFunc(items, func(it Item) bool { return f.listTitle(it) != "" }) {
		p.Footer = p.Environment
	}
	p.Sentence = f.headline(items)
	p.Actions = f.actions(items, s.actions)
	var buttons []transport.Button
	if part == 1 {
		buttons, p.Links = f.links(items, labels)
		p.Links = append(p.Links, n.links...)
	}
	return p, buttons
}

// title returns the severity, the title of the most severe alert, and its
// state.
func (f *Formatter) title(n Notice, items []Item) string {
	if n.Kind == Digest {
		return "ℹ️ " + f.words.DigestTitle(len(n.Items))
	}
	if len(items) == 0 {
		return ""
	}
	urgent := slices.MinFunc(items, func(a, b Item) int {
		return cmp.Compare(f.scale.Of(a.Labels).Rank, f.scale.Of(b.Labels).Rank)
	})
	severity, title := f.scale.Of(urgent.Labels), f.titleOf(urgent)
	name := strings.ToUpper(severity.Name)
	others := map[string]bool{}
	for _, it := range items {
		if t := f.titleOf(it); t != title {
			others[t] = true
		}
	}
	if len(others) > 0 {
		title = f.words.AndTitles(title, len(others))
	}
	if n.Kind == Resolution {
		return "✅ " + f.words.ResolvedTitle(name, title)
	}
	if n.Flaps.Times > 0 {
		return f.flapsTitle(n, items, severity, title)
	}
	if name != "" {
		title = name + ": " + title
	}
	switch {
	case allResolved(items):
		return "✅ " + f.words.ResolvedAfter(title, f.words.Duration(longest(items, n.Now)))
	case n.Kind == Reminder:
		return join(severity.Icon, " ", f.words.FiringFor(title, f.words.Duration(longest(items, n.Now))))
	default:
		return join(severity.Icon, " ", title)
	}
}

// titleOf returns the title of an alert, or else its name. It is never empty or
// invisible.
func (f *Formatter) titleOf(it Item) string {
	return first(maxTitle, f.annotation(it, api.Title), f.grafanaTitle(it), it.Labels[model.AlertNameLabel], f.words.Alert)
}

// annotation returns the text in the formatter's language, or else in English.
func (f *Formatter) annotation(it Item, name string) string {
	if text := it.Annotations[api.In(name, f.words.language)]; visible(text) {
		return text
	}
	return it.Annotations[name]
}

// source returns the sources of the alerts: for each the label or annotation source
// in capitals, or else the name of the job or of Grafana's folder. It returns "" if
// no alert has one.
func source(items []Item) string {
	var sources []string
	for _, it := range items {
		source := strings.ToUpper(first(maxField, it.Labels[api.Source], it.Annotations[api.Source]))
		source = cmp.Or(source, first(maxField, it.Labels[model.JobLabel], it.Labels[grafanaFolder]))
		switch {
		case source == "" || slices.Contains(sources, source):
		case len(sources) == maxSources:
			return strings.Join(sources, ", ") + ", …"
		default:
			sources = append(sources, source)
		}
	}
	return strings.Join(sources, ", ")
}

// time returns the start of the newest alert, or in a resolution the end of the
// alert that ended last.
func (f *Formatter) time(n Notice, items []Item) string {
	var newest time.Time
	for _, it := range items {
		t := it.StartsAt
		if n.Kind == Resolution {
			t = it.EndsAt
		}
		if t.After(newest) {
			newest = t
		}
	}
	return f.clock(newest)
}

func (f *Formatter) clock(t time.Time) string {
	return t.In(f.location).Format("2006-01-02 15:04:05 MST")
}

func environment(items []Item) string {
	var envs []string
	for _, it := range items {
		if env := shorten(it.Labels[api.Env], maxField); env != "" && !slices.Contains(envs, env) && len(envs) < 5 {
			envs = append(envs, env)
		}
	}
	slices.Sort(envs)
	return shorten(strings.Join(envs, ", "), maxField)
}

// headline returns the headline of the most severe alert that has one. If
// several are equally severe, the newest one counts, because its text is the
// most recent.
func (f *Formatter) headline(items []Item) string {
	var text string
	var of Item
	for _, it := range items {
		headline := shorten(f.annotation(it, api.Headline), maxSentence)
		if headline == "" {
			continue
		}
		grave := cmp.Compare(f.scale.Of(it.Labels).Rank, f.scale.Of(of.Labels).Rank)
		if text == "" || grave < 0 || grave == 0 && it.StartsAt.After(of.StartsAt) {
			text, of = headline, it
		}
	}
	return text
}

// actions returns the recommended actions of all alerts that fire, each once, in a
// number of UTF-16 code units.
func (f *Formatter) actions(items []Item, room int) []string {
	var actions []string
	for _, it := range items {
		if it.Resolved {
			continue
		}
		for line := range strings.Lines(f.annotation(it, api.Actions)) {
			action := shorten(line, maxAction)
			if strings.Trim(action, "` ") == "" || slices.Contains(actions, action) {
				continue
			}
			if room -= units16(action); room < 0 {
				return actions
			}
			actions = append(actions, action)
		}
	}
	return actions
}

func allResolved(items []Item) bool {
	return !slices.ContainsFunc(items, func(it Item) bool { return !it.Resolved })
}

func longest(items []Item, now time.Time) time.Duration {
	var d time.Duration
	for _, it := range items {
		d = max(d, it.Duration(now))
	}
	return d
}
