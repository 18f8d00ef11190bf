package definitions

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/internal/lint/suggest"
)

const alertname = model.AlertNameLabel

// Maps of template data, by name.
const (
	commonLabels      = "CommonLabels"
	commonAnnotations = "CommonAnnotations"
	groupLabels       = "GroupLabels"
	labelsOfAlert     = "Labels"
	annotationsOf     = "Annotations"
)

var dataMaps = []string{commonLabels, commonAnnotations, groupLabels, labelsOfAlert, annotationsOf}

// mapMethods are the methods of such a map.
var mapMethods = []string{"SortedPairs", "Remove", "Names", "Values", "String"}

// use is a place in a template that reads a label or an annotation.
type use struct {
	scope, name string
	condition   bool // of an if or a with
}

// trees holds templates of Routing.Templates by name.
type trees map[string]*parse.Tree

// own adds the templates of a file of the user.
func (x *expander) own(text string) {
	if x.trees == nil {
		x.trees = trees{}
	}
	set, err := parseTemplate("file", text)
	if err != nil {
		return // another check reports it
	}
	maps.Copy(x.trees, set)
}

// parseTemplate parses a text, with any functions.
func parseTemplate(name, text string) (trees, error) {
	t := parse.New(name)
	t.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := t.Parse(text, "", "", set); err != nil {
		return nil, err
	}
	if _, ok := set[name]; !ok {
		set[name] = t // without text of its own
	}
	return set, nil
}

// walker collects the names that a template reads.
type walker struct {
	trees
	seen        map[string]bool
	uses        []use
	conditional bool // it has an if or a with, or calls a template of Alertmanager
}

// walk reads a text and the user's templates that it calls.
func (x *expander) walk(m amfile.Message) *walker {
	w := &walker{trees: maps.Clone(x.trees), seen: map[string]bool{}}
	set, err := parseTemplate("", m.Text)
	if err != nil {
		return w
	}
	if w.trees == nil {
		w.trees = trees{}
	}
	maps.Copy(w.trees, set)
	w.call("")
	return w
}

func (w *walker) call(name string) {
	t := w.trees[name]
	switch {
	case t == nil:
		w.conditional = true
	case !w.seen[name]:
		w.seen[name] = true
		w.list(t.Root)
	}
}

func (w *walker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			w.pipe(n.Pipe, false)
		case *parse.IfNode:
			w.branch(&n.BranchNode)
		case *parse.WithNode:
			w.branch(&n.BranchNode)
		case *parse.RangeNode:
			w.pipe(n.Pipe, false)
			w.list(n.List)
			w.list(n.ElseList)
		case *parse.TemplateNode:
			w.pipe(n.Pipe, false)
			w.call(n.Name)
		}
	}
}

func (w *walker) branch(n *parse.BranchNode) {
	w.conditional = true
	w.pipe(n.Pipe, true)
	w.list(n.List)
	w.list(n.ElseList)
}

func (w *walker) pipe(p *parse.PipeNode, condition bool) {
	if p == nil {
		return
	}
	for _, cmd := range p.Cmds {
		w.command(cmd, condition)
	}
}

func (w *walker) command(cmd *parse.CommandNode, condition bool) {
	if f, ok := cmd.Args[0].(*parse.IdentifierNode); ok && f.Ident == "index" && len(cmd.Args) == 3 {
		path := identifiers(cmd.Args[1])
		if key, ok := cmd.Args[2].(*parse.StringNode); ok && len(path) > 0 && slices.Contains(dataMaps, path[len(path)-1]) {
			w.uses = append(w.uses, use{path[len(path)-1], key.Text, condition})
		}
	}
	for _, arg := range cmd.Args {
		if p, ok := arg.(*parse.PipeNode); ok {
			w.pipe(p, condition)
		}
		if chain, ok := arg.(*parse.ChainNode); ok {
			if p, ok := chain.Node.(*parse.PipeNode); ok {
				w.pipe(p, condition)
			}
		}
		path := identifiers(arg)
		for i := 0; i+1 < len(path); i++ {
			if slices.Contains(dataMaps, path[i]) && !slices.Contains(mapMethods, path[i+1]) {
				w.uses = append(w.uses, use{path[i], path[i+1], condition})
			}
		}
	}
}

