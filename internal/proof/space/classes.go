package space

import (
	"encoding/binary"
	"maps"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// Literals returns the values that a pattern lists, and whether it accepts no
// others: "a|b" lists two.
func Literals(pattern string) (values []string, finite bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	return listed(tree.Simplify())
}

// maxListed limits the values that a pattern may list, such as [a-z]: beyond
// it, the pattern is treated like one that accepts infinitely many.
const maxListed = 256

func listed(t *syntax.Regexp) ([]string, bool) {
	if t.Flags&syntax.FoldCase != 0 && t.Op == syntax.OpLiteral {
		return nil, false
	}
	switch t.Op {
	case syntax.OpLiteral:
		return []string{string(t.Rune)}, true
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpCapture:
		return listed(t.Sub[0])
	case syntax.OpQuest:
		values, finite := listed(t.Sub[0])
		return append(values, ""), finite
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(t.Rune); i += 2 {
			for r := t.Rune[i]; r <= t.Rune[i+1]; r++ {
				if len(out) == maxListed {
					return nil, false
				}
				out = append(out, string(r))
			}
		}
		return out, true
	case syntax.OpAlternate:
		var out []string
		finite := true
		for _, sub := range t.Sub {
			values, ok := listed(sub)
			out, finite = append(out, values...), finite && ok
		}
		return out, finite
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range t.Sub {
			values, ok := listed(sub)
			if !ok || len(out)*len(values) > maxListed {
				return nil, false
			}
			var more []string
			for _, a := range out {
				for _, b := range values {
					more = append(more, a+b)
				}
			}
			out = more
		}
		return out, true
	}
	return nil, false
}

// Limits of the search for classes of values: it visits states of all patterns
// together.
const maxStates = 20_000

// words are readable values, tried first for each class.
var words = []string{"other", "another"}

// classes returns a value for each class of unlisted values that the patterns
// distinguish, or two if the label is compared. complete is false if the search
// was too large.
func (c *collected) classes(label string) (values []string, complete bool) {
	m := newMachine(slices.Sorted(maps.Keys(c.patterns)))
	taken := map[string][]string{} // by class
	wanted := 1
	if c.compared {
		wanted = 2
	}
	take := func(value string) {
		if key := m.verdict(value, c.patterns); !c.known[value] && len(taken[key]) < wanted && !slices.Contains(taken[key], value) {
			taken[key] = append(taken[key], value)
			values = append(values, value)
		}
	}
	if label == "alertname" {
		take("SomebodyElses")
	}
	for i := 0; i < len(words) || len(c.patterns) == 0 && len(values) < wanted; i++ {
		take(words[i%len(words)] + strings.Repeat("s", i/len(words)))
	}
	if len(c.patterns) == 0 {
		return values, true
	}
	classes := map[string][]string{} // listed values by class
	for value := range c.known {
		key := m.verdict(value, c.patterns)
		classes[key] = append(classes[key], value)
	}
	complete = m.search(nil, func(value string) {
		key := m.verdict(value, c.patterns)
		classes[key] = append(classes[key], nil...)
		take(value)
	})
	for _, key := range slices.Sorted(maps.Keys(classes)) {
		// The shortest value of the class may be listed: look for others.
		for len(taken[key]) < wanted {
			before := len(taken[key])
			excluded := slices.Sorted(slices.Values(slices.Concat(classes[key], taken[key])))
			complete = m.search(excluded, take) && complete
			if len(taken[key]) == before {
				break
			}
		}
	}
	return values, complete
}

// machine runs several patterns at once, as Alertmanager anchors them.
type machine struct {
	patterns []string
	programs []*syntax.Prog
	runes    []rune // one of each class of characters, readable ones first
}

func newMachine(patterns []string) *machine {
	m := &machine{patterns: patterns}
	limits := map[rune]bool{0: true, 'a': true, 'a' + 1: true, '0': true, '0' + 1: true, '\n': true, '\n' + 1: true, '_': true, '_' + 1: true, 'A': true, 'z' + 1: true, '9' + 1: true, 'Z' + 1: true}
	for _, p := range patterns {
		tree, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			continue // Alertmanager refuses it
		}
		program, err := syntax.Compile(tree.Simplify())
		if err != nil {
			continue
		}
		m.programs = append(m.programs, program)
		for _, in := range program.Inst {
			for i := 0; i < len(in.Rune); i++ {
				r := in.Rune[i]
				if i%2 == 1 && len(in.Rune) > 1 {
					limits[r+1] = true
				} else {
					limits[r], limits[r+1] = true, len(in.Rune) == 1 || limits[r+1]
				}
				if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
					for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
						limits[f], limits[f+1] = true, true
					}
				}
			}
		}
	}
	for r, is := range limits {
		if is && r <= unicode.MaxRune && (r < 0xD800 || r > 0xDFFF) {
			m.runes = append(m.runes, r)
		}
	}
	rank := func(r rune) int {
		switch {
		case r >= 'a' && r <= 'z':
			return 0
		case r >= '0' && r <= '9' || r >= 'A' && r <= 'Z':
			return 1
		case r > ' ' && r < 0x7f:
			return 2
		case unicode.IsPrint(r):
			return 3
		}
		return 4
	}
	slices.SortFunc(m.runes, func(a, b rune) int {
		if x := rank(a) - rank(b); x != 0 {
			return x
		}
		return int(a - b)
	})
	return m
}

