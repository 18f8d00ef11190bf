package definitions

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"

	"regexp"
	"slices"
	"strings"

	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/lint/suggest"
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
	given := c.givenReceivers()
	for _, receiver := range amfile.Items(doc, "receivers") {
		name := amfile.Text(receiver, "name")
		m.given = given[name] != nil
		if m.given {
			receiver = given[name] // with the places of the file
		}
		list := amfile.Messages(receiver)
		if len(list) == 0 {
			continue
		}
		var data []*template.Data
		for _, group := range groupsOf(reached[name]) {
			data = append(data, tmpl.Data(name, group[0].grouped, group[0].routed, "", alertsOf(group)...))
		}
		for _, text := range list {
			m.check(name, text, data)
		}
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
	}
	return x, out
}

// foreignTemplates reports whether the configuration loads files of templates
// that are not generated.
func foreignTemplates(doc *yaml.Node) bool {
	return slices.ContainsFunc(amfile.Items(doc, "templates"), func(n *yaml.Node) bool { return n.Value != emit.TemplatePattern })
}

// reach is an instance with the labels by which its route groups it.
type reach struct {
	emit.Instance
	grouped, routed model.LabelSet
}

// reached returns the scenario instances that reach each receiver.
func (c *Checked) reached(root *dispatch.Route) map[string][]reach {
	out := map[string][]reach{}
	for _, a := range c.Alerts {
		for _, x := range c.Instances(a.Group, a.Alert, series(a)) {
			labels := model.LabelSet{}
			for name, value := range x.Labels {
				labels[model.LabelName(name)] = model.LabelValue(value)
			}
			for _, r := range root.Match(labels) {
				grouped := model.LabelSet{}
				for name, value := range labels {
					if _, ok := r.RouteOpts.GroupBy[name]; ok || r.RouteOpts.GroupByAll {
						grouped[name] = value
					}
				}
				out[r.RouteOpts.Receiver] = append(out[r.RouteOpts.Receiver], reach{x, grouped, r.RouteOpts.Labels})
			}
		}
	}
	return out
}

// series returns labels that a series of the alert's expression may have.
func series(a Alert) map[string]string {
	out := map[string]string{}
	for _, name := range a.Labels.Names() {
		values := slices.Concat(a.Labels.Values(name), []string{"value"})
		out[name] = cmp.Or(a.Labels.Pinned(name), values[0])
	}
	return out
}

type messages struct {
	*Checked
	*expander
	foreign  bool
	given    bool // the receiver is in Routing.YAML
	findings []finding.Finding
}

// check expands a text for each instance, and for all of the receiver together.
func (m *messages) check(receiver string, text amfile.Message, list []*template.Data) {
	add := func(where string, err error) {
		place := ""
		if m.given {
			place = amfile.Place(text.Node) + " of Routing.YAML: "
		}
		if m.given && where == "" {
			where = "in its text, "
		}
		f := finding.Finding{Code: finding.BadTemplate, Where: fmt.Sprintf("receiver %q", receiver), Part: text.Path, Reason: place + where + templateError(err)}
		if name := unknownFunction.FindStringSubmatch(f.Reason); name != nil {
			f.Suggestion = suggest.Nearest(name[1], slices.Sorted(maps.Keys(template.DefaultFuncs)))
		}
		m.findings = append(m.findings, f)
	}
	expand, err := m.compile(text)
	if err != nil {
		add("", err)
		return
	}
	for _, data := range list {
		said, err := expand(data)
		with := fmt.Sprintf("with {%s}: ", data.CommonLabels)
		switch {
		case err != nil && undefinedTemplate.MatchString(err.Error()) && m.foreign:
			m.Notes = append(m.Notes, fmt.Sprintf("receiver %q, %s: it uses a template of a file that is not embedded, so it is not proved: give the file in Routing.Templates", receiver, text.Path))
			return
		case err != nil && undefinedTemplate.MatchString(err.Error()):
			add("", fmt.Errorf("%w: define it in a file of Routing.Templates", err))
			return
		case err != nil:
			add(with, err)
			return
		case strings.Contains(said, "<no value>"):
			add(with, fmt.Errorf("a value is missing: %s", lineWith("<no value>", said)))
			return
		case pagerDutySeverity.MatchString(text.Path) && !slices.Contains(pagerDutySeverities, said):
			add(with, fmt.Errorf("it gives %q, and PagerDuty takes %s: translate it, as {{ if eq .CommonLabels.severity \"page\" }}critical{{ else }}warning{{ end }}", said, strings.Join(pagerDutySeverities, ", ")))
			return
		}
	}
}

// pagerDutySeverities are the severities of an event of PagerDuty. It refuses
// others.
var (
	pagerDutySeverities = []string{"critical", "error", "warning", "info"}
	pagerDutySeverity   = regexp.MustCompile(`(?i)^pager_?duty.*\bseverity$`)
)

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

// alertsOf returns the instances as firing alerts. Of several, the last is
// resolved.
func alertsOf(group []reach) []*alert.Alert {
	start := time.Unix(0, 0).UTC()
	var out []*alert.Alert
	for i, x := range group {
		a := &alert.Alert{Alert: model.Alert{Labels: model.LabelSet{}, Annotations: model.LabelSet{}, StartsAt: start}, UpdatedAt: start}
		for name, value := range x.Labels {
			a.Labels[model.LabelName(name)] = model.LabelValue(value)
		}
		for name, value := range x.Annotations {
			a.Annotations[model.LabelName(name)] = model.LabelValue(value)
		}
		if i > 0 && i == len(group)-1 {
			a.EndsAt = start.Add(time.Minute)
		}
		out = append(out, a)
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
