package mutate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/alertnative/preflight/internal/proof/ruletest"
	"github.com/alertnative/preflight/internal/proof/testfile"
)

// Number and length of the random worlds in which a waived mutant is compared.
const (
	worldCount   = 40
	worldMinutes = 150
	worldEvery   = 5 * time.Minute
)

// differs compares the mutant with its rule in random worlds. It describes the
// first difference, or returns "".
func differs(m Mutant) string {
	original := m.rule
	switch name, value, _ := strings.Cut(m.From, ": "); {
	case m.Field == "expr":
		original.Expr = m.Text
	case m.Field == "labels" && m.To == "": // the expression may also give the label
		original.Labels = maps.Clone(m.rule.Labels)
		original.Labels[name] = value
	default:
		return "only an expression, or a rule without a label, can mean the same"
	}
	for seed := range uint64(worldCount) {
		file := testfile.File{EvaluationInterval: model.Duration(worldEvery), Tests: []testfile.Test{
			newWorld(original, seed),
		}}
		suites, err := ruletest.Load(file)
		if err != nil {
			return err.Error()
		}
		want, err1 := suites[0].Firing(observed(original), worldMinutes*time.Minute)
		got, err2 := suites[0].Firing(observed(m.rule), worldMinutes*time.Minute)
		if (err1 == nil) != (err2 == nil) {
			return fmt.Sprintf("in random world %d: %v against %v", seed, err1, err2)
		}
		for i := range want {
			if want[i] != got[i] {
				return fmt.Sprintf("in random world %d, after %s: the rule gives %s, the mutant %s",
					seed, model.Duration(time.Duration(i)*worldEvery), want[i], got[i])
			}
		}
	}
	return ""
}

// observed returns the rule with its visible results only: annotations that do
// not depend on the value are removed, and a record becomes an alert that shows
// its value.
func observed(r rulefmt.Rule) []rulefmt.RuleGroup {
	shown := map[string]string{}
	for name, text := range r.Annotations {
		if strings.Contains(text, "value") {
			shown[name] = text
		}
	}
	if r.Record != "" {
		r.Alert, r.Record = "Record", ""
		shown["value"] = "{{ $value }}"
	}
	r.Annotations = shown
	return []rulefmt.RuleGroup{{Name: "world", Rules: []rulefmt.Rule{r}}}
}

// world makes series that the expression selects, with the irregularities of
// real ones.
type world struct {
	*rand.Rand
	pools   map[string][]string // values of each label that the expression names
	numbers []float64           // numbers in the expression
	series  map[string]string
}

func newWorld(rule rulefmt.Rule, seed uint64) testfile.Test {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7)), pools: map[string][]string{}, numbers: []float64{0, 1}, series: map[string]string{}}
	tree, err := ruletest.NewParser().ParseExpr(rule.Expr)
	if err != nil {
		return testfile.Test{}
	}
	w.pools[model.InstanceLabel] = []string{"a", "b"}
	names := map[string]bool{}
	parser.Inspect(tree, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			names[n.Name] = true
			for _, m := range n.LabelMatchers {
				w.learn(m)
			}
		case *parser.AggregateExpr:
			w.name(n.Grouping)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				w.name(n.VectorMatching.MatchingLabels)
			}
		case *parser.NumberLiteral:
			w.numbers = append(w.numbers, n.Val)
		}
		return nil
	})
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(alertSeries, name) {
			w.metric(name)
		}
	}
	if names["ALERTS"] {
		w.alerts(rule.Alert)
	}
	t := testfile.Test{Name: "world", Interval: model.Duration(time.Minute)}
	for _, name := range slices.Sorted(maps.Keys(w.series)) {
		t.Series = append(t.Series, testfile.Series{Series: name, Values: w.series[name]})
	}
	return t
}

// name adds labels that may have any value.
func (w *world) name(labels []string) {
	for _, l := range labels {
		if w.pools[l] == nil {
			w.pools[l] = []string{"a", "b"}
		}
	}
}

