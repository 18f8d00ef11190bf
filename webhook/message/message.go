// Package message turns alerts into the messages that a chat shows.
//
// A [Formatter] has the language, the time zone and the templates. It formats a
// [Notice] as one [Message] or several, which keep the limits of the transport: a
// text that is short enough, few formatted parts, and no button that would be
// refused.
//
// The annotations of the alerts decide the text; package api names them.
package message

import (
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/alertnative/preflight/webhook/transport"
)

// Kind is the purpose of a message.
type Kind string

const (
	// Alert shows alerts that fire. Once they are resolved, the message is edited.
	Alert Kind = "alert"
	// Reminder shows again the alerts that still fire.
	Reminder Kind = "reminder"
	// Resolution is the silent reply to an [Alert] when alerts are resolved.
	Resolution Kind = "resolution"
	// Digest lists alerts that were resolved before they could be delivered.
	Digest Kind = "digest"
	// SummaryStart shows the alerts of more groups than the chat can be shown one by
	// one. SummaryReminder shows that they still fire, and SummaryEnds that they
	// were resolved.
	SummaryStart    Kind = "summary"
	SummaryReminder Kind = "summary_reminder"
	SummaryEnds     Kind = "summary_ends"
	// Flapping shows an alert that fires and is resolved again and again, and
	// Flap replies to it when it fires again, or no longer does.
	Flapping Kind = "flapping"
	Flap     Kind = "flap"
)

// Summarizes reports whether messages of the kind are a [Summary].
func (k Kind) Summarizes() bool {
	return k == SummaryStart || k == SummaryReminder || k == SummaryEnds
}

// Item is one alert in a notice.
type Item struct {
	template.Alert
	// Resolved means that the alert no longer fires. Its end is Alert.EndsAt.
	Resolved bool
	// Closed is the reason why the alert ended without a resolution. It is
	// empty for a resolution that is proved.
	Closed Closed
	// Stale means that the alert is open and no Prometheus evaluates it.
	Stale bool
	// AgainAt is when the alert, which is open, started again; zero for never.
	AgainAt time.Time
	// Cluster is the name of the cluster of Alertmanagers.
	Cluster string
	// Silence is the silence that mutes the alert, which is open; zero for none.
	Silence Silence
}

// Silence is a silence of Alertmanager.
type Silence struct {
	Until time.Time `json:"until,omitzero"`
	By    string    `json:"by,omitempty"` // its creator
}

// Closed is the reason why an alert ended otherwise than by a resolution that is
// proved.
type Closed string

const (
	// Silenced alerts ended during a silence, so Alertmanager sent no resolution.
	Silenced Closed = "silenced"
	// Inhibited alerts ended while another alert inhibited them.
	Inhibited Closed = "inhibited"
	// Gone alerts are unknown to Alertmanager, and no suppression explains that.
	Gone Closed = "gone"
	// Superseded alerts fire again, and their end was not reported.
	Superseded Closed = "superseded"
	// Unverified alerts have a resolution that nothing proves.
	Unverified Closed = "unverified"
	// NotEvaluated alerts expired, and nothing was known of them for long.
	NotEvaluated Closed = "not_evaluated"
	// RuleRemoved alerts expired because their rule was removed.
	RuleRemoved Closed = "rule_removed"
	// NoHeartbeat alerts ended while no evaluation of Prometheus was known.
	NoHeartbeat Closed = "blind"
	// Note marks an alert of the webhook itself that reports an event. It has no
	// end, and messages show it as firing.
	Note Closed = "note"
)

// Duration returns the time for which the alert has fired, or fired until its
// end.
func (it Item) Duration(now time.Time) time.Duration {
	if it.Resolved {
		now = it.EndsAt
	}
	return max(0, now.Sub(it.StartsAt))
}

// Notice is the content of a message before it is formatted.
type Notice struct {
	Kind  Kind
	Items []Item
	// Firing are the alerts of a group that still fire, in a [Resolution] of others.
	Firing []Item
	// More counts firing alerts that are not listed again.
	More int
	// Truncated counts the alerts that Alertmanager left out (max_alerts).
	Truncated uint64
	Now       time.Time
	// Flaps is the number of episodes of an alert, in a message about its
	// flapping.
	Flaps Flaps
	// Part and Parts are set on a message that is formatted again after it was
	// split.
	Part, Parts int

	links []transport.Button // more addresses that cannot be buttons, in a sample
}

// Flaps is the number of episodes of an alert that flaps, and their duration.
type Flaps struct {
	Times int
	For   time.Duration
	Over  bool // it no longer flaps
}

// Message is the content of one message.
type Message struct {
	Document transport.Document
	// Items are the indices in the notice's Items of those listed here.
	Items []int
	// Part and Parts number the messages of one notice, from 1.
	Part, Parts int
}
