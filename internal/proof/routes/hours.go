package routes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/timeinterval"
	"gopkg.in/yaml.v3"
)

// Hours is one range of a time interval, in words.
type Hours struct{ Name, Days, Times, Location string }

// Hours implements [Proof].
func (p *proof) Hours() []Hours {
	var out []Hours
	for _, name := range slices.Sorted(maps.Keys(p.tree.Times.Intervals)) {
		for _, x := range p.tree.Times.Intervals[name] {
			out = append(out, hoursOf(name, x))
		}
	}
	return out
}

func hoursOf(name string, x timeinterval.TimeInterval) Hours {
	h := Hours{Name: name, Location: "UTC"}
	var days, times []string
	for _, part := range []any{x.Weekdays, x.DaysOfMonth, x.Months, x.Years} {
		if text := listed(part); text != "" {
			days = append(days, text)
		}
	}
	for _, r := range x.Times {
		times = append(times, fmt.Sprintf("%02d:%02d-%02d:%02d", r.StartMinute/60, r.StartMinute%60, r.EndMinute/60, r.EndMinute%60))
	}
	if x.Location != nil {
		h.Location = x.Location.String()
	}
	h.Days, h.Times = strings.Join(days, "; "), strings.Join(times, ", ")
	return h
}

// listed returns a list as Alertmanager writes it, with commas.
func listed(list any) string {
	data, err := yaml.Marshal(list)
	var texts []string
	if err != nil || yaml.Unmarshal(data, &texts) != nil {
		return ""
	}
	return strings.Join(texts, ", ")
}
