package mutate

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"github.com/alertnative/preflight/internal/proof/ruletest"
)

// operators maps each operator to its replacements.
var operators = map[parser.ItemType][]parser.ItemType{
	parser.GTR:  {parser.GTE, parser.LSS},
	parser.GTE:  {parser.GTR, parser.LSS},
	parser.LSS:  {parser.LTE, parser.GTR},
	parser.LTE:  {parser.LSS, parser.GTR},
	parser.EQLC: {parser.NEQ}, parser.NEQ: {parser.EQLC},
	parser.ADD: {parser.SUB}, parser.SUB: {parser.ADD},
	parser.MUL: {parser.DIV}, parser.DIV: {parser.MUL},
	parser.MOD: {parser.MUL}, parser.POW: {parser.MUL},
	parser.LAND:    {parser.LUNLESS, parser.LOR},
	parser.LUNLESS: {parser.LAND, parser.LOR},
	parser.LOR:     {parser.LAND, parser.LUNLESS},
}

// aggregations maps each aggregation operator to its replacements.
var aggregations = map[parser.ItemType][]parser.ItemType{
	parser.SUM: {parser.MAX, parser.MIN}, parser.AVG: {parser.MAX, parser.MIN},
	parser.MAX: {parser.MIN, parser.SUM}, parser.MIN: {parser.MAX},
	parser.COUNT: {parser.SUM}, parser.GROUP: {parser.COUNT},
	parser.TOPK: {parser.BOTTOMK}, parser.BOTTOMK: {parser.TOPK},
	parser.STDDEV: {parser.STDVAR}, parser.STDVAR: {parser.STDDEV},
}

// functions maps each function to replacements with the same arguments.
var functions = map[string][]string{
	"rate": {"increase", "irate"}, "irate": {"rate"},
	"increase": {"rate", "irate", "delta"}, "delta": {"increase"}, "idelta": {"delta"}, "deriv": {"delta"},
	"changes": {"resets"}, "resets": {"changes"},
	"max_over_time": {"min_over_time"}, "min_over_time": {"max_over_time"},
	"avg_over_time": {"max_over_time", "min_over_time"},
	"sum_over_time": {"max_over_time"}, "count_over_time": {"sum_over_time"},
	"last_over_time":    {"max_over_time", "min_over_time"},
	"present_over_time": {"absent_over_time"}, "absent_over_time": {"present_over_time"},
	"ceil": {"floor"}, "floor": {"ceil"},
	"clamp_min": {"clamp_max"}, "clamp_max": {"clamp_min"},
}

// rateOrIncrease holds the functions that differ only by the factor of the
// window.
var rateOrIncrease = map[string]bool{"rate": true, "increase": true}

// exprMutants changes the expression, one node at a time.
func exprMutants(id RuleID, r rulefmt.Rule) ([]Mutant, error) {
	p := ruletest.NewParser()
	root, err := p.ParseExpr(r.Expr)
	if err != nil {
		return nil, err
	}
	w := &walk{id: id, rule: r, root: root, parser: p, seen: map[string]bool{root.String(): true}}
	w.visit(root, func(e parser.Expr) { w.root = e })
	return w.out, nil
}

// walk changes the tree in place, keeps its text as a mutant, and reverts the
// change.
type walk struct {
	id     RuleID
	rule   rulefmt.Rule
	root   parser.Expr
	parser parser.Parser
	seen   map[string]bool
	out    []Mutant
	// signOnly means that a positive factor of the node has no effect. Then
	// increase, which is rate times the window, is equivalent to rate.
	signOnly bool
}

// keep adds the present tree as a mutant, unless it is invalid or known.
func (w *walk) keep(kind, from, to string, pos posrange.PositionRange) {
	text := w.root.String()
	if w.seen[text] {
		return
	}
	w.seen[text] = true
	if _, err := w.parser.ParseExpr(text); err != nil {
		return
	}
	m := Mutant{Of: w.id, Kind: kind, From: from, To: to, Field: "expr", Text: w.rule.Expr, Pos: w.find(from, pos), rule: w.rule}
	m.rule.Expr = text
	w.out = append(w.out, m)
}

