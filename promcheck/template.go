package promcheck

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"
	"github.com/prometheus/prometheus/template"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/suggest"
)

// fillings are label values for trying a template: one of them suits every use
// in a template.
var fillings = []string{anyValue, "1", "1m"}

// Template checks a text that Prometheus expands for alerts of that type. The
// type is the result of [Checker.Expr] or [Checker.Rule].
func (c *Checker) Template(where, text string, of Type) []finding.Finding {
	return graded(c.template(where, "", text, of.Labels))
}

// template expands a template by Prometheus's own code, with unknown label
// values. It checks its labels and queries, both for queries with a result and
// without one.
func (c *Checker) template(where, part, text string, have Labels) []finding.Finding {
	if !strings.Contains(text, "{{") {
		return nil
	}
	uses, plain := plainUses(text)
	if plain {
		return c.labelsThere(where, part, text, uses, have)
	}
	uses, err := labelUses(text)
	if err != nil {
		return []finding.Finding{badTemplate(where, part, text, err)}
	}
	findings := c.labelsThere(where, part, text, uses, have)
	queries, exact, verb, err := c.expand(text, uses)
	if err != nil {
		return append(findings, badTemplate(where, part, text, err))
	}
	if verb != "" {
		findings = append(findings, badVerb(where, part, text, verb))
	}
	if part != "" {
		part += ", "
	}
	for _, q := range queries {
		_, _, more := c.typeOf(where, part+"query", q)
		findings = append(findings, slices.DeleteFunc(more, func(f finding.Finding) bool { return f.Code == finding.UnknownValue && !exact })...)
	}
	return findings
}

var (
	templatePlace = regexp.MustCompile(`^(?:error (?:parsing|executing) template \S+: )?template: [^:]+:\d+:(?:\d+:)? `)
	undefined     = regexp.MustCompile(`undefined variable "(\$\w*)"`)
)

// variables are those that Prometheus defines for every template.
var variables = []string{"$labels", "$value", "$externalLabels", "$externalURL"}

// badTemplate returns the finding for a template with an error of the template
// engine.
func badTemplate(where, part, text string, err error) finding.Finding {
	f := finding.Finding{Code: finding.BadTemplate, Where: where, Part: part, Text: text, Reason: templatePlace.ReplaceAllString(err.Error(), "")}
	if m := undefined.FindStringSubmatch(f.Reason); m != nil {
		f.Reason, f.Suggestion = "there is no variable "+m[1], suggest.Nearest(m[1], variables)
		f.From = max(strings.Index(text, m[1]), 0)
		f.To = f.From + len(m[1])
	}
	return f
}

// alwaysWork are the functions that accept any number or any text.
var alwaysWork = map[string][]string{
	"$value":  {"humanize", "humanize1024", "humanizePercentage", "humanizeDuration", "humanizeTimestamp"},
	"$labels": {"title", "toUpper", "toLower", "stripPort", "stripDomain", "safeHtml", "htmlEscape"},
}

// plainUses returns the labels of a template that contains only labels and the
// value. Most templates do. They always work, and scanning is much faster than
// expanding.
func plainUses(text string) (uses []labelUse, plain bool) {
	for from := 0; ; {
		i := strings.Index(text[from:], "{{")
		if i < 0 {
			return uses, true
		}
		start := from + i + 2
		end := strings.Index(text[start:], "}}")
		if end < 0 {
			return nil, false
		}
		action := text[start : start+end]
		what, function, piped := strings.Cut(strings.Trim(action, " "), "|")
		what = strings.TrimSpace(what)
		object, label, _ := strings.Cut(what, ".")
		switch {
		case alwaysWork[object] == nil || (object == "$labels") == (label == "") || strings.ContainsFunc(label, notWord) || label != "" && label[0] <= '9':
			return nil, false
		case piped && !slices.Contains(alwaysWork[object], strings.TrimSpace(function)):
			return nil, false
		case label != "":
			at := posrange.Pos(start + strings.Index(action, label))
			uses = append(uses, labelUse{name: label, pos: posrange.PositionRange{Start: at, End: at + posrange.Pos(len(label))}})
		}
		from = start + end + 2
	}
}