// verdict returns the patterns that accept a value, as a key.
func (m *machine) verdict(value string, patterns map[string]*labels.Matcher) string {
	key := make([]byte, len(m.patterns))
	for i, p := range m.patterns {
		if accepts(patterns[p], value) {
			key[i] = 1
		}
	}
	return string(key)
}

// state is where the patterns are after some characters: for each the
// instructions to continue with.
type state struct {
	at     [][]uint32
	last   rune // class of the last character for word boundaries; -1 at the start
	prefix string
	text   string // the characters, if they begin one of the excluded values
}

// search yields values, shortest first, at least one for each combination of
// patterns that accept. It yields one that is not excluded if there is one. It
// returns false if it gave up.
func (m *machine) search(excluded []string, yield func(string)) bool {
	begins := map[string]bool{}
	for _, v := range excluded {
		for i := range v {
			begins[v[:i]] = true
		}
		begins[v] = true
	}
	start := state{last: -1}
	for _, p := range m.programs {
		start.at = append(start.at, []uint32{uint32(p.Start)})
	}
	seen := map[string]bool{start.key(): true}
	for queue := []state{start}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		if s.prefix != "" {
			yield(s.prefix)
		}
		for _, r := range m.runes {
			next := m.step(s, r)
			next.prefix = s.prefix + string(r)
			if begins[next.prefix] {
				next.text = next.prefix
			}
			if k := next.key(); !seen[k] {
				if len(seen) == maxStates {
					return false
				}
				seen[k] = true
				queue = append(queue, next)
			}
		}
	}
	return true
}

func (s state) key() string {
	var b []byte
	b = append(b, s.text...)
	b = append(b, 0)
	b = binary.AppendVarint(b, int64(s.last))
	for _, at := range s.at {
		b = binary.AppendUvarint(b, uint64(len(at)))
		for _, pc := range at {
			b = binary.AppendUvarint(b, uint64(pc))
		}
	}
	return string(b)
}

// step returns the state after one more character.
func (m *machine) step(s state, r rune) state {
	next := state{last: contextOf(r), at: make([][]uint32, len(s.at))}
	around := syntax.EmptyOpContext(s.last, r)
	for i, program := range m.programs {
		for _, pc := range reachable(program, s.at[i], around) {
			if in := &program.Inst[pc]; in.MatchRune(r) {
				next.at[i] = append(next.at[i], in.Out)
			}
		}
		slices.Sort(next.at[i])
		next.at[i] = slices.Compact(next.at[i])
	}
	return next
}

// contextOf returns a character with the same context for word boundaries and
// lines.
func contextOf(r rune) rune {
	switch {
	case r == '\n':
		return '\n'
	case syntax.IsWordChar(r):
		return 'a'
	}
	return ' '
}

// reachable returns the instructions for characters that follow without one.
func reachable(program *syntax.Prog, from []uint32, around syntax.EmptyOp) []uint32 {
	var out []uint32
	visited := make(map[uint32]bool, len(from))
	stack := slices.Clone(from)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if visited[pc] {
			continue
		}
		visited[pc] = true
		switch in := program.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^around == 0 {
				stack = append(stack, in.Out)
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			out = append(out, pc)
		}
	}
	return out
}
