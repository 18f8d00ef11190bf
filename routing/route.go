package routing

// Route sends alerts that match all its matchers to a receiver. Omitted fields
// are inherited from its parent, as in Alertmanager; Mute and Active are not.
type Route struct {
	Match          string
	Receiver       string
	GroupBy        []string // nil: inherited; []string{}: no labels
	GroupWait      string
	GroupInterval  string
	RepeatInterval string
	Continue       bool
	Mute           []string // time intervals in which nothing is sent
	Active         []string // time intervals outside of which nothing is sent
	Routes         []Route

	yaml string
}

// Raw returns a route with its subtree given as YAML. It is proved like others.
func Raw(yaml string) Route {
	if yaml == "" {
		yaml = "\n" // an empty subtree is a mistake, and no route without fields
	}
	return Route{yaml: yaml}
}

// YAML returns the argument of [Raw], or "" for other routes. The argument "" is
// a line break.
func (r Route) YAML() string { return r.yaml }

// TimeInterval is a recurring time, in Alertmanager's terms. Values with one
// name form one time interval, each with its own location.
type TimeInterval struct {
	Name     string
	Times    []string // "22:00-24:00"; a time over midnight needs two
	Weekdays []string // "monday:friday"
	Days     []string // days of the month: "1:7"
	Months   []string
	Years    []string
	Location string // "Europe/Berlin"; empty is UTC
}

// Inhibit suppresses targets while a source with equal labels fires.
type Inhibit struct {
	Source, Target string
	Equal          []string
}
