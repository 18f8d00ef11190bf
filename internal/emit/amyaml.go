package emit

import (
	"reflect"

	"github.com/prometheus/alertmanager/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
)

// givenWhere is the place of findings about Routing.YAML.
const givenWhere = "routing, YAML"

// readYAML returns Routing.YAML as a mapping, and reports its mistakes.
func (b *amBuilder) readYAML() *yaml.Node {
	node, err := amfile.Parse(b.Routing.YAML)
	if err != nil {
		b.fail(finding.Unreadable, givenWhere, "", "%v", err)
		return node
	}
	b.check(node, reflect.TypeFor[config.Config](), givenWhere)
	for _, part := range []*yaml.Node{node, amfile.At(node, "route")} {
		if merge := amfile.Merge(part); merge != nil {
			b.fail(finding.Unreadable, givenWhere, "", "%s: a merge key (<<) is at the top or in route, where the generator adds keys: write the keys themselves", amfile.Place(merge))
		}
	}
	if b.misread {
		return node
	}
	for _, list := range []string{"receivers", "time_intervals", "mute_time_intervals"} {
		b.twice(node, list)
	}
	return node
}

// check reports the mistakes of a part that is given as YAML. It reports values
// that Alertmanager refuses only if it knows all of the keys.
func (b *amBuilder) check(n *yaml.Node, t reflect.Type, where string) {
	found := amfile.Findings(n, t, where, "")
	b.findings = append(b.findings, found...)
	b.misread = b.misread || len(found) > 0
	if len(found) > 0 {
		return
	}
	for _, r := range amfile.Refusals(n, t, "") {
		b.misread = true
		b.fail(finding.Unreadable, where, "", "%s: %s", r.Place(), r.Reason)
	}
}

// twice reports the second of two items of a list with one name.
func (b *amBuilder) twice(node *yaml.Node, list string) {
	first := map[string]*yaml.Node{}
	for _, n := range amfile.Items(node, list) {
		name := amfile.Text(n, "name")
		if first[name] != nil {
			b.fail(finding.Clash, givenWhere, "", "%s: %s has the name %q twice, first in line %d: rename one", amfile.Place(n), list, name, first[name].Line)
			b.misread = true
			continue
		}
		first[name] = n
	}
}

// givenIntervals returns the names of the time intervals in Routing.YAML.
func (b *amBuilder) givenIntervals() []string {
	var out []string
	for _, list := range []string{"time_intervals", "mute_time_intervals"} {
		for _, n := range amfile.Items(b.given, list) {
			out = append(out, amfile.Text(n, "name"))
		}
	}
	return out
}

// whole returns the place of a finding about the whole file.
func (b *amBuilder) whole() string {
	if len(b.given.Content) > 0 {
		return givenWhere
	}
	return "routing"
}
