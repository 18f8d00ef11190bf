package definitions

import (
	"fmt"
	"slices"

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
		out = append(out, intervalMistakes(i)...)
	}
	c.eachRoute(func(r routing.Route, root bool) { out = append(out, settingMistakes(r, root)...) })
	return out
}

// settingMistakes reports the settings of a route that Alertmanager refuses.
func settingMistakes(r routing.Route, root bool) []finding.Finding {
	var out []finding.Finding
	add := func(format string, args ...any) {
		out = append(out, finding.Finding{Code: finding.Unreadable, Where: "routing, " + emit.RouteName(r.Match), Reason: fmt.Sprintf(format, args...)})
	}
	if root && r.Continue {
		add("nothing comes after the root route: leave Continue out")
	}
	if root && len(r.Mute)+len(r.Active) > 0 {
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
	return out
}
