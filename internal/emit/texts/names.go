package texts

import (
	"slices"
	"text/template/parse"
)

// Names returns the labels that a template names as $labels.x, and the strings
// in it: the values that it can tell apart. A text that does not parse has none.
func Names(text string) (labels, values []string) {
	if !isTemplate(text) {
		return nil, nil
	}
	tree, err := Parse(text)
	if err != nil {
		return nil, nil
	}
	inspect(tree.Root, func(n parse.Node, _ []parse.Node) {
		switch n := n.(type) {
		case *parse.VariableNode:
			if len(n.Ident) == 2 && n.Ident[0] == "$labels" && !slices.Contains(labels, n.Ident[1]) {
				labels = append(labels, n.Ident[1])
			}
		case *parse.StringNode:
			values = append(values, n.Text)
		}
	})
	return labels, values
}
