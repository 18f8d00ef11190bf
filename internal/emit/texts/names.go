package texts

import (
	"slices"
	"text/template/parse"
)

// Names returns the labels that a template reads as $labels.x, and its string
// literals, which are the values that it may compare. It returns none if the
// text does not parse.
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
