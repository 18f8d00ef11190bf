package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/emit/texts"
	"github.com/alertnative/preflight/internal/lint/measure"
	"github.com/alertnative/preflight/rules"
)

// name is a word that is the same in every language: it is in backticks, has a
// capital or a digit, or consists of Latin letters in a text of other letters.
var latinWord = regexp.MustCompile("`[^`]+`|[A-Za-z][A-Za-z0-9_.-]{2,}")

// twins reports translations with other labels than the English text, or with
// names that it does not contain.
func twins(a Alert) []finding.Finding {
	var out []finding.Finding
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		if latin(language) {
			continue // all words have Latin letters
		}
		t := a.Translations[language]
		own := english(a.Alert)
		for field, text := range sorted(english(rules.Alert{Title: t.Title, Summary: t.Summary, Headline: t.Headline, ListTitle: t.ListTitle, Actions: t.Actions})) {
			if text == "" || own[field] == "" {
				continue
			}
			part := fmt.Sprintf("Translations[%q].%s", language, field)
			if mine, theirs := labelsShown(own[field]), labelsShown(text); mine != theirs {
				out = append(out, finding.Finding{Code: finding.NoTranslation, Where: a.Where, Part: part, Text: text, To: len(text),
					Reason: fmt.Sprintf("shows the labels %s, and the English text shows %s", theirs, mine)})
			}
			for _, at := range latinWord.FindAllStringIndex(withoutActions(text), -1) {
				word := withoutActions(text)[at[0]:at[1]]
				if !strings.Contains(strings.ToLower(own[field]), strings.ToLower(strings.Trim(word, "`"))) && !saysElsewhere(a, word) {
					out = append(out, finding.Finding{Code: finding.NoTranslation, Where: a.Where, Part: part, Text: text, From: at[0], To: at[1],
						Reason: fmt.Sprintf("names %q, which the English text does not", word)})
				}
			}
		}
	}
	return out
}

// saysElsewhere reports whether another English text of the alert, or its
// definition, contains the word.
func saysElsewhere(a Alert, word string) bool {
	word = strings.ToLower(strings.Trim(word, "`"))
	for _, text := range english(a.Alert) {
		if strings.Contains(strings.ToLower(text), word) {
			return true
		}
	}
	return strings.Contains(strings.ToLower(a.About), word)
}

func latin(language string) bool {
	return !slices.Contains([]string{"ko", "ja", "zh", "ru", "uk", "el", "he", "ar", "th"}, language)
}

var anyAction = regexp.MustCompile(`\{\{.*?\}\}`)

// withoutActions blanks the actions of a template, so that positions do not
// change.
func withoutActions(text string) string {
	return anyAction.ReplaceAllStringFunc(text, func(m string) string { return strings.Repeat(" ", len(m)) })
}

// pair is a text of an alert and its translation.
type pair struct{ field, own, twin string }

// pairs returns the translated texts of an alert, one pair per action.
func pairs(a rules.Alert, t rules.Translation) []pair {
	out := []pair{
		{"Title", a.Title, t.Title}, {"Summary", a.Summary, t.Summary}, {"Headline", a.Headline, t.Headline},
		{"ListTitle", a.ListTitle, t.ListTitle}, {"About", a.About, t.About},
	}
	if len(a.Actions) == len(t.Actions) {
		for i := range a.Actions {
			out = append(out, pair{"Actions", a.Actions[i], t.Actions[i]})
		}
	}
	return slices.DeleteFunc(out, func(p pair) bool { return p.own == "" || p.twin == "" })
}

// meanings reports translations with other numbers or statuses than the English
// text.
func (c *Checked) meanings(a Alert) []finding.Finding {
	var vars texts.Vars
	if cond := c.Conditions(a.Group, a.Alert, false)[0]; c.Vars != nil {
		vars = c.Vars(cond.Expr, cond.For)
	}
	expand := func(text string) string { return c.Timing.ExpandTemplate(texts.Expand(text, vars)) }
	var out []finding.Finding
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		for _, p := range pairs(a.Alert, a.Translations[language]) {
			part, own, twin := fmt.Sprintf("Translations[%q].%s", language, p.field), expand(p.own), expand(p.twin)
			report := func(from, to int, format string, args ...any) {
				out = append(out, finding.Finding{Code: finding.OtherMeaning, Where: a.Where, Part: part, Text: twin, From: from, To: to, Reason: fmt.Sprintf(format, args...)})
			}
			for _, s := range otherLead(p.own, p.twin) {
				report(s.from, s.to, "the English text begins with the label %s", s.own)
			}
			for _, s := range contradictions(own, twin, language) {
				report(s.from, s.to, "%s", s.reason)
			}
		}
	}
	return out
}

// contradiction is a part of a translation with another meaning than the text.
type contradiction struct {
	from, to int
	reason   string
}

// contradictions returns the parts of a translation that contradict the text:
// its numbers, and in Korean its statuses, prohibitions, negations and terms.
func contradictions(own, twin, language string) []contradiction {
	var out []contradiction
	for _, n := range measure.Contradict(own, twin) {
		out = append(out, contradiction{n.From, n.To, "the English text has " + n.Has})
	}
	if language != "ko" {
		return out
	}
	for _, s := range slices.Concat(otherStatus(own, twin), otherOrder(own, twin), otherNegation(own, twin), otherTerm(own, twin), otherRoles(own, twin)) {
		reason := fmt.Sprintf("the English text has %q", s.own)
		if s.own == "" {
			reason = "the English text forbids nothing"
		}
		out = append(out, contradiction{s.from, s.to, reason})
	}
	return out
}

// titles reports alerts with different titles and equal translations of them.
func (c *Checked) titles() []finding.Finding {
	type titled struct{ name, own string }
	first := map[string]titled{}
	var out []finding.Finding
	for _, a := range c.Alerts {
		own := a.Title
		if own == "" {
			own = emit.InWords(a.Name)
		}
		for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
			twin := a.Translations[language].Title
			other, seen := first[language+"\x00"+twin]
			switch {
			case twin == "":
			case !seen:
				first[language+"\x00"+twin] = titled{a.Name, own}
			case other.name != a.Name && !strings.EqualFold(other.own, own):
				out = append(out, finding.Finding{Code: finding.SameText, Where: a.Where, Part: fmt.Sprintf("Translations[%q].Title", language), Text: twin, To: len(twin),
					Reason: fmt.Sprintf("is the title of %s too, whose English title is %q and not %q", other.name, other.own, own)})
			}
		}
	}
	return out
}
