// Package message says in words what Alertmanager says in JSON: it turns
// alerts into the messages that a Telegram chat shows.
//
// A [Notice] is what there is to tell, a [Formatter] knows the language, the
// time zone and the templates, and the [Message] that comes out keeps every
// rule of Telegram: escaped HTML, at most 4096 characters as Telegram counts
// them, few entities, and no button that Telegram would refuse.
package message

import (
	"time"

	"github.com/prometheus/alertmanager/template"
)

// Kind is what a message is for.
type Kind string

const (
	// Alert tells of alerts that are firing. It is also the form that the
	// message takes by editing once they are resolved.
	Alert Kind = "alert"
	// Reminder tells again of alerts that still fire.
	Reminder Kind = "reminder"
	// Resolution is the quiet reply to an [Alert] that tells of its end.
	Resolution Kind = "resolution"
	// Digest lists alerts that fired and were resolved before they could be
	// told.
	Digest Kind = "digest"
)

// Item is one alert in a notice.
type Item struct {
	template.Alert
	// Resolved says that it no longer fires. Its end is Alert.EndsAt.
	Resolved bool
	// Closed says why nobody told of the end; empty for an ordinary end.
	Closed Closed
}

// Closed is the reason why an alert ended without a resolution from
// Alertmanager.
type Closed string

const (
	// Silenced alerts ended while a silence kept Alertmanager from telling.
	Silenced Closed = "silenced"
	// Inhibited alerts ended while another alert kept Alertmanager from telling.
	Inhibited Closed = "inhibited"
	// Gone alerts are unknown to Alertmanager, for no reason that can be seen.
	Gone Closed = "gone"
	// Superseded alerts fired again before their end was told.
	Superseded Closed = "superseded"
	// NoHeartbeat alerts ended while no evaluation of Prometheus was known.
	NoHeartbeat Closed = "blind"
)

// Duration returns how long the alert has fired, or did.
func (it Item) Duration(now time.Time) time.Duration {
	if it.Resolved {
		now = it.EndsAt
	}
	return max(0, now.Sub(it.StartsAt))
}

// Notice is what a chat is to be told.
type Notice struct {
	Kind  Kind
	Items []Item
	// Firing are the alerts of a group that still fire when a [Resolution]
	// tells of the end of others.
	Firing []Item
	// More counts alerts that fire too and are not listed again.
	More int
	// Truncated counts the alerts that Alertmanager left out (max_alerts).
	Truncated uint64
	Now       time.Time
	// Part and Parts are set on a message that is formatted again after it was
	// split.
	Part, Parts int
}

// Message is what one call of the Bot API shows.
type Message struct {
	HTML    string
	Buttons []Button
	// Items are the indices in the notice's Items of those listed here.
	Items []int
	// Part and Parts number the messages of one notice, from 1.
	Part, Parts int
}

// Text returns the message without formatting, with the addresses of its
// buttons below. It is what is sent when Telegram refuses the formatted one.
func (m Message) Text() string {
	text := Plain(m.HTML)
	for _, b := range m.Buttons {
		text += "\n" + b.Text + ": " + b.URL
	}
	return text
}

// Button opens an address.
type Button struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}
