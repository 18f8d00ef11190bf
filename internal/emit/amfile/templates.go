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
			own := texts(item, fmt.Sprintf("%s[%d]", List(kind), at))
			for j := range own {
				own[j].HTML = isHTML(kind, item, own[j].Path)
			}
			out = append(out, own...)
		}
	}
	return out
}

// texts returns the templates below a node.
func texts(n *yaml.Node, path string) []Message {
	var out []Message
	switch n = target(n); n.Kind {
	case yaml.ScalarNode:
		if strings.Contains(n.Value, "{{") {
			out = append(out, Message{Path: path, Text: n.Value, Node: n})
		}
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
