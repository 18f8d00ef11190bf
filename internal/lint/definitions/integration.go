package definitions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/emit/amfile"
)

// integration is an integration of Alertmanager with its texts.
type integration struct {
	*messages
	service
	receiver, kind, path string
	literal              bool // of a receiver in Go, not in Routing.YAML
	resolved             bool // resolutions are sent
	to                   *notified
	texts                map[string]text // by key, defaults of Alertmanager too
}

// text is a text of an integration, ready for expansion.
type text struct {
	amfile.Message
	own    bool // not a default of Alertmanager
	expand func(*template.Data) (string, error)
}

// read reads the texts of a loaded integration, and reports whether any is the
// user's.
func (i *integration) read(sender notify.ResolvedSender, item *yaml.Node, at int) bool {
	i.service = services[i.kind]
	var node yaml.Node
	if err := node.Encode(sender); err != nil {
		return false
	}
	own := map[string]bool{}
	for _, m := range amfile.Texts(i.kind, at, item) {
		key := i.key(m)
		if strings.EqualFold(key, subject) {
			key = subject // as Alertmanager reads it
		}
		own[key] = true
	}
	list := amfile.Texts(i.kind, at, &node)
	if i.kind == "email" && !slices.ContainsFunc(list, func(m amfile.Message) bool { return i.key(m) == subject }) {
		list = append(list, amfile.Message{Path: i.path + "." + subject, Text: defaultSubject})
	}
	i.texts = map[string]text{}
	for _, m := range list {
		if i.kind == "telegram" {
			m.HTML = amfile.Text(&node, "parse_mode") == "HTML"
		}
		expand := constantly(m.Text)
		if strings.Contains(m.Text, "{{") {
			var err error
			if expand, err = i.compile(m); err != nil {
				return false // expands reports it
			}
		}
		i.texts[i.key(m)] = text{m, own[i.key(m)], expand}
	}
	for key := range own { // an empty text is not encoded
		if _, ok := i.texts[key]; !ok {
			i.texts[key] = text{amfile.Message{Path: i.path + "." + key}, true, constantly("")}
		}
	}
	return len(own) > 0 && len(i.to.list) > 0
}

func constantly(said string) func(*template.Data) (string, error) {
	return func(*template.Data) (string, error) { return said, nil }
}

// key returns the path of a text inside its integration.
func (i *integration) key(m amfile.Message) string { return strings.TrimPrefix(m.Path, i.path+".") }

// check reports the first mistake in what people read, and mistakes in settings.
func (i *integration) check() {
	i.settings()
	if i.names() || !i.customized() {
		return
	}
	for _, find := range []func() bool{i.empty, i.sometimesEmpty, i.constant, i.first, i.sameEnd} {
		if find() {
			return
		}
	}
}

// customized reports whether the user wrote a text that people read.
func (i *integration) customized() bool { return len(i.ownOf(i.shown)) > 0 }

// ownOf returns the keys of the user's texts that a list covers, in the order of
// the list.
func (i *integration) ownOf(list []string) []string {
	var out []string
	for _, want := range list {
		for key, t := range sorted(i.texts) {
			if t.own && covers([]string{want}, key) {
				out = append(out, key)
			}
		}
	}
	return out
}

// report reports a mistake in a text: a note where the receiver is given as YAML.
func (i *integration) report(key, suggestion, format string, args ...any) bool {
	if i.literal {
		i.add(i.receiver, i.path+"."+key, suggestion, format, args...)
		return true
	}
	i.Notes = append(i.Notes, fmt.Sprintf("receiver %q, %s.%s: %s", i.receiver, i.path, key, fmt.Sprintf(format, args...)))
	return true
}

// view holds expanded texts by key.
type view map[string]string

// said expands the texts that a list covers, for alerts of one group.
func (i *integration) said(keys []string, resolved bool, list ...reach) view {
	data := i.data(i.receiver, resolved, list...)
	out := view{}
	for key, t := range i.texts {
		if covers(keys, key) {
			said, _ := t.expand(data) // expands reports an error
			out[key] = strings.TrimSpace(said)
		}
	}
	return out
}

// blank reports whether all texts of a view are empty.
func (v view) blank() bool {
	for _, said := range v {
		if said != "" {
			return false
		}
	}
	return true
}

func (v view) equal(o view) bool { return maps.Equal(v, o) }

// empty reports an integration without the text that its service needs.
func (i *integration) empty() bool {
	own := i.ownOf(i.needs)
	if len(own) == 0 {
		return false
	}
	key, empty := own[0], 0
	with := ""
	for _, x := range i.to.list {
		if i.said(i.needs, false, x).blank() {
			empty++
			with = labelsOf(x)
		}
	}
	switch {
	case empty == len(i.to.list):
		i.add(i.receiver, i.path+"."+key, "", "it is empty, and %s: write a text, or leave it out for that of Alertmanager", i.refused)
		return true
	case empty > 0:
		return i.report(key, "", "with %s it is empty, and %s: write a text that every alert has, such as {{ .CommonLabels.alertname }}", with, i.refused)
	}
	for _, p := range i.to.pairs {
		if i.said(i.needs, false, p.one, p.two).blank() {
			return i.report(key, "", "it is empty for two alerts of one group that differ in %q, and %s: %s", p.differ(), i.refused, i.each(key))
		}
	}
	return false
}

