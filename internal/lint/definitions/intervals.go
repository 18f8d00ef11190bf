package definitions

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/internal/lint/suggest"
	"github.com/alertnative/preflight/routing"
)

// zones are names of time zones, for suggestions.
//
//go:embed zones.txt
var zones string

var (
	weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	months   = []string{
		"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december",
	}
)

// intervalField is a field of a time interval, with its notation.
type intervalField struct {
	name, form string
	values     []string
	alone      func(value string) routing.TimeInterval
	words      []string // words of the notation, for suggestions
}

func fieldsOf(i routing.TimeInterval) []intervalField {
	var location []string
	if i.Location != "" {
		location = []string{i.Location}
	}
	one := func(value string) []string { return []string{value} }
	return []intervalField{
		{"Times", `write "22:00-24:00"`, i.Times, func(v string) routing.TimeInterval { return routing.TimeInterval{Times: one(v)} }, nil},
		{"Weekdays", `write "monday:friday"`, i.Weekdays, func(v string) routing.TimeInterval { return routing.TimeInterval{Weekdays: one(v)} }, weekdays},
		{"Days", `write "1:7", or "-1" for the last day`, i.Days, func(v string) routing.TimeInterval { return routing.TimeInterval{Days: one(v)} }, nil},
		{"Months", `write "january:march"; over the new year it is two`, i.Months, func(v string) routing.TimeInterval { return routing.TimeInterval{Months: one(v)} }, months},
		{"Years", `write "2026:2028"`, i.Years, func(v string) routing.TimeInterval { return routing.TimeInterval{Years: one(v)} }, nil},
		{"Location", `write "Europe/Berlin"`, location, func(v string) routing.TimeInterval { return routing.TimeInterval{Location: v} }, strings.Fields(zones)},
	}
}

// intervalMistakes reports, by field, the values of a time interval that
// Alertmanager refuses or that mean another time.
func intervalMistakes(i routing.TimeInterval) []finding.Finding {
	var out []finding.Finding
	add := func(part, suggestion, format string, args ...any) {
		out = append(out, finding.Finding{Code: finding.Unreadable, Where: fmt.Sprintf("routing, time interval %q", i.Name), Part: part,
			Reason: fmt.Sprintf(format, args...), Suggestion: suggestion})
	}
	if i.Name == "" {
		out = append(out, finding.Finding{Code: finding.Unreadable, Where: "routing", Reason: "a time interval has no Name"})
	}
	if len(i.Times)+len(i.Weekdays)+len(i.Days)+len(i.Months)+len(i.Years) == 0 && i.Name != "" {
		add("", "", "it has no Times, Weekdays, Days, Months or Years, so for Alertmanager it never ends: name the times")
	}
	if i.Location == "Local" {
		add("Location", "", `"Local" is another zone on each machine: write "Europe/Berlin"`)
	}
	for _, field := range fieldsOf(i) {
		for _, value := range field.values {
			_, err := emit.TimeInterval(field.alone(value))
			switch first, second, overnight := overMidnight(value); {
			case err == nil:
			case field.name == "Times" && overnight:
				add(field.name, "", "%q is over midnight: write two ranges, %q and %q%s", value, first, second, onOtherDays(i))
			default:
				add(field.name, nearestWord(value, field.words), "%v: %s", err, field.form)
			}
		}
	}
	return out
}

// overMidnight splits a time range that ends on the next day.
func overMidnight(value string) (first, second string, ok bool) {
	from, to, found := strings.Cut(value, "-")
	first, second = strings.TrimSpace(from)+"-24:00", "00:00-"+strings.TrimSpace(to)
	_, err1 := emit.TimeInterval(routing.TimeInterval{Times: []string{first}})
	_, err2 := emit.TimeInterval(routing.TimeInterval{Times: []string{second}})
	return first, second, found && from != to && err1 == nil && err2 == nil
}

// onOtherDays describes the days of the second part of a night.
func onOtherDays(i routing.TimeInterval) string {
	if len(i.Weekdays)+len(i.Days) == 0 {
		return ""
	}
	return ", the second in another TimeInterval of the name with the days after"
}

// nearestWord returns the word or range of words nearest to a value, quoted, or
// "" if none is near.
func nearestWord(value string, words []string) string {
	parts := strings.Split(value, ":")
	changed := false
	for at, part := range parts {
		if slices.Contains(words, strings.ToLower(part)) {
			continue
		}
		near := cmp.Or(strings.Trim(suggest.Nearest(part, words), `"`), strings.Trim(suggest.Nearest(strings.ToLower(part), words), `"`), full(part, words))
		if near == "" {
			return ""
		}
		parts[at], changed = near, true
	}
	if !changed {
		return ""
	}
	return fmt.Sprintf("%q", strings.Join(parts, ":"))
}

// full returns the only word that starts with an abbreviation, in any case, or
// "".
func full(short string, words []string) string {
	var found []string
	for _, word := range words {
		if len(short) >= 3 && strings.HasPrefix(strings.ToLower(word), strings.ToLower(short)) {
			found = append(found, word)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}