func notWord(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// labelsThere reports labels in a template that the alert cannot have.
func (c *Checker) labelsThere(where, part, text string, uses []labelUse, have Labels) []finding.Finding {
	var findings []finding.Finding
	for _, u := range uses {
		f := finding.Finding{Where: where, Part: part, Text: text, From: int(u.pos.Start), To: int(u.pos.End)}
		switch {
		case u.external && c.opts.ExternalLabels != nil && !slices.Contains(c.opts.ExternalLabels, u.name):
			f.Code, f.Reason = finding.UnknownLabel, "there is no external label \""+u.name+"\" (there are "+listed(c.opts.ExternalLabels)+")"
			f.Suggestion = suggest.Nearest(u.name, c.opts.ExternalLabels)
		case !u.external && !have.Can(u.name):
			f.Code, f.Reason = finding.LabelGoneText, "the label \""+u.name+"\" is not in the expression's result (it has "+listed(have.Names())+"): it is shown as nothing"
			f.Suggestion = suggest.Nearest(u.name, have.Names())
			if u.tested && (f.Suggestion == "" || len(u.name) < clearSlip) {
				continue // the text allows for a missing label
			}
		default:
			continue
		}
		if !slices.ContainsFunc(findings, func(o finding.Finding) bool { return o.Reason == f.Reason }) {
			findings = append(findings, f)
		}
	}
	return findings
}

// clearSlip is the length of a name from which a similar name is a slip, even
// in a text that tests the label.
const clearSlip = 6

// labelUse is the use of a label in a template.
type labelUse struct {
	name     string
	external bool // an external label
	tested   bool // inside an "if" or "with" on the label
	pos      posrange.PositionRange
}

// labelUses parses a template as Prometheus does. It returns its labels:
// $labels.x, .Labels.x, index $labels "x".
func labelUses(text string) ([]labelUse, error) {
	tree, err := texts.Parse(text)
	if err != nil {
		return nil, err
	}
	return usesOf(tree, text, len(texts.Definitions)), nil
}

// usesOf returns the labels of a parsed template. before is the length of the
// definitions before its text.
func usesOf(tree *parse.Tree, text string, before int) []labelUse {
	f := &labelFinder{text: text, before: before, tested: map[string]bool{}}
	f.visit(tree.Root, true)
	return f.uses
}

// labelFinder collects the labels of a template. Top is true where the dot is the
// data of the alert.
type labelFinder struct {
	text   string
	before int // length of the definitions before the text
	uses   []labelUse
	tested map[string]bool // labels of the enclosing "if" and "with"
}

func (f *labelFinder) add(name string, external bool, at parse.Pos) {
	start := max(int(at)-f.before, 0)
	if i := strings.Index(f.text[min(start, len(f.text)):], name); i >= 0 {
		start += i
	}
	f.uses = append(f.uses, labelUse{name, external, f.tested[name], posrange.PositionRange{
		Start: posrange.Pos(start), End: posrange.Pos(min(start+len(name), len(f.text))),
	}})
}

func (f *labelFinder) pipe(p *parse.PipeNode, top bool) {
	if p == nil {
		return
	}
	for _, cmd := range p.Cmds {
		f.visit(cmd, top)
	}
}

// branch visits an "if", "with" or "range". The labels of its condition are
// tested in all of it.
func (f *labelFinder) branch(b *parse.BranchNode, top, inner bool) {
	outer := maps.Clone(f.tested)
	f.test(b.Pipe)
	f.pipe(b.Pipe, top)
	f.visit(b.List, inner)
	if b.ElseList != nil {
		f.visit(b.ElseList, top)
	}
	f.tested = outer
}

// test marks the labels of a condition, also those in its variables.
func (f *labelFinder) test(n parse.Node) {
	switch n := n.(type) {
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			f.test(cmd)
		}
	case *parse.CommandNode:
		indexed(n, func(name string, _ bool, _ parse.Pos) { f.tested[name] = true })
		for _, arg := range n.Args {
			f.test(arg)
		}
	case *parse.VariableNode:
		if len(n.Ident) == 2 && n.Ident[0] == "$labels" {
			f.tested[n.Ident[1]] = true
		}
	case *parse.FieldNode:
		if len(n.Ident) == 2 && n.Ident[0] == "Labels" {
			f.tested[n.Ident[1]] = true
		}
	}
}

// alternatives reports whether a command takes the first of several values that
// is not empty: or $labels.a $labels.b.
func alternatives(n *parse.CommandNode) bool {
	fn, ok := n.Args[0].(*parse.IdentifierNode)
	return ok && fn.Ident == "or"
}

