package model

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/routing"
	"github.com/alertnative/preflight/rules"
)

// Level returns the level with that name and its rank; 0 is the most severe.
func (s *Site) Level(name string) (routing.Level, int, bool) {
	i := slices.IndexFunc(s.Scale.Levels, func(l routing.Level) bool { return l.Name == name })
	if i < 0 {
		return routing.Level{}, len(s.Scale.Levels), false
	}
	return s.Scale.Levels[i], i, true
}

// IsUrgent reports whether the severity is an urgent level.
func (s *Site) IsUrgent(severity string) bool {
	l, _, ok := s.Level(severity)
	return ok && l.Urgent
}

// LevelNames returns the names of the levels, the most severe first.
func (s *Site) LevelNames() []string {
	var names []string
	for _, l := range s.Scale.Levels {
		names = append(names, l.Name)
	}
	return names
}

// severities replaces the severities of packs by levels of the site, URGENT in
// expressions by the matcher of the urgent levels, and SEVERITY by the label.
func (r *resolver) severities() {
	r.checkScale()
	urgent := r.urgentMatcher()
	for g := range r.Groups {
		group := &r.Groups[g]
		for i := range group.Alerts {
			a := &group.Alerts[i]
			where := fmt.Sprintf("alert %q", a.Name)
			if group.FromFile != "" {
				r.fileSeverity(where, *group, a)
				continue
			}
			a.Severity = r.level(where, a.Severity)
			for c := range a.Also {
				a.Also[c].Severity = r.level(where+fmt.Sprintf(", Also %d", c+1), a.Also[c].Severity)
				a.Also[c].Expr = r.words(a.Also[c].Expr, urgent)
			}
			r.urgentRead(where, a.Expr)
			a.Expr = r.words(a.Expr, urgent)
			for s := range a.Scenarios {
				a.Scenarios[s].Series = r.words(a.Scenarios[s].Series, r.urgentLabel())
			}
			for e := range a.Equivalents {
				a.Equivalents[e].Mutant = r.words(a.Equivalents[e].Mutant, urgent)
			}
		}
	}
}

// fileSeverity sets the severity of an alert in a rule file from the label of
// the site's scale, or else from the label severity, which most rule files use.
// A template, and the value none of a heartbeat, are not a severity.
func (r *resolver) fileSeverity(where string, g Group, a *rules.Alert) {
	labels := withLabels(g.Labels, a.Labels)
	word := labels[r.Scale.Label]
	if _, given := labels[r.Scale.Label]; !given {
		word = labels[usualLabel]
	}
	switch {
	case a.Severity != "": // set by an Override
		word = a.Severity
	case strings.Contains(word, "{{") || word == "none":
		return
	}
	a.Severity = r.level(where, word)
	if a.Severity != "" {
		delete(a.Labels, r.Scale.Label)
	}
}

// usualLabel is the severity label of most rule files.
const usualLabel = "severity"

// level returns the site's level for a severity of a pack. The proof of the
// routes reports an alert without a severity.
func (r *resolver) level(where, word string) string {
	if word == "" || len(r.Scale.Levels) == 0 {
		return word // another check reports a scale without levels
	}
	name, ok := r.takes(word)
	if !ok {
		var words []string
		for _, l := range r.Scale.Levels {
			words = append(append(words, l.Name), l.Takes...)
		}
		r.findings = append(r.findings, finding.Finding{
			Code: finding.UnknownSeverity, Where: where,
			Reason:     fmt.Sprintf("no level of the site has or takes the severity %q (they have and take %s): add it to the Takes of a level", word, strings.Join(words, ", ")),
			Suggestion: suggest.Nearest(word, words),
		})
	}
	return name
}

// takes returns the name of the level that has or takes the severity.
func (r *resolver) takes(word string) (string, bool) {
	if _, _, ok := r.Level(word); ok {
		return word, true
	}
	for _, l := range r.Scale.Levels {
		if slices.Contains(l.Takes, word) {
			return l.Name, true
		}
	}
	return word, false
}

// checkScale reports ambiguous levels.
func (r *resolver) checkScale() {
	const where = "site, Severities"
	if r.Scale.Label == "" {
		r.add(finding.UnknownSeverity, where, "no Label: name the label of alerts that holds the severity")
	}
	if len(r.Scale.Levels) == 0 {
		r.add(finding.UnknownSeverity, where, "no Levels: list them, the most severe first")
	}
	owner := map[string]string{}
	for _, l := range r.Scale.Levels {
		if l.Name == "" {
			r.add(finding.UnknownSeverity, where, "a level has no Name")
		}
		if !slices.Contains([]routing.Sound{routing.Loud, routing.Silent, routing.NoMessage}, l.Sound) {
			r.add(finding.UnknownSeverity, where, "the Sound %q of level %q is none of Loud, Silent and NoMessage", l.Sound, l.Name)
		}
		for _, word := range append([]string{l.Name}, l.Takes...) {
			if other, taken := owner[word]; taken {
				r.add(finding.UnknownSeverity, where, "the levels %q and %q both have or take %q", other, l.Name, word)
			}
			owner[word] = l.Name
		}
	}
}

// scaleWord matches a placeholder for a part of the site's scale, or a text in
// quotes, which is none.
var scaleWord = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`|\\b(?:URGENT|SEVERITY)\\b")

// urgentRead reports an expression that reads urgent alerts on a site without
// an urgent level.
func (r *resolver) urgentRead(where, expr string) {
	if slices.Contains(scaleWord.FindAllString(expr, -1), "URGENT") && len(r.Scale.Levels) > 0 && !slices.ContainsFunc(r.Scale.Levels, func(l routing.Level) bool { return l.Urgent }) {
		r.add(finding.UnknownSeverity, where, "it reads the urgent alerts (URGENT), and no level of the site is Urgent: mark the most severe level as Urgent, or take the pack with preflight.Without")
	}
}

// words replaces the placeholders for the site's scale.
func (r *resolver) words(text, urgent string) string {
	return scaleWord.ReplaceAllStringFunc(text, func(found string) string {
		switch found {
		case "URGENT":
			return urgent
		case "SEVERITY":
			return r.Scale.Label
		}
		return found
	})
}

// urgentMatcher returns the PromQL matcher of the urgent levels.
func (r *resolver) urgentMatcher() string {
	names := r.urgentNames()
	if len(names) == 1 {
		return r.Scale.Label + "=" + strconv.Quote(names[0])
	}
	for i, n := range names {
		names[i] = regexp.QuoteMeta(n)
	}
	return r.Scale.Label + "=~" + strconv.Quote(strings.Join(names, "|"))
}

// urgentLabel returns the label of the most severe urgent level, for the series
// of scenarios.
func (r *resolver) urgentLabel() string {
	names := r.urgentNames()
	return r.Scale.Label + "=" + strconv.Quote(names[0])
}

// urgentNames returns the names of the urgent levels. Without any, it returns
// the most severe level; urgentRead reports this to readers of URGENT.
func (r *resolver) urgentNames() []string {
	var names []string
	for _, l := range r.Scale.Levels {
		if l.Urgent {
			names = append(names, l.Name)
		}
	}
	if len(names) == 0 {
		names = append(names, cmp.Or(r.LevelNames()...)) // "" without levels
	}
	return names
}
