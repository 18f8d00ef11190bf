package definitions

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/template"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/routing"
)

// messages expands the templates of Alertmanager's integrations for the
// scenario instances that reach their receiver.
func (c *Checked) messages() []finding.Finding {
	if c.Broken() {
		return nil
	}
	written, err := c.Context.Alertmanager()
	if err != nil {
		return nil // the proof of the routes reports it
	}
	loaded, err1 := amfile.Load(written.Data)
	doc, err2 := amfile.Parse(string(written.Data))
	tmpl, found := c.templates()
	if err1 != nil || err2 != nil || tmpl == nil {
		return found
	}
	m := messages{Checked: c, expander: tmpl, foreign: foreignTemplates(doc)}
	reached := c.reached(dispatch.NewRoute(loaded.Route, nil))
	nodes, given := map[string]*yaml.Node{}, c.givenReceivers()
	for _, node := range amfile.Items(doc, "receivers") {
		nodes[amfile.Text(node, "name")] = node
	}
	for _, r := range loaded.Receivers {
		node := nodes[r.Name]
		if m.given = given[r.Name] != nil; m.given {
			node = given[r.Name] // with the places of the file
		}
		m.receiver(r, node, reached[r.Name])
	}
	return append(found, m.findings...)
}

// givenReceivers returns the receivers of Routing.YAML by name.
func (c *Checked) givenReceivers() map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	doc, _ := amfile.Parse(c.Routing.YAML) // it parses, or the routing is broken
	for _, receiver := range amfile.Items(doc, "receivers") {
		out[amfile.Text(receiver, "name")] = receiver
	}
	return out
}

// templates returns the templates of Alertmanager and of Routing.Templates.
func (c *Checked) templates() (*expander, []finding.Finding) {
	x, err := newExpander()
	if err != nil {
		return nil, []finding.Finding{{Code: finding.BadTemplate, Where: "routing", Reason: err.Error()}}
	}
	var out []finding.Finding
	for _, f := range c.TemplateFiles() {
		if err := x.Parse(bytes.NewReader(f.Data)); err != nil {
			out = append(out, finding.Finding{Code: finding.BadTemplate, Where: "routing, Templates", Part: f.Name, Reason: templateError(err)})
		}
		x.own(string(f.Data))
	}
	return x, out
}

// foreignTemplates reports whether the configuration loads files of templates
// that are not generated.
func foreignTemplates(doc *yaml.Node) bool {
	return slices.ContainsFunc(amfile.Items(doc, "templates"), func(n *yaml.Node) bool { return n.Value != emit.TemplatePattern })
}

type messages struct {
	*Checked
	*expander
	foreign  bool
	given    bool // the receiver is in Routing.YAML
	findings []finding.Finding
}

// receiver checks the texts of a receiver. node has its own keys, and loaded the
// defaults of Alertmanager too.
func (m *messages) receiver(loaded config.Receiver, node *yaml.Node, to *notified) {
	if node == nil || to == nil {
		to = &notified{}
	}
	bad := map[string]bool{}
	for _, text := range amfile.Messages(node) {
		if !m.expands(loaded.Name, text, to) {
			prefix, _, _ := strings.Cut(text.Path, ".")
			bad[prefix] = true
		}
	}
	literal := slices.ContainsFunc(m.Routing.Receivers, func(r routing.Receiver) bool { return r.Name == loaded.Name })
	count := map[string]int{}
	for kind, sender := range amfile.Integrations(loaded) {
		at := count[kind]
		count[kind]++
		i := &integration{messages: m, receiver: loaded.Name, literal: literal, kind: kind, path: fmt.Sprintf("%s[%d]", amfile.List(kind), at), resolved: sender.SendResolved(), to: to}
		if items := amfile.Items(node, amfile.List(kind)); at < len(items) && !bad[i.path] && i.read(sender, items[at], at) {
			i.check()
		}
	}
}

// add reports a mistake in a text of a receiver.
func (m *messages) add(receiver, part, suggestion, format string, args ...any) {
	m.findings = append(m.findings, finding.Finding{
		Code: finding.BadTemplate, Where: fmt.Sprintf("receiver %q", receiver), Part: part, Reason: fmt.Sprintf(format, args...), Suggestion: suggestion,
	})
}

// expands reports the first error of a text: alone for each instance, and for
// all instances of the receiver together.
func (m *messages) expands(receiver string, text amfile.Message, to *notified) bool {
	expand, err := m.compile(text)
	if err != nil {
		near := ""
		if name := unknownFunction.FindStringSubmatch(err.Error()); name != nil {
			near = suggest.Nearest(name[1], slices.Sorted(maps.Keys(template.DefaultFuncs)))
		}
		m.add(receiver, text.Path, near, "%s%s", m.within(text), templateError(err))
		return false
	}
	for _, group := range groupsOf(to.list) {
		data := m.data(receiver, false, group...)
		if last := len(data.Alerts) - 1; last > 0 {
			data.Alerts[last] = m.data(receiver, true, group[last]).Alerts[0]
		}
		said, err := expand(data)
		switch {
		case err != nil && undefinedTemplate.MatchString(err.Error()) && m.foreign:
			m.Notes = append(m.Notes, fmt.Sprintf("receiver %q, %s: it uses a template of a file that is not embedded, so it is not proved: give the file in Routing.Templates", receiver, text.Path))
			return false
		case err != nil && undefinedTemplate.MatchString(err.Error()):
			m.add(receiver, text.Path, "", "%s%s: define it in a file of Routing.Templates", m.within(text), templateError(err))
			return false
		case err != nil:
			m.add(receiver, text.Path, "", "%swith {%s}: %s", m.place(text), data.CommonLabels, templateError(err))
			return false
		case strings.Contains(said, "<no value>"):
			m.add(receiver, text.Path, "", "%swith {%s}: a value is missing: %s", m.place(text), data.CommonLabels, lineWith("<no value>", said))
			return false
		}
	}
	return true
}

// within introduces a line of a text in Routing.YAML. It returns "" for a literal,
// which is one line.
func (m *messages) within(text amfile.Message) string {
	if !m.given {
		return ""
	}
	return m.place(text) + "in its text, "
}

// place returns the place of a text in Routing.YAML, or "".
func (m *messages) place(text amfile.Message) string {
	if !m.given {
		return ""
	}
	return amfile.Place(text.Node) + " of Routing.YAML: "
}

// data returns the data of a notification about instances of one group.
func (m *messages) data(receiver string, resolved bool, list ...reach) *template.Data {
	return m.Data(receiver, list[0].grouped, list[0].routed, "", alertsOf(resolved, list...)...)
}

// groupsOf returns each instance alone, and all together.
func groupsOf(list []reach) [][]reach {
	var out [][]reach
	for _, x := range list {
		out = append(out, []reach{x})
	}
	if len(list) > 1 {
		out = append(out, list)
	}
	return out
}

var (
	undefinedTemplate = regexp.MustCompile(`template "[^"]*" not defined|no such template`)
	unknownFunction   = regexp.MustCompile(`function "([^"]+)" not defined`)
	templatePlace     = regexp.MustCompile(`^template: [^:]*:`)
)

// templateError returns the text of an error of a template, with its line.
func templateError(err error) string {
	text := templatePlace.ReplaceAllString(err.Error(), "line ")
	return strings.Join(strings.Fields(text), " ")
}

// lineWith returns the first line that contains a word.
func lineWith(word, text string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
