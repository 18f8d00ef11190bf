package routing

// Route sends what all its matchers match to a receiver. What it leaves out
// comes from its parent, as in Alertmanager; Mute and Active do not.
type Route struct {
	Match          string
	Receiver       string
	GroupBy        []string // nil: that of the parent; []string{}: no labels
	GroupWait      string
	GroupInterval  string
	RepeatInterval string
	Continue       bool
	Mute           []string // time intervals in which nothing is sent
	Active         []string // time intervals outside of which nothing is sent
	Routes         []Route

	yaml string
}

// Raw returns a route with its subtree from YAML, proved like the rest.
func Raw(yaml string) Route { return Route{yaml: yaml} }

// YAML returns what [Raw] was given, "" for other routes.
func (r Route) YAML() string { return r.yaml }

// TimeInterval is a time that comes again, in Alertmanager's words. Those of
// one name are one time interval, each with its own location.
type TimeInterval struct {
	Name     string
	Times    []string // "22:00-24:00"; over midnight it is two
	Weekdays []string // "monday:friday"
	Days     []string // of the month: "1:7"
	Months   []string
	Years    []string
	Location string // "Europe/Berlin"; empty is UTC
}

// Inhibit holds targets back while a source fires with equal labels.
type Inhibit struct {
	Source, Target string
	Equal          []string
}
