package worlds

import (
	"regexp/syntax"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// maxExamples limits the texts that are made for one pattern.
const maxExamples = 6

// values returns texts that a matcher accepts, and texts that it refuses. Each
// list may be empty.
func values(m *labels.Matcher) (good, bad []string) {
	all := []string{m.Value}
	if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
		all = append(m.SetMatches(), examples(m.Value)...)
	}
	all = append(all, "other", "a")
	for _, text := range append(all, "") {
		switch ok := m.Matches(text); {
		case ok && !slices.Contains(good, text):
			good = append(good, text)
		case !ok && !slices.Contains(bad, text):
			bad = append(bad, text)
		}
	}
	return good, bad
}

// examples returns texts that a pattern matches, one for each alternative.
func examples(pattern string) []string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	return texts(re.Simplify())
}

func texts(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCharClass:
		return classTexts(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"0"}
	case syntax.OpCapture:
		return texts(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		return limit(append(texts(re.Sub[0]), ""))
	case syntax.OpPlus:
		return texts(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			out = append(out, texts(sub)...)
		}
		return limit(out)
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			var next []string
			for _, tail := range texts(sub) {
				for _, head := range out {
					next = append(next, head+tail)
				}
			}
			out = limit(next)
		}
		return out
	default:
		return []string{""}
	}
}

// classTexts returns the first rune of each range of a class.
func classTexts(ranges []rune) []string {
	var out []string
	for i := 0; i+1 < len(ranges); i += 2 {
		r := ranges[i]
		if r < ' ' && ranges[i+1] >= 'a' {
			r = 'a'
		}
		out = append(out, string(r))
	}
	return limit(out)
}

func limit(list []string) []string { return list[:min(len(list), maxExamples)] }
