package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/metrics"
	"github.com/alertnative/preflight/rules"
)

// texts checks what people read against what the expressions say.
func (c *Checked) texts() []finding.Finding {
	var out []finding.Finding
	for _, a := range c.Alerts {
		if a.Group.FromFile == "" {
			out = append(out, c.numbers(a)...)
			out = append(out, labelWords(a)...)
			out = append(out, twins(a)...)
		}
	}
	for _, d := range c.Metrics {
		if d.BaseUnit() == metrics.Bool && strings.HasPrefix(d.Help, "0 ") {
			out = append(out, finding.Finding{Code: finding.Opposite, Where: fmt.Sprintf("metric %q", d.Name), Text: d.Help, To: 1,
				Reason: "the help says what 0 means: a metric of 0 and 1 says when it is 1"})
		}
	}
	return out
}

// numbers reports the numbers in an alert's texts that its expressions do not
// have.
func (c *Checked) numbers(a Alert) []finding.Finding {
	exprs := c.expressions(a.Group, a.Alert, true)
	for _, r := range c.Records {
		if slices.ContainsFunc(exprs, func(e string) bool { return c.Checker.Metrics(e)[r.Name] }) {
			exprs = append(exprs, c.Timing.Expand(r.Expr))
		}
	}
	known := c.Checker.Numbers(exprs...).With(c.Timing.Run)
	texts := []string{a.For, a.KeepFiringFor}
	for _, also := range a.Also {
		texts = append(texts, also.For)
	}
	for _, text := range texts {
		d, _ := c.Duration(text) // one that cannot be read is another finding
		known = known.With(d)
	}
	out := known.Check(a.Where, "About", a.About)
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		out = append(out, known.Check(a.Where, fmt.Sprintf("Translations[%q].About", language), a.Translations[language].About)...)
	}
	conditions := c.Conditions(a.Group, a.Alert, false)
	annotations := c.Annotations(a.Group, a.Alert, conditions[0])
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		out = append(out, known.Check(a.Where, fmt.Sprintf("annotation %q", name), annotations[name])...)
	}
	return out
}

// labelAction is an action that shows a label, with the word before it.
var labelAction = regexp.MustCompile(`(?:(\w+) )?\{\{-?\s*\$labels\.(\w+)\s*-?\}\}`)

// english returns the texts of an alert by their field.
func english(a rules.Alert) map[string]string {
	return map[string]string{
		"Title": a.Title, "Summary": a.Summary, "Headline": a.Headline, "ListTitle": a.ListTitle, "Actions": strings.Join(a.Actions, "\n"),
	}
}

// labelWords reports texts that name one label and show another: "chat {{
// $labels.job }}", and ones that show a label twice.
func labelWords(a Alert) []finding.Finding {
	var out []finding.Finding
	for field, text := range sorted(english(a.Alert)) {
		if field == "Actions" {
			continue
		}
		seen := map[string]bool{}
		for _, m := range labelAction.FindAllStringSubmatchIndex(text, -1) {
			shown := text[m[4]:m[5]]
			report := func(format string, args ...any) {
				out = append(out, finding.Finding{Code: finding.Opposite, Where: a.Where, Part: field, Text: text, From: m[4], To: m[5], Reason: fmt.Sprintf(format, args...)})
			}
			if m[2] >= 0 {
				if word := text[m[2]:m[3]]; word != shown && a.Labels.Can(word) && !a.Labels.Open {
					report("says %q and shows the label %q", word, shown)
				}
			}
			if seen[shown] {
				report("shows the label %q twice", shown)
			}
			seen[shown] = true
		}
	}
	return out
}

// name is a word that is the same in every language: it is in backticks, has a
// capital or a digit, or is all of Latin letters in a text of others.
var latinWord = regexp.MustCompile("`[^`]+`|[A-Za-z][A-Za-z0-9_.-]{2,}")

// twins reports translations that show other labels than the English text, or
// name something that it does not.
func twins(a Alert) []finding.Finding {
	var out []finding.Finding
	for _, language := range slices.Sorted(maps.Keys(a.Translations)) {
		if latin(language) {
			continue // every word there is of Latin letters
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

// saysElsewhere reports whether another English text of the alert, or what it is
// about, names the word.
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

// withoutActions blanks the actions of a template, so that positions stay.
func withoutActions(text string) string {
	return anyAction.ReplaceAllStringFunc(text, func(m string) string { return strings.Repeat(" ", len(m)) })
}

// labelsShown lists the labels that a text shows, each once and sorted: another
// language can have another order.
func labelsShown(text string) string {
	var out []string
	for _, m := range labelAction.FindAllStringSubmatch(text, -1) {
		out = append(out, m[2])
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// sorted yields a map in the order of its keys.
func sorted(m map[string]string) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
