package rules

// Interval is a time that comes again, for routes that are mute then, or
// active only then. Alertmanager's words: "22:00", "monday:friday", "1:7",
// "january:march", "Asia/Seoul".
type Interval struct {
	Name     string
	Times    []TimeRange
	Weekdays []string
	Days     []string // of the month; -1 is the last
	Months   []string
	Location string // of the times; empty is UTC
}

// TimeRange is a part of a day, "22:00" to "24:00". One over midnight is two.
type TimeRange struct{ From, To string }

type amInterval struct {
	Name   string   `yaml:"name"`
	Ranges []amSpan `yaml:"time_intervals"`
}

type amSpan struct {
	Times    []amTimes `yaml:"times,omitempty"`
	Weekdays []string  `yaml:"weekdays,omitempty"`
	Days     []string  `yaml:"days_of_month,omitempty"`
	Months   []string  `yaml:"months,omitempty"`
	Location string    `yaml:"location,omitempty"`
}

type amTimes struct {
	From string `yaml:"start_time"`
	To   string `yaml:"end_time"`
}

func emitIntervals(intervals []Interval) []amInterval {
	var out []amInterval
	for _, i := range intervals {
		span := amSpan{Weekdays: i.Weekdays, Days: i.Days, Months: i.Months, Location: i.Location}
		for _, t := range i.Times {
			span.Times = append(span.Times, amTimes(t))
		}
		out = append(out, amInterval{i.Name, []amSpan{span}})
	}
	return out
}
