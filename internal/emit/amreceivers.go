package emit

import (
	"fmt"
	"reflect"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/routing"
)

// receivers returns the literal receivers.
func (b *amBuilder) receivers() []*yaml.Node {
	var out []*yaml.Node
	for _, r := range b.Routing.Receivers {
		out = append(out, b.receiver(r))
	}
	return out
}

// receiver returns a receiver with its integrations.
func (b *amBuilder) receiver(r routing.Receiver) *yaml.Node {
	node := amfile.Mapping()
	amfile.Set(node, "name", amfile.Encode(r.Name))
	for _, i := range b.integrations(r) {
		if _, ok := amfile.Kind(i.kind); !ok {
			b.unknownKind(r, i)
			continue
		}
		amfile.Insert(node, amfile.List(i.kind), nil, []*yaml.Node{b.integration(r, i)})
	}
	return node
}

// integration returns an integration: its own keys, then those of its YAML.
func (b *amBuilder) integration(r routing.Receiver, i integration) *yaml.Node {
	where, part := fmt.Sprintf("receiver %q", r.Name), i.field+".YAML"
	before := len(b.findings)
	rest, err := amfile.Parse(i.yaml)
	if err != nil {
		b.fail(finding.Unreadable, where, part, "%v", err)
	}
	kind, _ := amfile.Kind(i.kind)
	b.findings = append(b.findings, amfile.Findings(rest, kind, where, part)...)
	b.sendsResolved(r, rest, where, part)

	node := amfile.Mapping()
	for _, k := range i.keys {
		given := amfile.At(rest, k.name)
		switch {
		case given == nil || k.name == sendResolved:
			amfile.Set(node, k.name, amfile.Encode(k.value))
		case k.field != "": // other keys have defaults of this module
			b.fail(finding.Clash, where, part, "%s: the key %s is given by %s too: leave one out", amfile.Place(given), k.name, k.field)
		}
	}
	for at := 0; at+1 < len(rest.Content); at += 2 {
		if rest.Content[at].Value != sendResolved {
			node.Content = append(node.Content, rest.Content[at], rest.Content[at+1])
		}
	}
	b.secrets(node, r, i)
	if len(b.findings) == before && !i.checked && !b.misread {
		b.readable = append(b.readable, readable{node, r.Name, i})
	}
	return node
}

// readable is an integration without mistakes in its keys.
type readable struct {
	node     *yaml.Node
	receiver string
	integration
}

const sendResolved = "send_resolved"

// sendsResolved reports a send_resolved that contradicts FiringOnly.
func (b *amBuilder) sendsResolved(r routing.Receiver, rest *yaml.Node, where, part string) {
	n := amfile.At(rest, sendResolved)
	if n == nil {
		return
	}
	var sends bool
	if err := n.Decode(&sends); err != nil {
		b.fail(finding.Unreadable, where, part, "%s: send_resolved is not true or false", amfile.Place(n))
	} else if sends == r.FiringOnly {
		b.fail(finding.Clash, where, part, "%s: send_resolved is %t, and FiringOnly of the receiver is %t: leave send_resolved out, and set FiringOnly: %t", amfile.Place(n), sends, r.FiringOnly, !sends)
	}
}

// load reports the integrations that Alertmanager refuses. It loads each alone
// only if it refuses all together.
func (b *amBuilder) load() {
	if len(b.readable) == 0 || b.loads(b.readable) == nil {
		return
	}
	for _, x := range b.readable {
		where := fmt.Sprintf("receiver %q", x.receiver)
		switch err := b.loads([]readable{x}); {
		case err == nil:
		case x.missing != "":
			b.fail(finding.NoMeans, where, "", "integration %s: %s (%s)", x.field, x.missing, amfile.Reason(err))
		default:
			b.fail(finding.Unreadable, where, x.field, "Alertmanager refuses it: %s", amfile.Reason(err))
		}
	}
}

// loads returns Alertmanager's error for a receiver with these integrations and
// the global settings of Routing.YAML.
func (b *amBuilder) loads(list []readable) error {
	receiver, doc := amfile.Mapping(), amfile.Mapping()
	amfile.Set(receiver, "name", amfile.Encode("r"))
	for _, x := range list {
		amfile.Insert(receiver, amfile.List(x.kind), nil, []*yaml.Node{x.node})
	}
	if global := amfile.At(b.given, "global"); global != nil {
		amfile.Set(doc, "global", global)
	}
	amfile.Set(doc, "route", amfile.Encode(map[string]string{"receiver": "r"}))
	amfile.Insert(doc, "receivers", nil, []*yaml.Node{receiver})
	data, err := amfile.Marshal(doc)
	if err == nil {
		_, err = amfile.Load(data)
	}
	return err
}

// names reports names that two parts define, and a second root route.
func (b *amBuilder) names() {
	var receivers []string
	for _, n := range amfile.Items(b.given, "receivers") {
		receivers = append(receivers, amfile.Text(n, "name"))
	}
	for _, r := range b.Routing.Receivers {
		if slices.Contains(receivers, r.Name) {
			b.fail(finding.Clash, fmt.Sprintf("receiver %q", r.Name), "", "Routing.YAML has a receiver of the name too: leave one out, or rename one")
		}
	}
	given := b.givenIntervals()
	for at, i := range b.Routing.TimeIntervals {
		first := slices.IndexFunc(b.Routing.TimeIntervals, func(x routing.TimeInterval) bool { return x.Name == i.Name }) == at
		if first && slices.Contains(given, i.Name) {
			b.fail(finding.Clash, fmt.Sprintf("routing, time interval %q", i.Name), "", "Routing.YAML has a time interval of the name too: leave one out, or rename one")
		}
	}
	root := b.Routing.Route
	root.Routes = nil
	if amfile.At(b.given, "route") != nil && !reflect.DeepEqual(root, routing.Route{}) {
		b.fail(finding.Clash, "routing, the default route", "", "Routing.YAML has the key route too: of Route leave all but Routes out, which precede those in YAML")
	}
	if root.YAML() != "" {
		b.fail(finding.Clash, "routing, the default route", "", "the root route cannot be Raw: write it as the key route in Routing.YAML")
	}
}
