package texts

import "text/template/parse"

// Movement describes how a text depends on data that change while an alert
// fires: its value, the time, results of queries.
type Movement struct {
	Uses  bool // the text reads such data
	Shows bool // the text shows them
	Tests bool // a condition of the text depends on them
}

// Moves returns how a text changes while an alert fires. A label of a query's
// result does not count as shown.
func Moves(text string) (Movement, error) {
	if !isTemplate(text) {
		return Movement{}, nil
	}
	tree, defined, err := parseWith(Definitions, text)
	if err != nil {
		return Movement{}, err
	}
	m := mover{vars: map[string]bool{}, defined: defined}
	m.walk(tree.Root, atRoot)
	return m.Movement, nil
}

// dot is the meaning of "." in a part of a template.
type dot int

const (
	atRoot dot = iota // the data of the alert
	steady
	moving
)

func dotOf(moves bool) dot {
	if moves {
		return moving
	}
	return steady
}

// mover tracks changing data through the variables of a template.
type mover struct {
	Movement
	vars    map[string]bool
	defined map[string]*parse.Tree
	depth   int
}

// walk visits the output of a node.
func (m *mover) walk(n parse.Node, d dot) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				m.walk(child, d)
			}
		}
	case *parse.ActionNode:
		if m.pipe(n.Pipe, d) && len(n.Pipe.Decl) == 0 {
			m.Shows = true
		}
	case *parse.IfNode:
		if m.pipe(n.Pipe, d) {
			m.Tests = true
		}
		m.walk(n.List, d)
		m.walk(n.ElseList, d)
	case *parse.WithNode:
		m.walk(n.List, m.inner(n.Pipe, d))
		m.walk(n.ElseList, d)
	case *parse.RangeNode:
		inner := dotOf(m.pipe(n.Pipe, d))
		if len(n.Pipe.Decl) == 2 {
			m.vars[n.Pipe.Decl[0].Ident[0]] = false // the index
		}
		m.walk(n.List, inner)
		m.walk(n.ElseList, d)
	case *parse.TemplateNode:
		m.call(n, d)
	}
}

// call visits a template that the text defines, with its argument as dot.
func (m *mover) call(n *parse.TemplateNode, d dot) {
	inner := steady
	if n.Pipe != nil {
		inner = m.inner(n.Pipe, d)
	}
	const deep = 10 // limits recursive templates
	if t := m.defined[n.Name]; t != nil && m.depth < deep {
		m.depth++
		m.walk(t.Root, inner)
		m.depth--
	}
}

// inner returns the dot in the body of a pipeline.
func (m *mover) inner(p *parse.PipeNode, d dot) dot {
	inner := dotOf(m.pipe(p, d))
	if d == atRoot && len(p.Decl) == 0 && p.String() == "." {
		return atRoot
	}
	return inner
}

// pipe reports whether the value of a pipeline changes, and records the
// variables that it sets.
func (m *mover) pipe(p *parse.PipeNode, d dot) bool {
	moves := false
	for _, cmd := range p.Cmds {
		moves = m.command(cmd, d, moves)
	}
	for _, v := range p.Decl {
		m.vars[v.Ident[0]] = moves
	}
	return moves
}

// command reports whether the value of a command changes. piped is the result
// for the command before it.
func (m *mover) command(cmd *parse.CommandNode, d dot, piped bool) bool {
	moves := piped
	for _, arg := range cmd.Args {
		if m.operand(arg, d) {
			moves = true
		}
	}
	if fn, ok := cmd.Args[0].(*parse.IdentifierNode); ok && fn.Ident == "label" {
		return false
	}
	return moves
}

// operand reports whether an operand changes.
func (m *mover) operand(n parse.Node, d dot) bool {
	moves := false
	switch n := n.(type) {
	case *parse.DotNode:
		moves = d == moving
	case *parse.FieldNode:
		moves = field(n.Ident, d)
	case *parse.VariableNode:
		switch {
		case n.Ident[0] == "$":
			moves = field(n.Ident[1:], atRoot)
		default:
			moves = m.vars[n.Ident[0]] && (len(n.Ident) == 1 || n.Ident[1] != "Labels")
		}
	case *parse.ChainNode:
		moves = m.operand(n.Node, d) && n.Field[0] != "Labels"
	case *parse.IdentifierNode:
		moves = n.Ident == "query" || n.Ident == "now"
	case *parse.PipeNode:
		moves = m.pipe(n, d)
	}
	m.Uses = m.Uses || moves && !definition(n)
	return moves
}

// definition reports whether a node is part of [Definitions].
func definition(n parse.Node) bool { return int(n.Position()) < len(Definitions) }

// field reports whether a field of dot changes.
func field(names []string, d dot) bool {
	switch {
	case len(names) == 0:
		return false
	case d == atRoot:
		return names[0] == "Value"
	}
	return d == moving && names[0] != "Labels"
}