// each returns the advice for texts of several alerts.
func (i *integration) each(key string) string {
	for _, u := range i.usesIn(key) {
		if u.scope == commonAnnotations || u.scope == commonLabels {
			return fmt.Sprintf("%s has only what all alerts share; write {{ range .Alerts }}{{ .%s.%s }} {{ end }}", u.scope, strings.TrimPrefix(u.scope, "Common"), u.name)
		}
	}
	return "write {{ range .Alerts }}{{ .Annotations.summary }} {{ end }}"
}

// sometimesEmpty reports a text that is empty for some alerts, or for several.
// The author of an if or a with has thought of it.
func (i *integration) sometimesEmpty() bool {
	found := false
	for _, key := range i.ownOf(i.main) {
		if !strings.Contains(i.texts[key].Text, "{{") || i.conditional(key) {
			continue
		}
		found = i.emptyText(key) || found
	}
	return found
}

func (i *integration) emptyText(key string) bool {
	with, empty := "", 0
	for _, x := range i.to.list {
		if i.said([]string{key}, false, x).blank() {
			with = labelsOf(x)
			empty++
		}
	}
	switch {
	case empty == len(i.to.list):
		return i.report(key, "", "it is empty for every alert: write a text that alerts have, or leave it out")
	case empty > 0:
		return i.report(key, "", "with %s it is empty: write a text that every alert has, or {{ with … }} where it may be missing", with)
	}
	for _, p := range i.to.pairs {
		if i.said([]string{key}, false, p.one, p.two).blank() {
			return i.report(key, "", "it is empty for two alerts of one group that differ in %q: %s", p.differ(), i.each(key))
		}
	}
	return false
}

// constant reports texts that are the same for every alert.
func (i *integration) constant() bool {
	keys := i.shown
	own := i.ownOf(i.main)
	if i.headline != "" {
		keys, own = []string{i.headline}, i.ownOf([]string{i.headline})
	}
	if len(own) == 0 {
		return false
	}
	first := i.said(keys, false, i.to.list[0])
	several := false
	for _, x := range i.to.list[1:] {
		several = several || x.Labels[alertname] != i.to.list[0].Labels[alertname]
		if !i.said(keys, false, x).equal(first) {
			return false
		}
	}
	if !several && !slices.ContainsFunc(i.to.pairs, func(p pairOf) bool { return i.headline == "" || p.one.Labels[alertname] != p.two.Labels[alertname] }) {
		return false // one alert, which the text may name
	}
	for _, p := range i.to.pairs {
		if !i.said(keys, false, p.two).equal(first) || !i.said(keys, false, p.one, p.two).equal(first) {
			return false
		}
	}
	return i.report(own[0], "", "it is the same for every alert, so no person knows which one fires: write {{ .CommonLabels.alertname }} or {{ .CommonAnnotations.summary }} in it")
}

// first reports texts that name one of several alerts, or lose the text that all
// would share, and nothing else counts or names the others.
func (i *integration) first() bool {
	own := i.ownOf(i.main)
	if len(own) == 0 {
		return false
	}
	for _, p := range i.to.pairs {
		one, both := i.said(i.shown, false, p.one), i.said(i.shown, false, p.one, p.two)
		switch {
		case one.equal(both) && !both.equal(i.said(i.shown, false, p.two, p.one)):
			return i.report(own[0], "", "of two alerts of one group that differ in %q it names only the first: write {{ range .Alerts }}…{{ end }}, or count them: {{ len .Alerts.Firing }}", p.differ())
		case !one.equal(both) && !maps.Equal(p.two.Labels, p.three.Labels) && both.equal(i.said(i.shown, false, p.one, p.two, p.three)):
			return i.report(own[0], "", "for two alerts of one group that differ in %q it neither names nor counts them: %s", p.differ(), i.each(own[0]))
		}
	}
	return false
}

// sameEnd reports texts that do not distinguish firing from resolved alerts.
func (i *integration) sameEnd() bool {
	own := i.ownOf(i.main)
	if !i.resolved || i.marksEnd || len(own) == 0 {
		return false
	}
	for _, x := range i.to.list {
		if !i.said(i.shown, false, x).equal(i.said(i.shown, true, x)) {
			return false
		}
	}
	return i.report(own[0], "", "the message of a resolution is the same as that of the firing alert: write {{ .Status | toUpper }} in it, or set FiringOnly: true")
}

// labelsOf returns the labels of an instance as {a=b}.
func labelsOf(x reach) string {
	var out []string
	for name, value := range sorted(x.Labels) {
		out = append(out, name+"="+value)
	}
	return "{" + strings.Join(out, ", ") + "}"
}
