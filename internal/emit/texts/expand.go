package texts

import (
	"strings"
	"text/template/parse"
)

// use is a place in a text that reads a variable of Vars.
type use struct {
	name  string
	at    int  // byte offset in the text
	alone bool // the action has no other part
}

// variables returns the uses of variables that have a value and that the
// template does not define.
func variables(root parse.Node, offset int, values map[string]string) []use {
	var out []use
	own := map[string]bool{}
	inspect(root, func(n parse.Node, parents []parse.Node) {
		v, ok := n.(*parse.VariableNode)
		if !ok || int(v.Pos) < offset {
			return
		}
		if pipe, ok := parents[len(parents)-1].(*parse.PipeNode); ok && declares(pipe, v) {
			own[v.Ident[0]] = true
			return
		}
		if values[v.Ident[0]] != "" && len(v.Ident) == 1 {
			out = append(out, use{v.Ident[0], int(v.Pos) - offset, alone(parents)})
		}
	})
	kept := out[:0]
	for _, u := range out {
		if !own[u.name] {
			kept = append(kept, u)
		}
	}
	return kept
}

func declares(pipe *parse.PipeNode, v *parse.VariableNode) bool {
	for _, d := range pipe.Decl {
		if d == v {
			return true
		}
	}
	return false
}

// alone reports whether an action consists of the variable only. Its parents
// are then a command, a pipeline and the action.
func alone(parents []parse.Node) bool {
	if len(parents) < 3 {
		return false
	}
	command, ok1 := parents[len(parents)-1].(*parse.CommandNode)
	pipe, ok2 := parents[len(parents)-2].(*parse.PipeNode)
	_, ok3 := parents[len(parents)-3].(*parse.ActionNode)
	return ok1 && ok2 && ok3 && len(command.Args) == 1 && len(pipe.Cmds) == 1 && len(pipe.Decl) == 0
}

const space = " \t\r\n"

// action returns the range of the action around its only variable. "{{-" and
// "-}}" include the white space beside the action.
func action(text string, from, to int) (int, int) {
	from = strings.LastIndex(text[:from], "{{")
	trim := strings.HasPrefix(text[from:], "{{-")
	if trim {
		from = len(strings.TrimRight(text[:from], space))
	}
	to += strings.Index(text[to:], "}}")
	trim = text[to-1] == '-'
	to += len("}}")
	if trim {
		to = len(text) - len(strings.TrimLeft(text[to:], space))
	}
	return from, to
}

// inspect visits a node and its descendants, with their ancestors.
func inspect(n parse.Node, visit func(n parse.Node, parents []parse.Node)) {
	var walk func(n parse.Node, parents []parse.Node)
	walk = func(n parse.Node, parents []parse.Node) {
		visit(n, parents)
		below := append(parents[:len(parents):len(parents)], n)
		for _, child := range children(n) {
			walk(child, below)
		}
	}
	walk(n, []parse.Node{nil})
}

// children returns the child nodes of a node.
func children(n parse.Node) []parse.Node {
	var out []parse.Node
	branch := func(b parse.BranchNode) {
		out = append(out, b.Pipe, b.List)
		if b.ElseList != nil {
			out = append(out, b.ElseList)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			out = n.Nodes
		}
	case *parse.ActionNode:
		out = append(out, n.Pipe)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			out = append(out, n.Pipe)
		}
	case *parse.IfNode:
		branch(n.BranchNode)
	case *parse.RangeNode:
		branch(n.BranchNode)
	case *parse.WithNode:
		branch(n.BranchNode)
	case *parse.PipeNode:
		for _, d := range n.Decl {
			out = append(out, d)
		}
		for _, c := range n.Cmds {
			out = append(out, c)
		}
	case *parse.CommandNode:
		out = n.Args
	case *parse.ChainNode:
		out = append(out, n.Node)
	}
	return out
}
