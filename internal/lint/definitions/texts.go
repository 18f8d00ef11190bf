package definitions

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/rules"
)

// texts compares the texts for people with the expressions.
func (c *Checked) texts() []finding.Finding {
	var out []finding.Finding
	for _, a := range c.Alerts {
		out = append(out, c.numbers(a)...)
		if a.Group.FromFile == "" {
			out = append(out, broken(a)...)
			out = append(out, labelWords(a)...)
			out = append(out, c.directions(a)...)
			out = append(out, c.nameDirection(a)...)
			out = append(out, c.inhibitors(a)...)
			out = append(out, twins(a)...)
			out = append(out, c.meanings(a)...)
		}
	}
	out = append(out, c.titles()...)
	return append(out, c.helps()...)
}

// labelAction matches an action with a label, and the word before it.
var labelAction = regexp.MustCompile(`(?:(\w+) )?\{\{-?\s*\$labels\.(\w+)\s*-?\}\}`)

// english returns the texts of an alert by field.
func english(a rules.Alert) map[string]string {
	return map[string]string{
		"Title": a.Title, "Summary": a.Summary, "Headline": a.Headline, "ListTitle": a.ListTitle, "Actions": strings.Join(a.Actions, "\n"),
	}
}

// labelWords reports texts that announce one label and show another, such as
// "chat {{ $labels.job }}", and texts that show a label twice.
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
					report("announces %q but shows the label %q", word, shown)
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

// labelsShown lists the labels in a text, sorted and without duplicates,
// because another language may have another order.
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

// sorted yields a map ordered by key.
func sorted[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// broken reports actions that say nothing, and line breaks in texts of one line.
func broken(a Alert) []finding.Finding {
	var out []finding.Finding
	add := func(part, format string, args ...any) {
		out = append(out, finding.Finding{Code: finding.Incomplete, Where: a.Where, Part: part, Reason: fmt.Sprintf(format, args...)})
	}
	for i, text := range a.Actions {
		if strings.TrimSpace(text) == "" {
			add("Actions", "action %d is empty: write what to do, or leave it out", i+1)
		}
		if strings.Contains(strings.TrimSpace(text), "\n") {
			add("Actions", "action %d has several lines: write several actions", i+1)
		}
	}
	for _, x := range []struct{ part, text string }{{"Title", a.Title}, {"ListTitle", a.ListTitle}} {
		if strings.Contains(strings.TrimSpace(anyAction.ReplaceAllString(x.text, "")), "\n") {
			add(x.part, "it has several lines: write one")
		}
	}
	return out
}