// identifiers returns the fields of .A.B, $x.A.B and (…).A.B.
func identifiers(n parse.Node) []string {
	switch n := n.(type) {
	case *parse.FieldNode:
		return n.Ident
	case *parse.VariableNode:
		return n.Ident[1:]
	case *parse.ChainNode:
		return n.Field
	}
	return nil
}

func (i *integration) usesIn(key string) []use { return i.walk(i.texts[key].Message).uses }

func (i *integration) conditional(key string) bool { return i.walk(i.texts[key].Message).conditional }

// names reports labels and annotations that no alert of the receiver has.
func (i *integration) names() bool {
	found := false
	for key, t := range sorted(i.texts) {
		if !t.own || !strings.Contains(t.Text, "{{") {
			continue
		}
		uses := i.usesIn(key)
		for _, u := range uses {
			asked := slices.ContainsFunc(uses, func(o use) bool { return o.condition && o.scope == u.scope && o.name == u.name })
			if reason, near := i.unknown(u, asked); reason != "" {
				found = i.report(key, near, "%s", reason)
				break // the next text
			}
		}
	}
	return found
}

// unknown returns the reason why a name is empty for every alert of the
// receiver, or for a route, and a similar name. A condition asks for a name that
// may be missing, so there only a misspelt one counts.
func (i *integration) unknown(u use, asked bool) (reason, near string) {
	labels, annotations := i.known()
	if u.scope == groupLabels {
		return i.ungrouped(u, asked, labels)
	}
	known, others, other, what := labels, annotations, "Annotations", "label"
	if u.scope == commonAnnotations || u.scope == annotationsOf {
		known, others, other, what = annotations, labels, "Labels", "annotation"
	}
	if slices.Contains(known, u.name) {
		return "", ""
	}
	near = suggest.Nearest(u.name, known)
	switch {
	case slices.Contains(others, u.name) && !asked:
		if strings.HasPrefix(u.scope, "Common") {
			other = "Common" + other
		}
		return fmt.Sprintf("%s.%s: no alert that reaches the receiver has the %s: write .%s.%s", u.scope, u.name, what, other, u.name), ""
	case near == "" && (asked || i.to.others):
		return "", ""
	case near != "":
		return fmt.Sprintf("%s.%s is empty: no alert that reaches the receiver has the %s", u.scope, u.name, what), near
	}
	return fmt.Sprintf("%s.%s is empty: no alert that reaches the receiver has the %s: they have %s", u.scope, u.name, what, strings.Join(known, ", ")), ""
}

// ungrouped reports a label of the group that a route does not group by.
func (i *integration) ungrouped(u use, asked bool, labels []string) (reason, near string) {
	lacking := slices.IndexFunc(i.to.routes, func(r *dispatch.Route) bool { return !groups(r, u.name) })
	if lacking < 0 {
		return "", ""
	}
	by := groupedBy(i.to.routes[lacking])
	near = suggest.Nearest(u.name, by)
	if asked && (near == "" || slices.Contains(labels, u.name)) {
		return "", ""
	}
	instead := "add it to GroupBy"
	if slices.Contains(labels, u.name) {
		instead += fmt.Sprintf(", or write .%s.%s", commonLabels, u.name)
		near = ""
	}
	if near != "" {
		return fmt.Sprintf("%s.%s is empty: a route of the receiver groups by %s", u.scope, u.name, strings.Join(by, ", ")), near
	}
	return fmt.Sprintf("%s.%s is empty: a route of the receiver groups by %s: %s", u.scope, u.name, cmp.Or(strings.Join(by, ", "), "no label"), instead), ""
}

// groupedBy returns the labels that a route groups by, sorted.
func groupedBy(r *dispatch.Route) []string {
	var out []string
	for name := range r.RouteOpts.GroupBy {
		out = append(out, string(name))
	}
	slices.Sort(out)
	return out
}

// known returns the names of the labels and annotations of the instances that
// reach the receiver, sorted.
func (i *integration) known() (labels, annotations []string) {
	l, a := maps.Clone(i.to.labels), map[string]bool{}
	for _, x := range i.to.list {
		for name := range x.Labels {
			l[name] = true
		}
		for name := range x.Annotations {
			a[name] = true
		}
	}
	return slices.Sorted(maps.Keys(l)), slices.Sorted(maps.Keys(a))
}
