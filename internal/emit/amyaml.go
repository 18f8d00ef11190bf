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
	found := amfile.Findings(node, reflect.TypeFor[config.Config](), givenWhere, "")
	b.findings = append(b.findings, found...)
	if amfile.Merges(node) || amfile.Merges(amfile.At(node, "route")) {
		b.fail(finding.Unreadable, givenWhere, "", "a merge key (<<) is at the top or in route, where the generator adds keys: write the keys themselves")
	}
	for _, list := range []string{"receivers", "inhibit_rules", "time_intervals", "mute_time_intervals", "templates"} {
		if n := amfile.At(node, list); n != nil && n.Kind != yaml.SequenceNode && n.ShortTag() != "!!null" {
			b.fail(finding.Unreadable, givenWhere, "", "line %d: %s is not a list", n.Line, list)
		}
	}
	if route := amfile.At(node, "route"); route != nil && route.Kind != yaml.MappingNode {
		b.fail(finding.Unreadable, givenWhere, "", "line %d: route is not a set of keys", route.Line)
	} else if route != nil && len(found) == 0 {
		b.decodeRoute(route, givenWhere)
	}
	return node
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
