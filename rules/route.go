package rules

import (
	"slices"
	"time"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/webhook/api"
)

// Sound says what a receiver's messages do in the chat.
type Sound = api.Sound

// The sounds.
const (
	Loud   = api.Loud
	Silent = api.Silent
	None   = api.None
)

// Receiver is whom a route tells, by one integration or several. Each of them
// is tried by itself: one that fails holds no other.
type Receiver struct {
	Name string
	// Path is where the webhook takes the notification,
	// "/api/v1/alerts?notify=loud"; empty when it is not told.
	Path string
	// Heartbeat posts to [Integrations.HeartbeatURLFile] too.
	Heartbeat bool
	// Fallback is [Loud] or [Silent] for messages by Alertmanager itself to
	// [Integrations.Fallback]; empty for none.
	Fallback Sound
	// FiringOnly leaves resolutions out.
	FiringOnly bool
}

// Timing is how long Alertmanager waits.
type Timing struct {
	GroupWait     time.Duration // for more alerts before the first message of a group
	GroupInterval time.Duration // between messages about changes of a group
	Repeat        time.Duration // before an unchanged group is told again
}

// Route sends the alerts that all its matchers match to a receiver. The first
// route that matches wins, but one with Continue lets the next ones match too.
type Route struct {
	Match    []Matcher
	Receiver string
	GroupBy  []string
	Timing   Timing
	Continue bool
	// MuteDuring and ActiveDuring name intervals: nothing is sent in those, or
	// only then. What fires meanwhile is told when the time is over.
	MuteDuring, ActiveDuring []string
	// Equivalents are the mutants of the route that mean the same.
	Equivalents []finding.Equivalent
}

// Matcher asks for a label's value.
type Matcher struct {
	Label, Value string
}

// Inhibit silences the targets while a source fires that agrees with them in
// the labels of Equal. Alertmanager never sends the resolution of an alert
// that became inhibited: exclude in PromQL where a resolution matters.
type Inhibit struct {
	Source, Target []Matcher
	Equal          []string
	// Equivalents are the mutants of the inhibition that mean the same.
	Equivalents []finding.Equivalent
}

// Routing is the whole of what Alertmanager is told.
type Routing struct {
	Receivers []Receiver
	// Default takes what no route matches: other people's alerts.
	Default Route
	Routes  []Route
	Inhibit []Inhibit
	// Intervals are the times that routes can be mute or active in.
	Intervals []Interval
	// Promises and Quiet are what a person expects of all this. The generated
	// file must keep them.
	Promises []Promise
	Quiet    []Quiet
	// Waivers name findings about the routing that are none.
	Waivers []finding.Waiver
}

// Find returns the routes that alerts with these labels take, in order: at
// least one.
func (r Routing) Find(labels map[string]string) []Route {
	var taken []Route
	for _, route := range r.Routes {
		if slices.ContainsFunc(route.Match, func(m Matcher) bool { return labels[m.Label] != m.Value }) {
			continue
		}
		taken = append(taken, route)
		if !route.Continue {
			return taken
		}
	}
	if len(taken) > 0 { // as Alertmanager does: the default is for what no route matches
		return taken
	}
	return []Route{r.Default}
}

// Receiver returns the receiver of that name.
func (r Routing) Receiver(name string) (Receiver, bool) {
	i := slices.IndexFunc(r.Receivers, func(x Receiver) bool { return x.Name == name })
	if i < 0 {
		return Receiver{}, false
	}
	return r.Receivers[i], true
}
