package definitions

import (
	"fmt"
	"slices"

	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit"
	"github.com/alertnative/preflight/routing"
)

// times reports, by field, time intervals and route settings that Alertmanager
// refuses.
func (c *Checked) times() []finding.Finding {
	var out []finding.Finding
	for _, i := range c.Routing.TimeIntervals {
		where := fmt.Sprintf("routing, time interval %q", i.Name)
		if i.Name == "" {
			out = append(out, finding.Finding{Code: finding.Unreadable, Where: "routing", Reason: "a time interval has no Name"})
		}
		for _, field := range fieldsOf(i) {
			read, err := emit.TimeInterval(field.alone)
			if at := slices.IndexFunc(read.Weekdays, func(w timeinterval.WeekdayRange) bool { return w.Begin > w.End }); err == nil && at >= 0 {
				err = fmt.Errorf("%q ends before it starts, so it never applies", i.Weekdays[at])
			}
			if err != nil {
				out = append(out, finding.Finding{Code: finding.Unreadable, Where: where, Part: field.name, Reason: fmt.Sprintf("%v: %s", err, field.form)})
			}
		}
	}
	for i, r := range append([]routing.Route{c.Routing.Route}, c.Routing.Route.Routes...) {
		where := "routing, " + emit.RouteName(r.Match)
		add := func(format string, args ...any) {
			out = append(out, finding.Finding{Code: finding.Unreadable, Where: where, Reason: fmt.Sprintf(format, args...)})
		}
		if i == 0 && r.Continue {
			add("nothing comes after the root route: leave Continue out")
		}
		if i == 0 && len(r.Mute)+len(r.Active) > 0 {
			add("the root route cannot be muted: give Mute and Active to a route below it")
		}
		for at, name := range r.GroupBy {
			switch {
			case name == "":
				add("GroupBy: a label has no name")
			case slices.Index(r.GroupBy, name) < at:
				add("GroupBy: the label %q is there twice: leave one out", name)
			case name == "..." && len(r.GroupBy) > 1:
				add(`GroupBy: "..." stands for all labels: leave the others out`)
			}
		}
		for _, wait := range []struct{ field, text string }{{"GroupInterval", r.GroupInterval}, {"RepeatInterval", r.RepeatInterval}} {
			if d, err := model.ParseDuration(wait.text); err == nil && d == 0 {
				add("%s is zero, which Alertmanager refuses: write \"1s\" or more", wait.field)
			}
		}
	}
	return out
}

// intervalField is a time interval with one field, and its notation.
type intervalField struct {
	name, form string
	alone      routing.TimeInterval
}

func fieldsOf(i routing.TimeInterval) []intervalField {
	return []intervalField{
		{"Times", `write "22:00-24:00"; over midnight it is two`, routing.TimeInterval{Times: i.Times}},
		{"Weekdays", `write "monday:friday"; the week begins on Sunday, so over Saturday it is two`, routing.TimeInterval{Weekdays: i.Weekdays}},
		{"Days", `write "1:7", or "-1" for the last day`, routing.TimeInterval{Days: i.Days}},
		{"Months", `write "january:march"; over the new year it is two`, routing.TimeInterval{Months: i.Months}},
		{"Years", `write "2026:2028"`, routing.TimeInterval{Years: i.Years}},
		{"Location", `write "Europe/Berlin"`, routing.TimeInterval{Location: i.Location}},
	}
}
