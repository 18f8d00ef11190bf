package worlds

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/constant"
	"github.com/alertnative/preflight/internal/proof/ruletest"
)

// Maker makes worlds for one rule.
type Maker struct {
	sels    []*selector
	compare []comparison
	names   []string  // labels of the series, in order
	shown   []string  // labels that annotations show
	numbers []float64 // values that series may have
	bounds  []float64 // thresholds, as bounds of buckets
	step    time.Duration
	lag     int // steps until a change has its full effect
	hold    int // steps of for
	keep    int // steps of keep_firing_for
	loader  *ruletest.Loader
}

// selector is a selector of the rule with the functions around it.
type selector struct {
	name     string
	matchers []*labels.Matcher // without the name
	around   []string          // names of functions
	quantile float64           // of histogram_quantile around it; 0 if there is none
	window   bool
	by       map[string]bool // labels by which an aggregation around it groups
}

// comparison is a comparison of the rule.
type comparison struct {
	difference string  // expression of the left side without the right one
	scale      float64 // size of the numbers that it compares
	sels       []int   // selectors in it
}

// scope is the context of a node.
type scope struct {
	around   []string
	quantile float64
	window   bool
	late     time.Duration
	by       map[string]bool
}

// New returns a maker for a rule. The error is that of the expression.
func New(r rulefmt.Rule, loader *ruletest.Loader) (*Maker, error) {
	tree, err := ruletest.NewParser().ParseExpr(r.Expr)
	if err != nil {
		return nil, err
	}
	m := &Maker{numbers: []float64{0, 1, 1, 1, 2, 3, 5, 10, 100}, loader: loader}
	late, short := m.walk(tree, scope{})
	hold, keep := time.Duration(r.For), time.Duration(r.KeepFiringFor)
	m.step = stepOf(late, short, hold, keep)
	up := func(d time.Duration) int { return int((d + m.step - 1) / m.step) }
	m.lag, m.hold, m.keep = up(late), up(hold), up(keep)
	for _, text := range r.Annotations {
		for _, part := range strings.Split(text, "$labels.")[1:] {
			end := strings.IndexFunc(part, func(c rune) bool { return c != '_' && (c < '0' || c > 'z') })
			if end < 0 {
				end = len(part)
			}
			m.label(part[:end])
			m.shown = append(m.shown, part[:end])
		}
	}
	if len(m.names) == 0 || !slices.Contains(m.names, model.InstanceLabel) {
		m.label(model.InstanceLabel)
	}
	slices.Sort(m.numbers)
	slices.Sort(m.bounds)
	m.bounds = slices.Compact(m.bounds)
	slices.Sort(m.names)
	return m, nil
}

// Shown returns the labels that annotations of the rule show.
func (m *Maker) Shown() []string { return m.shown }

// Step returns the time between two samples, which is also the evaluation
// interval.
func (m *Maker) Step() time.Duration { return m.step }

// stepOf returns a step with which a world of the rule stays small, and that
// the shortest window still contains several times.
func stepOf(late, short, hold, keep time.Duration) time.Duration {
	if late+hold+keep <= 3*time.Hour {
		return time.Minute
	}
	finest := late + hold + keep
	for _, d := range []time.Duration{short, hold, keep} {
		if d > 0 {
			finest = min(finest, d)
		}
	}
	for _, step := range []time.Duration{time.Hour, 15 * time.Minute, 5 * time.Minute} {
		if finest >= 6*step && finest%step == 0 {
			return step
		}
	}
	return time.Minute
}

func (m *Maker) label(name string) {
	if name != model.MetricNameLabel && name != model.BucketLabel && !slices.Contains(m.names, name) {
		m.names = append(m.names, name)
	}
}