// find narrows a range to the position of text in it.
func (w *walk) find(text string, pos posrange.PositionRange) posrange.PositionRange {
	start, end := int(pos.Start), min(int(pos.End), len(w.rule.Expr))
	if start >= end {
		return pos
	}
	i := strings.Index(w.rule.Expr[start:end], text)
	if i < 0 || text == "" {
		return pos
	}
	return posrange.PositionRange{Start: posrange.Pos(start + i), End: posrange.Pos(start + i + len(text))}
}

// visit makes the mutants of the node and its children. set replaces the node
// in its parent.
func (w *walk) visit(node parser.Expr, set func(parser.Expr)) {
	defer func(old bool) { w.signOnly = old }(w.signOnly)
	switch n := node.(type) {
	case *parser.ParenExpr:
		w.visit(n.Expr, func(e parser.Expr) { n.Expr = e })
	case *parser.UnaryExpr:
		if n.Op == parser.SUB {
			set(n.Expr)
			w.keep("operator", "-", "", n.PositionRange())
			set(n)
		}
		w.visit(n.Expr, func(e parser.Expr) { n.Expr = e })
	case *parser.BinaryExpr:
		w.binary(n, set)
	case *parser.AggregateExpr:
		w.aggregate(n)
	case *parser.Call:
		w.call(n)
	case *parser.MatrixSelector:
		w.duration("window", &n.Range, n.PositionRange(), otherWindows(n.Range)...)
		w.visit(n.VectorSelector, func(parser.Expr) {})
	case *parser.SubqueryExpr:
		w.duration("window", &n.Range, n.PositionRange(), otherWindows(n.Range)...)
		if n.Step != 0 {
			w.duration("step", &n.Step, n.PositionRange(), 2*n.Step)
		}
		w.offset(&n.OriginalOffset, n.PositionRange())
		w.visit(n.Expr, func(e parser.Expr) { n.Expr = e })
	case *parser.VectorSelector:
		w.offset(&n.OriginalOffset, n.PositionRange())
		w.matchers(n)
	case *parser.NumberLiteral:
		w.number(n, otherNumbers(n))
	}
}

func (w *walk) duration(kind string, d *time.Duration, pos posrange.PositionRange, others ...time.Duration) {
	old := *d
	for _, other := range others {
		if *d = other; other > 0 {
			w.keep(kind, model.Duration(old).String(), model.Duration(other).String(), pos)
		}
	}
	*d = old
}

func (w *walk) offset(d *time.Duration, pos posrange.PositionRange) {
	old := *d
	if old == 0 {
		return
	}
	name := func(d time.Duration) string {
		if d < 0 {
			return "offset -" + model.Duration(-d).String()
		}
		return "offset " + model.Duration(d).String()
	}
	*d = 2 * old
	w.keep("offset", name(old), name(*d), pos)
	*d = 0
	w.keep("offset", name(old), "", pos)
	*d = old
}

func (w *walk) binary(n *parser.BinaryExpr, set func(parser.Expr)) {
	between := posrange.PositionRange{Start: n.LHS.PositionRange().End, End: n.RHS.PositionRange().Start}
	old, oldBool := n.Op, n.ReturnBool
	for _, op := range operators[old] {
		n.Op = op
		w.keep(kindOf(old), old.String(), op.String(), between)
	}
	n.Op = old
	scalars := n.LHS.Type() == parser.ValueTypeScalar && n.RHS.Type() == parser.ValueTypeScalar
	if old.IsComparisonOperator() && !scalars {
		from, to := old.String(), old.String()+" bool"
		if oldBool {
			from, to = to, from
		}
		n.ReturnBool = !oldBool
		w.keep("bool", from, to, between)
		n.ReturnBool = oldBool
	}
	if old.IsSetOperator() {
		set(n.LHS)
		w.keep("clause", old.String()+" …", "", posrange.PositionRange{Start: between.Start, End: n.RHS.PositionRange().End})
		if old == parser.LOR {
			set(n.RHS)
			w.keep("clause", "… or", "", posrange.PositionRange{Start: n.LHS.PositionRange().Start, End: between.End})
		}
		set(n)
	}
	w.matching(n, between)
	outer := w.signOnly
	w.signOnly = old.IsSetOperator() && outer || old.IsComparisonOperator() && isZero(n.RHS)
	w.visit(n.LHS, func(e parser.Expr) { n.LHS = e })
	switch old {
	case parser.LAND, parser.LUNLESS:
		w.signOnly = true // only the labels of the right side count
	case parser.LOR:
		w.signOnly = outer
	default:
		w.signOnly = old.IsComparisonOperator() && isZero(n.LHS)
	}
	w.visit(n.RHS, func(e parser.Expr) { n.RHS = e })
}

