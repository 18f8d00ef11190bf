package texts

import (
	"fmt"
	"slices"
	"strings"
	"text/template/parse"
)

// Plain returns a readable form of a template: {{ $labels.env }} becomes {env}.
// A text for one value of a label starts with the label and the value. The
// result of a query becomes {…}. A text that does not parse is unchanged.
func Plain(text string) string {
	if !isTemplate(text) {
		return text
	}
	tree, err := Parse(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	plain(&b, tree.Root)
	return b.String()
}

func plain(b *strings.Builder, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				plain(b, child)
			}
		}
	case *parse.TextNode:
		b.Write(n.Text)
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			b.WriteString(named(n.Pipe))
		}
	case *parse.IfNode:
		fmt.Fprintf(b, "%s: ", condition(n.Pipe))
		plain(b, n.List)
		if n.ElseList != nil {
			b.WriteString(", else: ")
			plain(b, n.ElseList)
		}
	case *parse.WithNode, *parse.RangeNode, *parse.TemplateNode:
		b.WriteString(something)
	}
}

// something replaces a part that only Prometheus can fill in.
const something = "{…}"

// condition describes the condition of a text.
func condition(p *parse.PipeNode) string {
	if len(p.Cmds) == 1 && len(p.Cmds[0].Args) == 3 {
		args := p.Cmds[0].Args
		label, ok1 := args[1].(*parse.VariableNode)
		value, ok2 := args[2].(*parse.StringNode)
		if fn := args[0].String(); ok1 && ok2 && len(label.Ident) == 2 && label.Ident[0] == "$labels" && (fn == "eq" || fn == "ne") {
			return label.Ident[1] + map[string]string{"eq": " ", "ne": " not "}[fn] + value.Text
		}
	}
	return "if " + strings.NewReplacer("$labels.", "", "$externalLabels.", "", "$", "").Replace(p.String())
}

// named names the labels and variables of an action.
func named(p *parse.PipeNode) string {
	var names []string
	queries := false
	inspect(p, func(n parse.Node, _ []parse.Node) {
		switch n := n.(type) {
		case *parse.VariableNode:
			names = append(names, strings.TrimPrefix(n.Ident[len(n.Ident)-1], "$"))
		case *parse.FieldNode:
			names = append(names, n.Ident[len(n.Ident)-1])
		case *parse.IdentifierNode:
			queries = queries || n.Ident == "query"
		}
	})
	if queries {
		return something
	}
	if len(names) == 0 {
		if text, ok := literal(p); ok {
			return text
		}
		return something
	}
	slices.Sort(names)
	return "{" + strings.Join(slices.Compact(names), ", ") + "}"
}

// literal returns the text of an action that consists of one string.
func literal(p *parse.PipeNode) (string, bool) {
	if len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return "", false
	}
	s, ok := p.Cmds[0].Args[0].(*parse.StringNode)
	if !ok {
		return "", false
	}
	return s.Text, true
}
