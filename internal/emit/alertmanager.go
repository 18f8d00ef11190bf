package emit

import (
	"errors"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/model/matchers"
)

// amBuilder collects the parts of alertmanager.yml. All parts are YAML nodes,
// because the types of Alertmanager print secrets as <secret>, and every
// default.
type amBuilder struct {
	*Context
	given    *yaml.Node // Routing.YAML
	misread  bool       // Routing.YAML or a Raw has mistakes
	readable []readable
	findings []finding.Finding
}

func (b *amBuilder) add(f finding.Finding) { b.findings = append(b.findings, f) }

func (b *amBuilder) fail(code finding.Code, where, part, format string, args ...any) {
	b.add(finding.Finding{Code: code, Where: where, Part: part, Reason: fmt.Sprintf(format, args...)})
}

func (c *Context) builder() *amBuilder {
	matchers.AsAlertmanager() // before a route is decoded
	b := &amBuilder{Context: c}
	b.given = b.readYAML()
	b.misread = len(b.findings) > 0
	return b
}

// Alertmanager returns alertmanager.yml with the origin of its parts. The error
// joins a finding for each part of the routing that cannot be written.
func (c *Context) Alertmanager() (Written, error) {
	b := c.builder()
	out := b.write()
	if len(b.findings) > 0 {
		return Written{}, b.err()
	}
	if _, err := amfile.Load(out.Data); err != nil {
		if b.load(); len(b.findings) == 0 {
			b.fail(finding.Unreadable, b.whole(), "", "Alertmanager refuses alertmanager.yml: %s", amfile.Reason(err))
		}
		return Written{}, b.err()
	}
	return out, nil
}

// AlertmanagerFindings reports mistakes in receivers and in parts that are given
// as YAML. Other checks report those of literal routes. misread is true if a part
// that is given as YAML has one, so that its names are not known.
func (c *Context) AlertmanagerFindings() (found []finding.Finding, misread bool) {
	b := c.builder()
	b.receivers()
	b.load()
	b.raws(c.Routing.Route.Routes)
	b.names()
	_, bad := c.readTemplates()
	return append(b.findings, bad...), b.misread
}

func (b *amBuilder) err() error {
	var errs []error
	for _, f := range b.findings {
		errs = append(errs, f)
	}
	return errors.Join(errs...)
}

// write merges the literals into Routing.YAML.
func (b *amBuilder) write() Written {
	doc := amfile.Mapping()
	doc.Content = slices.Clone(b.given.Content)
	doc.HeadComment, doc.FootComment = b.given.HeadComment, b.given.FootComment
	out := Written{Receivers: map[string]bool{}, Intervals: map[string]bool{}}

	root, origin := b.root()
	out.Route = origin
	amfile.Set(doc, "route", root)

	inhibits := b.inhibits()
	for range amfile.Items(doc, "inhibit_rules") {
		out.Inhibits = append(out.Inhibits, true)
	}
	out.Inhibits = append(out.Inhibits, make([]bool, len(inhibits))...)
	amfile.Insert(doc, "inhibit_rules", nil, inhibits)

	for _, n := range amfile.Items(doc, "receivers") {
		out.Receivers[amfile.Text(n, "name")] = true
	}
	amfile.Insert(doc, "receivers", nil, b.receivers())

	for _, name := range b.givenIntervals() {
		out.Intervals[name] = true
	}
	amfile.Insert(doc, "time_intervals", nil, b.intervals())
	if b.Routing.Templates != nil {
		amfile.Insert(doc, "templates", nil, []*yaml.Node{amfile.Encode(TemplatePattern)})
	}
	b.names()

	data, err := amfile.Marshal(doc)
	if err != nil {
		b.fail(finding.Unreadable, "routing", "", "alertmanager.yml: %v", err)
	}
	out.Data = data
	return out
}