func isZero(e parser.Expr) bool {
	for {
		switch n := e.(type) {
		case *parser.ParenExpr:
			e = n.Expr
			continue
		case *parser.NumberLiteral:
			return n.Val == 0
		}
		return false
	}
}

func kindOf(op parser.ItemType) string {
	switch {
	case op.IsComparisonOperator():
		return "comparison"
	case op.IsSetOperator():
		return "set operator"
	default:
		return "operator"
	}
}

// matching mutates on, ignoring, group_left and group_right.
func (w *walk) matching(n *parser.BinaryExpr, pos posrange.PositionRange) {
	m := n.VectorMatching
	if m == nil {
		return
	}
	clause := func() string {
		word := "ignoring"
		if m.On {
			word = "on"
		}
		return word + " (" + strings.Join(m.MatchingLabels, ", ") + ")"
	}
	from := clause()
	if m.On || len(m.MatchingLabels) > 0 {
		m.On = !m.On
		w.keep("matching", from, clause(), pos)
		m.On = !m.On
	}
	w.without(&m.MatchingLabels, func() { w.keep("matching", from, clause(), pos) })
	included := "group (" + strings.Join(m.Include, ", ") + ")"
	w.without(&m.Include, func() { w.keep("matching", included, "group ("+strings.Join(m.Include, ", ")+")", pos) })
}

// without calls keep with each of the names left out once.
func (w *walk) without(names *[]string, keep func()) {
	old := *names
	for i := range old {
		*names = slices.Delete(slices.Clone(old), i, i+1)
		keep()
	}
	*names = old
}

func (w *walk) aggregate(n *parser.AggregateExpr) {
	old := n.Op
	for _, op := range aggregations[old] {
		n.Op = op
		w.keep("aggregation", old.String(), op.String(), n.PosRange)
	}
	n.Op = old
	clause := func() string {
		word := "by"
		if n.Without {
			word = "without"
		}
		return word + " (" + strings.Join(n.Grouping, ", ") + ")"
	}
	from := clause()
	w.without(&n.Grouping, func() { w.keep("grouping", from, clause(), n.PosRange) })
	if len(n.Grouping) > 0 {
		n.Without = !n.Without
		w.keep("grouping", from, clause(), n.PosRange)
		n.Without = !n.Without
	}
	if literal, ok := n.Param.(*parser.NumberLiteral); ok && old == parser.QUANTILE {
		w.number(literal, otherQuantiles(literal.Val))
	} else if n.Param != nil {
		w.visit(n.Param, func(e parser.Expr) { n.Param = e })
	}
	w.visit(n.Expr, func(e parser.Expr) { n.Expr = e })
}

func (w *walk) call(n *parser.Call) {
	old := n.Func
	for _, name := range functions[old.Name] {
		if w.signOnly && rateOrIncrease[name] && rateOrIncrease[old.Name] {
			continue
		}
		n.Func = parser.Functions[name]
		w.keep("function", old.Name, name, n.PosRange)
	}
	n.Func = old
	w.signOnly = old.Name == "histogram_quantile" || w.signOnly && strings.HasSuffix(old.Name, "_over_time")
	for i, arg := range n.Args {
		literal, ok := arg.(*parser.NumberLiteral)
		if ok && i == 0 && strings.Contains(old.Name, "quantile") {
			w.number(literal, otherQuantiles(literal.Val))
			continue
		}
		w.visit(arg, func(e parser.Expr) { n.Args[i] = e })
	}
}