func (f *labelFinder) visit(n parse.Node, top bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				f.visit(child, top)
			}
		}
	case *parse.ActionNode:
		f.pipe(n.Pipe, top)
	case *parse.PipeNode:
		f.pipe(n, top)
	case *parse.TemplateNode:
		f.pipe(n.Pipe, top)
	case *parse.IfNode:
		f.branch(&n.BranchNode, top, top)
	case *parse.RangeNode:
		f.branch(&n.BranchNode, top, false)
	case *parse.WithNode:
		f.branch(&n.BranchNode, top, false)
	case *parse.ChainNode:
		f.visit(n.Node, top)
	case *parse.CommandNode:
		outer := maps.Clone(f.tested)
		if alternatives(n) {
			f.test(n)
		}
		indexed(n, f.add)
		for _, arg := range n.Args {
			f.visit(arg, top)
		}
		f.tested = outer
	case *parse.VariableNode:
		if len(n.Ident) > 1 && (n.Ident[0] == "$labels" || n.Ident[0] == "$externalLabels") {
			f.add(n.Ident[1], n.Ident[0] != "$labels", n.Pos)
		} else if len(n.Ident) > 2 && n.Ident[0] == "$" && (n.Ident[1] == "Labels" || n.Ident[1] == "ExternalLabels") {
			f.add(n.Ident[2], n.Ident[1] != "Labels", n.Pos)
		}
	case *parse.FieldNode:
		if top && len(n.Ident) > 1 && (n.Ident[0] == "Labels" || n.Ident[0] == "ExternalLabels") {
			f.add(n.Ident[1], n.Ident[0] != "Labels", n.Pos)
		}
	}
}

// indexed adds the label of index $labels "x".
func indexed(n *parse.CommandNode, add func(string, bool, parse.Pos)) {
	if len(n.Args) != 3 {
		return
	}
	fn, ok1 := n.Args[0].(*parse.IdentifierNode)
	v, ok2 := n.Args[1].(*parse.VariableNode)
	key, ok3 := n.Args[2].(*parse.StringNode)
	if ok1 && ok2 && ok3 && fn.Ident == "index" && len(v.Ident) == 1 && (v.Ident[0] == "$labels" || v.Ident[0] == "$externalLabels") {
		add(key.Text, v.Ident[0] != "$labels", n.Pos)
	}
}

// expand runs the template with the first filling that works and returns its
// queries. exact means that the labels in them may have any value. verb is the
// text that printf writes for a value of another type, or "". If all fillings
// fail, it returns the error of the first.
func (c *Checker) expand(text string, uses []labelUse) (queries []string, exact bool, verb string, failed error) {
	for _, value := range fillings {
		names := map[string]string{}
		for _, u := range uses {
			names[u.name] = value
		}
		for _, d := range c.catalogue.All() {
			for _, l := range d.Labels {
				names[l.Name] = value
			}
		}
		answer := promql.Vector{{F: 1, Metric: labels.FromMap(names)}}
		shown, err := run(text, names, answer, &queries)
		if err != nil {
			if failed == nil {
				failed = err
			}
			continue
		}
		// Without results a template may fail (first of nothing). Only its
		// queries matter here.
		_, _ = run(text, names, nil, &queries)
		return queries, value == anyValue, wrongVerb.FindString(shown), nil
	}
	return nil, false, "", failed
}

// wrongVerb matches the output of a verb that does not suit its argument.
var wrongVerb = regexp.MustCompile(`%!\w?\((?:(?:float64|string|int)=[^)]*|MISSING|NOVERB|EXTRA [^)]*|BADPREC|BADWIDTH)\)`)

// badVerb returns the finding for a printf that shows a mistake.
func badVerb(where, part, text, shown string) finding.Finding {
	f := finding.Finding{Code: finding.BadTemplate, Where: where, Part: part, Text: text, Reason: "printf does not suit its argument, and shows " + strings.ReplaceAll(shown, anyValue, "…")}
	if strings.Contains(shown, "=float64") || strings.Contains(shown, "(float64=") {
		f.Reason += ": a value is a number with a fraction, so use %f or %g"
	}
	if i := strings.Index(text, "printf"); i >= 0 {
		f.From, f.To = i, i+len("printf")
	}
	return f
}

// run returns the expanded template. It answers each query with answer, and
// collects the queries.
func run(text string, names map[string]string, answer promql.Vector, queries *[]string) (shown string, err error) {
	query := func(_ context.Context, q string, _ time.Time) (promql.Vector, error) {
		if !slices.Contains(*queries, q) {
			*queries = append(*queries, q)
		}
		return answer, nil
	}
	data := template.AlertTemplateData(names, names, "", promql.Sample{F: 1})
	return template.NewTemplateExpander(context.Background(), texts.Definitions+text, "template", data,
		model.Now(), query, &url.URL{}, nil).Expand()
}
