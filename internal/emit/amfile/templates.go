package amfile

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// Message is a text of an integration that Alertmanager expands.
type Message struct {
	Path string // slack_configs[0].title
	Text string
	Node *yaml.Node
	HTML bool // expanded by html/template
}

// Messages returns the templates in the integrations of a receiver.
func Messages(receiver *yaml.Node) []Message {
	var out []Message
	for i := 0; i+1 < len(receiver.Content); i += 2 {
		kind, ok := KindOf(receiver.Content[i].Value)
		if !ok {
			continue
		}
		for at, item := range Items(receiver, List(kind)) {
			for _, m := range Texts(kind, at, item) {
				if strings.Contains(m.Text, "{{") {
					out = append(out, m)
				}
			}
		}
	}
	return out
}

// Texts returns all texts of the integration of a kind at an index of its list,
// constant ones too.
func Texts(kind string, at int, integration *yaml.Node) []Message {
	out := texts(integration, fmt.Sprintf("%s[%d]", List(kind), at))
	for i := range out {
		out[i].HTML = isHTML(kind, integration, out[i].Path)
	}
	return out
}

// texts returns the texts below a node.
func texts(n *yaml.Node, path string) []Message {
	var out []Message
	switch n = target(n); n.Kind {
	case yaml.ScalarNode:
		out = append(out, Message{Path: path, Text: n.Value, Node: n})
	case yaml.SequenceNode:
		for i, item := range n.Content {
			out = append(out, texts(item, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i].Value; key != "http_config" && !strings.HasSuffix(key, fileSuffix) {
				out = append(out, texts(n.Content[i+1], join(path, key))...)
			}
		}
	}
	return out
}

// isHTML reports whether Alertmanager escapes the values in a text for HTML.
func isHTML(kind string, integration *yaml.Node, path string) bool {
	_, key, _ := strings.Cut(path, ".")
	switch kind {
	case "email":
		return key == "html"
	case "telegram":
		mode := At(integration, "parse_mode")
		return key == "message" && (mode == nil || mode.Value == "HTML")
	case "pushover":
		return key == "message" && Text(integration, "html") == "true"
	}
	return false
}