// walk collects the parts of an expression. It returns the longest time that the
// expression looks back, and its shortest window.
func (m *Maker) walk(e parser.Expr, s scope) (late, short time.Duration) {
	join := func(l, w time.Duration) {
		late = max(late, l)
		if w > 0 && (short == 0 || w < short) {
			short = w
		}
	}
	switch n := e.(type) {
	case *parser.ParenExpr:
		join(m.walk(n.Expr, s))
	case *parser.UnaryExpr:
		join(m.walk(n.Expr, s))
	case *parser.AggregateExpr:
		s.by = with(s.by, n.Grouping)
		for _, l := range n.Grouping {
			m.label(l)
		}
		if n.Param != nil {
			join(m.walk(n.Param, s))
		}
		join(m.walk(n.Expr, s))
	case *parser.Call:
		s.around = append(slices.Clone(s.around), n.Func.Name)
		for i, arg := range n.Args {
			if v, ok := arg.(*parser.NumberLiteral); ok && i == 0 && n.Func.Name == "histogram_quantile" {
				s.quantile = v.Val
				continue
			}
			join(m.walk(arg, s))
		}
	case *parser.SubqueryExpr:
		s.late += n.Range + max(n.OriginalOffset, 0)
		s.window = true
		l, w := m.walk(n.Expr, s)
		join(l, w)
		join(0, n.Range)
	case *parser.MatrixSelector:
		s.late += n.Range
		s.window = true
		l, w := m.walk(n.VectorSelector, s)
		join(l, w)
		join(0, n.Range)
	case *parser.VectorSelector:
		join(s.late+max(n.OriginalOffset, 0), 0)
		if n.OriginalOffset > 0 {
			join(0, n.OriginalOffset)
		}
		m.selector(n, s)
	case *parser.BinaryExpr:
		join(m.binary(n, s))
	case *parser.NumberLiteral:
		m.number(n.Val)
	}
	return late, short
}

func with(set map[string]bool, names []string) map[string]bool {
	out := map[string]bool{}
	for n := range set {
		out[n] = true
	}
	for _, n := range names {
		out[n] = true
	}
	return out
}

func (m *Maker) binary(n *parser.BinaryExpr, s scope) (late, short time.Duration) {
	if v := n.VectorMatching; v != nil {
		for _, l := range slices.Concat(v.MatchingLabels, v.Include) {
			m.label(l)
		}
	}
	first := len(m.sels)
	l1, w1 := m.walk(n.LHS, s)
	l2, w2 := m.walk(n.RHS, s)
	if n.Op.IsComparisonOperator() {
		c := comparison{scale: 1}
		diff := *n
		diff.Op, diff.ReturnBool = parser.SUB, false
		c.difference = diff.String()
		for _, side := range []parser.Expr{n.LHS, n.RHS} {
			if v, ok := constant.Of(side); ok {
				m.bound(v)
				if v != 0 {
					c.scale = math.Abs(v)
				}
			}
		}
		for i := first; i < len(m.sels); i++ {
			c.sels = append(c.sels, i)
		}
		if len(c.sels) > 0 {
			m.compare = append(m.compare, c)
		}
	}
	if w1 == 0 || w2 > 0 && w2 < w1 {
		w1 = w2
	}
	return max(l1, l2), w1
}

// bound adds a threshold.
func (m *Maker) bound(v float64) {
	m.number(v)
	if v > 0 && !math.IsInf(v, 0) {
		m.bounds = append(m.bounds, v)
		if v < 1 {
			m.numbers = append(m.numbers, round(100*v), round(100-100*v), round(10*v))
		}
	}
}

func (m *Maker) number(v float64) {
	if !math.IsInf(v, 0) && !math.IsNaN(v) {
		m.numbers = append(m.numbers, v)
	}
}

func (m *Maker) selector(n *parser.VectorSelector, s scope) {
	sel := &selector{name: n.Name, around: s.around, quantile: s.quantile, window: s.window, by: s.by}
	for _, x := range n.LabelMatchers {
		switch {
		case x.Name != model.MetricNameLabel:
			sel.matchers = append(sel.matchers, x)
			m.label(x.Name)
		case sel.name == "":
			if good, _ := values(x); len(good) > 0 {
				sel.name = good[0]
			}
		}
	}
	m.sels = append(m.sels, sel)
}

// in reports whether one of the functions is around the selector.
func (s *selector) in(names ...string) bool {
	return slices.ContainsFunc(s.around, func(n string) bool { return slices.Contains(names, n) })
}

// form returns the form of the selector's series.
func (s *selector) form() Form {
	histogram := s.in("histogram_quantile", "histogram_count", "histogram_sum", "histogram_avg", "histogram_fraction", "histogram_stddev", "histogram_stdvar")
	switch {
	case histogram && !s.bucketed():
		return Native
	case s.in("rate", "irate", "increase"):
		return Count
	case s.in("deriv", "predict_linear", "delta", "idelta", "double_exponential_smoothing"):
		return Ramp
	case s.window && (strings.HasSuffix(s.name, "_total") || s.bucketed()):
		return Count
	default:
		return Hold
	}
}

// bucketed reports whether the series of the selector are buckets of a classic
// histogram.
func (s *selector) bucketed() bool {
	return strings.HasSuffix(s.name, "_bucket") || s.by[model.BucketLabel] ||
		slices.ContainsFunc(s.matchers, func(m *labels.Matcher) bool { return m.Name == model.BucketLabel })
}

// bound formats the bound of a bucket.
func boundText(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
