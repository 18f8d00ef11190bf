package emit

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/routing"
)

// amRoute is a route without its children.
type amRoute struct {
	Matchers      []string  `yaml:"matchers,omitempty"`
	Receiver      string    `yaml:"receiver,omitempty"`
	GroupBy       *[]string `yaml:"group_by,omitempty"`
	GroupWait     string    `yaml:"group_wait,omitempty"`
	GroupInterval string    `yaml:"group_interval,omitempty"`
	Repeat        string    `yaml:"repeat_interval,omitempty"`
	Continue      bool      `yaml:"continue,omitempty"`
	Mute          []string  `yaml:"mute_time_intervals,omitempty"`
	Active        []string  `yaml:"active_time_intervals,omitempty"`
}

type amInhibit struct {
	Source []string `yaml:"source_matchers"`
	Target []string `yaml:"target_matchers"`
	Equal  []string `yaml:"equal,omitempty"`
}

// root returns the root route. The literal routes precede those of
// Routing.YAML.
func (b *amBuilder) root() (*yaml.Node, RouteOrigin) {
	literal := b.Routing.Route
	children, origins := b.routes(literal.Routes)
	given := amfile.At(b.given, "route")
	if given == nil || given.Kind != yaml.MappingNode {
		literal.Routes = nil
		node, _ := b.route(literal)
		amfile.Insert(node, "routes", nil, children)
		return node, RouteOrigin{Routes: origins}
	}
	root := amfile.Mapping()
	root.Anchor, root.Content = given.Anchor, slices.Clone(given.Content)
	for range amfile.Items(root, "routes") {
		origins = append(origins, RouteOrigin{YAML: true})
	}
	amfile.Insert(root, "routes", children, nil)
	return root, RouteOrigin{YAML: true, Routes: origins}
}

func (b *amBuilder) routes(list []routing.Route) ([]*yaml.Node, []RouteOrigin) {
	var nodes []*yaml.Node
	var origins []RouteOrigin
	for _, r := range list {
		node, origin := b.route(r)
		nodes, origins = append(nodes, node), append(origins, origin)
	}
	return nodes, origins
}

// route returns a route with its children.
func (b *amBuilder) route(r routing.Route) (*yaml.Node, RouteOrigin) {
	if r.YAML() != "" {
		return b.raw(r), RouteOrigin{YAML: true, Raw: true}
	}
	own, err := matchers.Parse(r.Match)
	errs := []error{err}
	out := amRoute{Matchers: matchers.Texts(own), Receiver: r.Receiver, Continue: r.Continue, Mute: r.Mute, Active: r.Active}
	if r.GroupBy != nil {
		out.GroupBy = &r.GroupBy
	}
	for _, wait := range []struct {
		field, text string
		to          *string
	}{
		{"GroupWait", r.GroupWait, &out.GroupWait},
		{"GroupInterval", r.GroupInterval, &out.GroupInterval},
		{"RepeatInterval", r.RepeatInterval, &out.Repeat},
	} {
		if wait.text == "" {
			continue
		}
		d, err := model.ParseDuration(wait.text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w: write it as \"30s\" or \"4h\"", wait.field, err))
		}
		*wait.to = d.String()
	}
	if err := errors.Join(errs...); err != nil {
		b.fail(finding.Unreadable, "routing, "+RouteName(r.Match), "", "%v", err)
	}
	node := amfile.Encode(out)
	children, origins := b.routes(r.Routes)
	amfile.Insert(node, "routes", nil, children)
	return node, RouteOrigin{Routes: origins}
}

// raws checks the subtrees that are given as YAML.
func (b *amBuilder) raws(list []routing.Route) {
	for _, r := range list {
		if r.YAML() != "" {
			b.raw(r)
		}
		b.raws(r.Routes)
	}
}

// raw returns a subtree that is given as YAML.
func (b *amBuilder) raw(r routing.Route) *yaml.Node {
	node, err := amfile.Parse(r.YAML())
	where := "routing, " + rawName(node)
	fail := func(code finding.Code, format string, args ...any) {
		b.misread = true
		b.fail(code, where, "", format, args...)
	}
	if !reflect.DeepEqual(r, routing.Raw(r.YAML())) {
		fail(finding.Clash, "it has fields beside its YAML: write them in the YAML")
	}
	inner := amfile.At(node, "route")
	switch {
	case err != nil:
		where = "routing, Raw " + finding.Quote(strings.TrimSpace(r.YAML()))
		fail(finding.Unreadable, "%v", err)
	case len(node.Content) == 0:
		where = "routing, Raw " + finding.Quote(strings.TrimSpace(r.YAML()))
		fail(finding.Unreadable, "its YAML has no keys, and would take every alert: write {matchers: [team=\"a\"], receiver: a}, or leave it out")
	case len(node.Content) == 2 && inner != nil:
		fail(finding.Unreadable, "%s: the key route is not part of a subtree: start with its keys, such as matchers, receiver and routes", amfile.Place(node))
	default:
		b.check(node, reflect.TypeFor[config.Route](), where)
	}
	return node
}

// rawName names a subtree by its matchers.
func rawName(n *yaml.Node) string { return "Raw {" + givenMatch(n) + "}" }

// RawMatch returns the matchers of a subtree that is given as YAML.
func RawMatch(r routing.Route) string {
	n, _ := amfile.Parse(r.YAML()) // another check reports a mistake
	return givenMatch(n)
}

func givenMatch(n *yaml.Node) string {
	var own []string
	for _, m := range amfile.Items(n, "matchers") {
		own = append(own, m.Value)
	}
	for _, old := range []struct {
		key  string
		kind labels.MatchType
	}{{"match", labels.MatchEqual}, {"match_re", labels.MatchRegexp}} {
		for name, value := range amfile.Pairs(n, old.key) {
			own = append(own, matchers.Text(&labels.Matcher{Name: name, Type: old.kind, Value: value}))
		}
	}
	return strings.Join(own, ",")
}

// RouteName names a route by its matchers.
func RouteName(match string) string {
	switch ms, err := matchers.Parse(match); {
	case err != nil:
		return "{" + match + "}"
	case len(ms) == 0:
		return "the default route"
	default:
		return matchers.Name(ms)
	}
}

// inhibits returns the literal inhibitions.
func (b *amBuilder) inhibits() []*yaml.Node {
	var out []*yaml.Node
	for _, i := range b.Routing.Inhibit {
		source, err1 := matchers.Parse(i.Source)
		target, err2 := matchers.Parse(i.Target)
		if err := errors.Join(err1, err2); err != nil {
			b.fail(finding.Unreadable, "routing, "+InhibitName(i), "", "%v", err)
		}
		out = append(out, amfile.Encode(amInhibit{matchers.Texts(source), matchers.Texts(target), i.Equal}))
	}
	return out
}

// InhibitName names an inhibition by its matchers.
func InhibitName(i routing.Inhibit) string {
	return fmt.Sprintf("inhibition of %s by %s", RouteName(i.Target), RouteName(i.Source))
}
