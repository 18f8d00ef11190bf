// Package routing describes who is notified of which alert, how and how soon,
// and what must stay true of it. Matchers are strings in Alertmanager's syntax,
// several separated by commas: severity="page", team=~"a|b". Durations are text
// as Alertmanager writes them: "30s", "4h", "1d".
package routing

import (
	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/webhook/api"
)

// Sound is what a message does in a chat.
type Sound = api.Sound

// The sounds: a message that rings, one that does not, and no message, only an
// entry in the history.
const (
	Loud      = api.Loud
	Silent    = api.Silent
	NoMessage = api.None
)

// Routing has the shape of alertmanager.yml. A pack fills in what holds at every
// site: the Routes of its Route are mounted before those of the site.
type Routing struct {
	YAML          string // an alertmanager.yml or a part of one; with a route in it, Route has only Routes, mounted before its own
	Receivers     []Receiver
	Route         Route // the root takes every alert
	TimeIntervals []TimeInterval
	Inhibit       []Inhibit

	Promises []Promise
	Quiet    []Quiet

	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
}
