// Package routing describes the receivers of alerts, the delays and sounds of
// their notifications, and the promises about them. Matchers are strings in
// Alertmanager's syntax, separated by commas: severity="page", team=~"a|b".
// Durations are in Alertmanager's notation: "30s", "4h", "1d".
package routing

import (
	"io/fs"

	"github.com/alertnative/preflight/finding"
	"github.com/alertnative/preflight/webhook/api"
)

// Sound is the sound of a message in a chat.
type Sound = api.Sound

// Sounds: a loud message, a silent message, or no message but an entry in the
// history.
const (
	Loud      = api.Loud
	Silent    = api.Silent
	NoMessage = api.None
)

// Routing has the structure of alertmanager.yml. A pack's Routing applies on
// every site: the Routes of its Route precede those of the site.
type Routing struct {
	YAML          string // alertmanager.yml or a part of it; if it has a route, Route may only have Routes, which precede it
	Templates     fs.FS  // files *.tmpl with templates for the messages of Alertmanager's integrations
	Receivers     []Receiver
	Route         Route // the root route, which takes every alert
	TimeIntervals []TimeInterval
	Inhibit       []Inhibit

	Promises []Promise
	Quiet    []Quiet
	Others   []string // matchers of alerts that other programs send to this Alertmanager: source="legacy". Routes and promises may be for them

	Waivers     []finding.Waiver
	Equivalents []finding.Equivalent
}
