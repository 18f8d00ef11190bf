package emit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/alertmanager/timeinterval"
	"gopkg.in/yaml.v3"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/internal/emit/amfile"
	"github.com/alertnative/preflight/routing"
)

// amInterval is a time interval in alertmanager.yml.
type amInterval struct {
	Name   string   `yaml:"name"`
	Ranges []amSpan `yaml:"time_intervals"`
}

type amSpan struct {
	Times    []amTimes `yaml:"times,omitempty"`
	Weekdays []string  `yaml:"weekdays,omitempty"`
	Days     []string  `yaml:"days_of_month,omitempty"`
	Months   []string  `yaml:"months,omitempty"`
	Years    []string  `yaml:"years,omitempty"`
	Location string    `yaml:"location,omitempty"`
}

type amTimes struct {
	From string `yaml:"start_time"`
	To   string `yaml:"end_time"`
}

// intervals returns the literal time intervals.
func (b *amBuilder) intervals() []*yaml.Node {
	list, err := intervals(b.Routing.TimeIntervals)
	if err != nil {
		b.fail(finding.Unreadable, "routing, time intervals", "", "%v", err)
	}
	var out []*yaml.Node
	for _, i := range list {
		out = append(out, amfile.Encode(i))
	}
	return out
}

// intervals returns the time intervals. Intervals with one name become one.
func intervals(list []routing.TimeInterval) ([]amInterval, error) {
	var out []amInterval
	var errs []error
	for _, i := range list {
		span := amSpan{Weekdays: i.Weekdays, Days: i.Days, Months: i.Months, Years: i.Years, Location: i.Location}
		for _, t := range i.Times {
			from, to, found := strings.Cut(t, "-")
			if !found {
				errs = append(errs, fmt.Errorf("%q is not a time range", t))
			}
			span.Times = append(span.Times, amTimes{strings.TrimSpace(from), strings.TrimSpace(to)})
		}
		at := slices.IndexFunc(out, func(x amInterval) bool { return x.Name == i.Name })
		if at < 0 {
			out = append(out, amInterval{Name: i.Name})
			at = len(out) - 1
		}
		out[at].Ranges = append(out[at].Ranges, span)
	}
	return out, errors.Join(errs...)
}

// TimeInterval returns a time interval in Alertmanager's form.
func TimeInterval(i routing.TimeInterval) (timeinterval.TimeInterval, error) {
	var out timeinterval.TimeInterval
	list, err := intervals([]routing.TimeInterval{i})
	if err != nil {
		return out, err
	}
	text, err := yaml.Marshal(list[0].Ranges[0])
	if err != nil {
		return out, err
	}
	return out, yaml.Unmarshal(text, &out)
}