// learn adds the values that a matcher requires, and another one.
func (w *world) learn(m *labels.Matcher) {
	if m.Name == model.MetricNameLabel {
		return
	}
	values := append([]string{"other", m.Value}, m.SetMatches()...)
	for _, v := range values {
		if !slices.Contains(w.pools[m.Name], v) {
			w.pools[m.Name] = append(w.pools[m.Name], v)
		}
	}
}

// metric adds up to six series of the metric.
func (w *world) metric(name string) {
	for range 1 + w.IntN(6) {
		var pairs []string
		for _, l := range slices.Sorted(maps.Keys(w.pools)) {
			if l != model.BucketLabel && l != model.AlertNameLabel && l != "alertstate" {
				pairs = append(pairs, fmt.Sprintf("%s=%q", l, w.pools[l][w.IntN(len(w.pools[l]))]))
			}
		}
		switch {
		case strings.HasSuffix(name, "_bucket"):
			w.buckets(name, pairs)
		case strings.HasSuffix(name, "_total"), strings.HasSuffix(name, "_count"), strings.HasSuffix(name, "_sum"):
			w.put(name, pairs, w.counter())
		default:
			w.put(name, pairs, w.gauge())
		}
	}
}

// alerts makes series of other alerts. The rule under test writes its own.
func (w *world) alerts(own string) {
	names := slices.DeleteFunc(append(slices.Clone(w.pools[model.AlertNameLabel]), "another"), func(n string) bool { return n == own })
	for range 1 + w.IntN(6) {
		pairs := []string{
			fmt.Sprintf("%s=%q", model.AlertNameLabel, names[w.IntN(len(names))]),
			fmt.Sprintf("alertstate=%q", []string{"pending", "firing", "firing"}[w.IntN(3)]),
		}
		for _, l := range slices.Sorted(maps.Keys(w.pools)) {
			if l != model.AlertNameLabel && l != "alertstate" {
				pairs = append(pairs, fmt.Sprintf("%s=%q", l, w.pools[l][w.IntN(len(w.pools[l]))]))
			}
		}
		ones := make([]float64, worldMinutes)
		for i := range ones {
			ones[i] = 1
		}
		w.put("ALERTS", pairs, ones)
	}
}

func (w *world) put(name string, pairs []string, values []float64) {
	text := make([]string, len(values))
	gap, every := w.IntN(3) == 0, 5+w.IntN(30)
	for i, v := range values {
		switch {
		case gap && i%every == every-1:
			text[i] = "stale"
		case gap && i%every > every/2:
			text[i] = "_"
		default:
			text[i] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	w.series[name+"{"+strings.Join(pairs, ",")+"}"] = strings.Join(text, " ")
}

// counter returns values that grow at times and restart at zero.
func (w *world) counter() []float64 {
	out := make([]float64, worldMinutes)
	v, busy := float64(w.IntN(3)), w.IntN(4)
	for i := range out {
		if w.IntN(4) < busy {
			v += float64(w.IntN(5))
		}
		if w.IntN(40) == 0 {
			v = float64(w.IntN(2))
		}
		out[i] = v
	}
	return out
}

// gauge returns values that stay for a while at or near a number of the
// expression.
func (w *world) gauge() []float64 {
	out := make([]float64, worldMinutes)
	v := 0.0
	for i := range out {
		if i == 0 || w.IntN(12) == 0 {
			v = w.numbers[w.IntN(len(w.numbers))]
			if w.IntN(3) == 0 {
				v *= 0.5 + w.Float64()
			}
		}
		out[i] = v
	}
	return out
}

// buckets makes the buckets of one histogram. Wider buckets have higher counts.
func (w *world) buckets(name string, pairs []string) {
	sum := make([]float64, worldMinutes)
	for _, le := range []string{"0.25", "0.5", "1", "+Inf"} {
		for i, v := range w.counter() {
			sum[i] += v
		}
		w.put(name, append(slices.Clone(pairs), fmt.Sprintf("le=%q", le)), sum)
	}
}
