package state

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/alertnative/preflight/webhook/message"
)

// The kinds of events that replicas exchange. Every replica that applies the
// events in their order reaches the same state.
const (
	EventNotification = "notification" // a notification was received
	EventCall         = "call"         // of the service of a chat, with the state of the chat that it showed
	EventClosed       = "closed"       // the webhook closed an instance, or it stays closed
	EventOutage       = "outage"       // evaluations are known again after an outage
)

// NotificationEvent is a notification as a replica received it.
type NotificationEvent struct {
	Notify Loudness        `json:"notify"`
	Body   json.RawMessage `json:"body"`
	// Cluster is nil in an event of an earlier version.
	Cluster *string `json:"cluster,omitempty"`
	// Receiver, Chats and Only are those of the [Arrival].
	Receiver string   `json:"receiver,omitempty"`
	Chats    []string `json:"chats,omitempty"`
	Only     bool     `json:"only,omitempty"`
	Held     []string `json:"silent,omitempty"` // fingerprints, see [Arrival]
}

// CallEvent is the outcome of a call. Times are microseconds since 1970.
type CallEvent struct {
	Chat string `json:"chat"`

	// The state of the chat after the call.
	MigratedTo string `json:"migrated_to,omitempty"`
	Dead       string `json:"dead,omitempty"`
	NotBefore  int64  `json:"not_before,omitempty"`

	Sent *SentEvent `json:"sent,omitempty"`
	// Ambiguous is a message that the chat may show, because no answer arrived.
	Ambiguous *SentEvent `json:"ambiguous,omitempty"`
	// Edited and EditedID are the id of the message that shows the present state.
	Edited   int64  `json:"edited,omitempty"`
	EditedID string `json:"edited_id,omitempty"`
}

// Lists reports whether the call showed alerts in its chat, or may have shown them.
func (c CallEvent) Lists() bool {
	return c.Sent != nil && len(c.Sent.Listed) > 0 || c.Ambiguous != nil && len(c.Ambiguous.Listed) > 0
}

// SentEvent is a message that the chat shows.
type SentEvent struct {
	// TelegramID and MessageID are the id in the chat. Both are empty if it is not
	// known.
	TelegramID int64  `json:"telegram_id,omitempty"`
	MessageID  string `json:"message_id,omitempty"`

	Kind  message.Kind `json:"kind"`
	Group string       `json:"group"`
	Rank  int          `json:"rank"`
	Part  int          `json:"part"`
	Parts int          `json:"parts"`
	// Listed are the instances in the message. A summary that lists more later is
	// another event with its id.
	Listed []ListedEvent `json:"listed"`
	Storm  int64         `json:"storm,omitempty"` // the beginning of the storm of a summary
	// FlapOver means that the alert of the message no longer flaps.
	FlapOver bool `json:"flap_over,omitempty"`
}

// SplitID returns the id of a message as a number if it is one, or else as a text.
// The version before knows numbers alone.
func SplitID(id string) (number int64, text string) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != id || number == 0 {
		return 0, id
	}
	return number, ""
}

// JoinID returns the id of a message that [SplitID] split.
func JoinID(number int64, text string) string {
	if number == 0 {
		return text
	}
	return strconv.FormatInt(number, 10)
}

// ID returns the id of the message in the chat, or "".
func (e *SentEvent) ID() string { return JoinID(e.TelegramID, e.MessageID) }

// SetID sets the id of the message in the chat.
func (e *SentEvent) SetID(id string) { e.TelegramID, e.MessageID = SplitID(id) }

// EditID returns the id of the message that was edited, or "".
func (e *CallEvent) EditID() string { return JoinID(e.Edited, e.EditedID) }

// SetEdit sets the id of the message that was edited.
func (e *CallEvent) SetEdit(id string) { e.Edited, e.EditedID = SplitID(id) }

// ListedEvent is an instance in a message, see [Listed].
type ListedEvent struct {
	InstanceKey
	Resolved bool `json:"resolved,omitempty"`
	News     bool `json:"news,omitempty"`
}

// ClosedEvent is the end of an instance.
type ClosedEvent struct {
	InstanceKey
	Ending
}

// Ending is an end without a resolution from Alertmanager.
type Ending struct {
	Reason message.Closed `json:"reason"`
	// Released means that the held resolution counts. In events of earlier
	// versions an empty reason means that.
	Released bool `json:"released,omitempty"`
	// Since is the time of the end, if it is earlier than the decision on it.
	Since time.Time `json:"since,omitzero"`
}

// OutageEvent is an [Outage], in microseconds since 1970.
type OutageEvent struct {
	// Cluster is nil in an event of an earlier version, which concerns all.
	Cluster *string `json:"cluster,omitempty"`
	First   int64   `json:"first"`
	From    int64   `json:"from"`
	To      int64   `json:"to"`
}

// InstanceKey identifies an instance in every replica. The group serves replicas
// of an earlier version, whose keys have no cluster.
type InstanceKey struct {
	Cluster     *string `json:"cluster,omitempty"`
	Chat        string  `json:"chat,omitempty"` // see [Instance]
	Group       string  `json:"group"`
	Fingerprint string  `json:"fingerprint"`
	StartsAt    int64   `json:"starts_at"`
	Episode     int     `json:"episode,omitempty"` // of those with the same start, from 0
}

// Listed is an instance in a message, and how the message shows it.
type Listed struct {
	ID       int64 `json:"id"`
	Resolved bool  `json:"resolved,omitempty"`
	News     bool  `json:"news,omitempty"` // the chat did not show it before
}
