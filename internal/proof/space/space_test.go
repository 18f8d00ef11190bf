package space_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/internal/model/matchers"
	"github.com/alertnative/preflight/internal/proof/space"
)

func parse(t *testing.T, text string) labels.Matchers {
	t.Helper()
	ms, err := matchers.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// pattern returns a random pattern over the letters a and b.
func pattern(r *rand.Rand, depth int) string {
	sub := func() string { return pattern(r, depth-1) }
	if depth == 0 {
		return []string{"a", "b", ".", "[^a]", "", `\b`, "(?i:A)", "$"}[r.IntN(8)]
	}
	switch r.IntN(6) {
	case 0:
		return "(?:" + sub() + "|" + sub() + ")"
	case 1:
		return "(?:" + sub() + ")*"
	case 2:
		return "(?:" + sub() + ")?"
	case 3:
		return sub()
	default:
		return sub() + sub()
	}
}

// Every string behaves like one of the values in the space.
func TestClassesAreComplete(t *testing.T) {
	t.Parallel()
	all := []string{""}
	for from := 0; len(all) < 1500; {
		to := len(all)
		for _, s := range all[from:to] {
			for _, c := range []string{"a", "b", "A", "-", "\n", "é"} {
				all = append(all, s+c)
			}
		}
		from = to
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var ms labels.Matchers
		for range 1 + r.IntN(3) {
			m, err := labels.NewMatcher([]labels.MatchType{labels.MatchRegexp, labels.MatchNotRegexp, labels.MatchEqual}[r.IntN(3)], "l", pattern(r, 3))
			if err != nil {
				continue
			}
			ms = append(ms, m)
		}
		if len(ms) == 0 {
			continue
		}
		var b space.Builder
		b.Match(ms...)
		s, complex := b.Build()
		if len(complex) > 0 {
			t.Fatalf("%v: gave up", ms)
		}
		verdict := func(v string) string {
			out := ""
			for _, m := range ms {
				out += fmt.Sprint(m.Matches(v), " ")
			}
			return out
		}
		have := map[string]bool{}
		for v := range s.Everything(0).All {
			have[verdict(s.Value(0, v))] = true
		}
		for _, v := range all {
			if !have[verdict(v)] {
				t.Fatalf("%v: no value stands for %q", ms, v)
			}
			n := slices.Collect(s.Only(0, v).All)[0]
			if got := s.Value(0, n); verdict(got) != verdict(v) {
				t.Fatalf("%v: %q stands for %q", ms, got, v)
			}
		}
	}
}

// Each class that is not listed has an unlisted value.
func TestClassesBesideListedValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []string
		match  string
		want   []string
	}{
		{nil, `a="x"`, []string{"", "x", "other"}},
		{nil, `a=~"x|y|"`, []string{"", "x", "y", "other"}},
		{[]string{"other"}, `a!="x"`, []string{"", "other", "x", "another"}},
		{[]string{"other", "another"}, `a!="x"`, []string{"", "another", "other", "others", "x"}},
		{[]string{"team-a", "team-"}, `a=~"team-.*"`, []string{"", "team-", "team-a", "other", "team-b"}},
		{nil, `a=~"a.*", a=~".*b"`, []string{"", "other", "another", "ab", "b"}},
		{nil, `a=~"(?i)prod"`, []string{"", "other", "prod"}},
		{nil, `a=~"[0-9]+"`, []string{"", "other", "0"}},
		{nil, `a=~"서울.+"`, []string{"", "other", "서울a"}},
	} {
		var b space.Builder
		b.Label("a", tt.values...)
		b.Match(parse(t, tt.match)...)
		s, _ := b.Build()
		var got []string
		for v := range s.Everything(0).All {
			got = append(got, s.Value(0, v))
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if strings.Join(got, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s beside %q has the values %q, want %q", tt.match, tt.values, got, tt.want)
		}
	}
}

// Splitting keeps every alert exactly once.
func TestSplit(t *testing.T) {
	t.Parallel()
	var b space.Builder
	ms := []labels.Matchers{parse(t, `a="1", b!="2"`), parse(t, `a=~"1|2", c=~".+", c!="x"`), parse(t, `b="2", b="3"`), parse(t, `a!="1", a!="2"`)}
	for _, m := range ms {
		b.Match(m...)
	}
	s, _ := b.Build()
	parts := []space.Box{s.All()}
	for _, m := range ms {
		var next []space.Box
		for _, p := range parts {
			in, out := p.Split(s.Matchers(m))
			for _, o := range out {
				if w := s.Witness(o, true); m.Matches(w) {
					t.Errorf("%v matches %v, and is left out", w, m)
				}
			}
			if in != nil {
				if w := s.Witness(in, false); !m.Matches(w) {
					t.Errorf("%v does not match %v", w, m)
				}
				out = append(out, in)
			}
			next = append(next, out...)
		}
		parts = next
	}
	count := 0
	for _, p := range parts {
		n := 1
		for _, values := range p {
			n *= values.Len()
		}
		count += n
	}
	all := 1
	for _, values := range s.All() {
		all *= values.Len()
	}
	if count != all {
		t.Errorf("the parts have %d alerts, want %d", count, all)
	}
	for i, p := range parts {
		for _, o := range parts[:i] {
			if p.And(o) != nil {
				t.Errorf("two parts have %v", s.Witness(p.And(o), true))
			}
		}
	}
}

// A pattern too large to search is reported.
func TestTooComplex(t *testing.T) {
	t.Parallel()
	var b space.Builder
	for i := range 20 {
		b.Match(labels2(t, fmt.Sprintf(".*%c.{8}", 'a'+i)))
	}
	if _, complex := b.Build(); !slices.Equal(complex, []string{"l"}) {
		t.Errorf("complex: %q", complex)
	}
}

func labels2(t *testing.T, pattern string) *labels.Matcher {
	t.Helper()
	m, err := labels.NewMatcher(labels.MatchRegexp, "l", pattern)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A compared label has two values of each class, so that two alerts can differ.
func TestComparedLabels(t *testing.T) {
	t.Parallel()
	var b space.Builder
	b.Compare("a", "b")
	b.Match(parse(t, `b=~"x.*", b!="xa"`)...)
	s, _ := b.Build()
	for i, want := range []int{2, 4} {
		many := 0
		for v := range s.Everything(i).All {
			if s.Many(i, v) {
				many++
			}
		}
		if many != want {
			t.Errorf("%s has %d values of classes, want %d", s.Names()[i], many, want)
		}
	}
}

func TestWitness(t *testing.T) {
	t.Parallel()
	var b space.Builder
	b.Label("job")
	b.Match(parse(t, `a="1", b!=""`)...)
	s, _ := b.Build()
	box, _ := s.All().Split(s.Matchers(parse(t, `b!=""`)))
	if got := s.Witness(box, false); len(got) != 1 || got["b"] != "other" {
		t.Errorf("the least alert is %v", got)
	}
	if got, want := s.Witness(box, true).String(), (model.LabelSet{"a": "1", "b": "other", "job": "other"}).String(); got != want {
		t.Errorf("the full alert is %v, want %v", got, want)
	}
}
