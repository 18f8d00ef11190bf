package emit

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/config"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/internal/emit/amfile"
	whconfig "github.com/alertnative/preflight/webhook/config"
)

// Need is a value that the programs of a site read at run time, because no
// generated file contains it.
type Need struct {
	Name string // path of a file, or $VARIABLE
	For  string // its user: receiver "team"
}

// SecretFiles returns the files with secrets and certificates that Alertmanager and
// Prometheus read, sorted. data is alertmanager.yml.
func (c *Context) SecretFiles(data []byte) []Need {
	var out []Need
	add := func(n *yaml.Node, t reflect.Type, user string) {
		for f := range amfile.Fields(n, t) {
			if f.SecretFile() {
				out = append(out, Need{f.Value.Value, user})
			}
		}
	}
	doc, err := amfile.Parse(string(data))
	if err != nil {
		return nil // unreachable: Alertmanager has loaded it
	}
	for _, receiver := range amfile.Items(doc, "receivers") {
		add(receiver, reflect.TypeFor[config.Receiver](), fmt.Sprintf("receiver %q", amfile.Text(receiver, "name")))
	}
	rest := amfile.Mapping()
	for i := 0; i+1 < len(doc.Content); i += 2 {
		if doc.Content[i].Value != "receivers" {
			rest.Content = append(rest.Content, doc.Content[i], doc.Content[i+1])
		}
	}
	add(rest, reflect.TypeFor[config.Config](), "Alertmanager")
	for _, j := range c.Jobs {
		if n, err := amfile.Parse(j.YAML); err == nil {
			for _, path := range filesIn(n) {
				out = append(out, Need{path, fmt.Sprintf("job %q", j.Name)})
			}
		}
	}
	return sortNeeds(out)
}

// filesIn returns the values of the keys for files below a node.
func filesIn(n *yaml.Node) []string {
	var out []string
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && strings.HasSuffix(child.Value, "_file") && n.Content[i+1].Kind == yaml.ScalarNode {
			out = append(out, n.Content[i+1].Value)
		}
		out = append(out, filesIn(child)...)
	}
	return out
}

// Variables returns the environment variables that the webhook reads for its
// chats, sorted.
func (c *Context) Variables() []Need {
	var out []Need
	add := func(chat, user string) {
		for name := range strings.SplitSeq(chat, ",") {
			if name = strings.TrimSpace(name); whconfig.IsVariable(name) {
				out = append(out, Need{name, user})
			}
		}
	}
	add(c.Webhook.DefaultChat, "the default chat")
	for _, r := range c.Routing.Receivers {
		for _, chat := range r.Chats {
			add(chat.Telegram, fmt.Sprintf("receiver %q", r.Name))
			add(chat.Slack, fmt.Sprintf("receiver %q", r.Name))
		}
	}
	return sortNeeds(out)
}

// sortNeeds sorts the needs, and joins the users of each.
func sortNeeds(list []Need) []Need {
	slices.SortFunc(list, func(a, b Need) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.For, b.For)) })
	list = slices.Compact(list)
	var out []Need
	for _, n := range list {
		if last := len(out) - 1; last >= 0 && out[last].Name == n.Name {
			out[last].For += ", " + n.For
		} else {
			out = append(out, n)
		}
	}
	return out
}
