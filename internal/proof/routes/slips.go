package routes

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// slip explains a matcher that Alertmanager accepts and that cannot mean what is
// written: alternatives in a value, or another case than all known values. It
// returns "" if there is none.
func (p *proof) slip(ms labels.Matchers) string {
	for _, m := range ms {
		known := p.known[m.Name]
		if len(known) == 0 || known[m.Value] {
			continue
		}
		if text := alternatives(m, known); text != "" {
			return text
		}
		if text := otherCase(m, known); text != "" {
			return text
		}
	}
	return ""
}

// alternatives explains an equality with a value such as "a|b", of which a part
// is known.
func alternatives(m *labels.Matcher, known map[string]bool) string {
	pattern, equality := map[labels.MatchType]string{labels.MatchEqual: "=~", labels.MatchNotEqual: "!~"}[m.Type]
	if !equality || !strings.Contains(m.Value, "|") || !slices.ContainsFunc(strings.Split(m.Value, "|"), func(v string) bool { return known[v] }) {
		return ""
	}
	return fmt.Sprintf("%s compares the whole value: write %s%s%q", m, m.Name, pattern, m.Value)
}

// otherCase explains a matcher that would match a known value if upper and lower
// case were the same, and matches none. It returns "" for any other matcher.
func otherCase(m *labels.Matcher, known map[string]bool) string {
	value := m.Value
	switch m.Type {
	case labels.MatchEqual:
		value = regexp.QuoteMeta(value)
	case labels.MatchRegexp:
	default:
		return ""
	}
	without, err := regexp.Compile("(?i)^(?:" + value + ")$")
	if err != nil || m.Matches("") {
		return ""
	}
	near := ""
	for _, v := range slices.Sorted(maps.Keys(known)) {
		if m.Matches(v) {
			return ""
		}
		if near == "" && without.MatchString(v) {
			near = v
		}
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf("%s differs from %q in upper and lower case, which Alertmanager distinguishes: correct it", m, near)
}
