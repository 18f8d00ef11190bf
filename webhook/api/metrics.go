package api

import "github.com/alertnative/preflight/metrics"

// The outcomes of a notification that was posted to the webhook. Alertmanager
// tries again after the last two only.
const (
	Accepted     = "accepted"
	UnknownPath  = "unknown_path" // accepted on a path that the webhook does not know
	Invalid      = "invalid"      // accepted, but it cannot be read
	TooLarge     = "too_large"    // accepted, but it is above the limit of the body's size
	Unauthorized = "unauthorized" // refused: without the bearer token
	Unwritable   = "unwritable"   // refused: the spool could not be written
	Overloaded   = "overloaded"   // refused: the memory for bodies is used up
)

// The kinds of items that are set aside because they cannot be read or applied.
const (
	AsideNotification = "notification" // as it was posted
	AsideInbox        = "inbox"        // an accepted notification
	AsideInstance     = "instance"     // the state of an alert
	AsideMessage      = "message"      // a stored message
	AsideChat         = "chat"         // the state of a chat
	AsideHistory      = "history"      // a change for the history database
	AsideEvent        = "event"        // an event of another replica
)

// AsideKinds are the values of the label "kind" of an item that is set aside.
func AsideKinds() []string {
	return []string{AsideNotification, AsideInbox, AsideInstance, AsideMessage, AsideChat, AsideHistory, AsideEvent}
}

// The reasons for which an accepted notification makes no message.
const (
	Twin     = "twin"     // a retry, or the same notification from the other peer
	Late     = "late"     // a peer sent the alert after its resolution
	Recorded = "recorded" // its receiver asks for no message
	// Unconfirmed: a resolution waits for a review, or the alert was open all along.
	Unconfirmed = "blind"
)

// Causes of the end of an alert. The others are the reasons why the webhook
// closed it.
const (
	EndProved      = "proved" // by an evaluation, or by Prometheus's API
	EndNoHeartbeat = "no_heartbeat"
)

// Ends are the causes of the end of an alert.
func Ends() []string {
	return []string{EndProved, EndNoHeartbeat, "unverified", "rule_removed", "not_evaluated", "silenced", "inhibited", "gone"}
}

// The reasons for which a delivery to a chat is retried.
const (
	RateLimited = "rate_limited"
	Unreachable = "unreachable"
	Ambiguous   = "ambiguous"
	Refused     = "refused"
)

// The outcomes of a reload.
const (
	ReloadApplied = "applied"
	ReloadRefused = "refused" // the previous configuration stays in use
)

// The states of a chat.
const (
	ChatOK          = "ok"
	ChatWaiting     = "waiting"     // its service asked to wait
	ChatUnreachable = "unreachable" // the last call had no answer
	ChatDead        = "dead"        // it takes no message
)

// The states of a replica. A process without replicas has none.
const (
	ReplicaDelivers = "telling" // it holds the lease
	ReplicaStandsBy = "standby" // another replica holds the lease
	ReplicaAlone    = "alone"   // the shared database is unavailable: it delivers the notifications that it receives itself
)

// ReplicaStates are the values of the label "state" of a replica.
func ReplicaStates() []string { return []string{ReplicaDelivers, ReplicaStandsBy, ReplicaAlone} }

// ChatStates are the values of the label "state" of a chat.
func ChatStates() []string { return []string{ChatOK, ChatWaiting, ChatUnreachable, ChatDead} }

// Families is the set of metrics that the webhook emits about itself.
type Families struct {
	Received          metrics.Desc
	UnknownReceiver   metrics.Desc
	Coalesced         metrics.Desc
	Ends              metrics.Desc
	ClockOffset       metrics.Desc
	AcceptDuration    metrics.Desc
	Inbox             metrics.Desc
	InboxAge          metrics.Desc
	SetAside          metrics.Desc
	Delivered         metrics.Desc
	DeliveryDelay     metrics.Desc
	Failed            metrics.Desc
	Retried           metrics.Desc
	AmbiguousCalls    metrics.Desc
	Duplicated        metrics.Desc
	ReplicaState      metrics.Desc
	Backlog           metrics.Desc
	BacklogAge        metrics.Desc
	ChatState         metrics.Desc
	Storms            metrics.Desc
	Storm             metrics.Desc
	Summarized        metrics.Desc
	FlappingEpisodes  metrics.Desc
	SpoolWritable     metrics.Desc
	SpoolReplaced     metrics.Desc
	SpoolDurable      metrics.Desc
	Unprotected       metrics.Desc
	HistoryBacklog    metrics.Desc
	HistoryLag        metrics.Desc
	WatchdogTimestamp metrics.Desc
	Reloads           metrics.Desc
	ReloadSuccessful  metrics.Desc
	BuildInfo         metrics.Desc
}

// NewFamilies describes the webhook's metrics.
func NewFamilies() Families {
	var (
		name  = func(s string) string { return "preflight_webhook_" + s }
		chat  = metrics.Label{Name: "chat"}
		beats = metrics.Label{Name: Cluster}
		retry = metrics.Label{Name: "reason", Values: []string{RateLimited, Unreachable, Ambiguous, Refused}}
	)
	return Families{
		Received: metrics.Desc{
			Name: name("notifications_received_total"), Type: metrics.Counter,
			Labels: []metrics.Label{{Name: "outcome", Values: []string{Accepted, UnknownPath, Invalid, TooLarge, Unauthorized, Unwritable, Overloaded}}},
			Help:   "Notifications posted by Alertmanager.",
		},
		UnknownReceiver: metrics.Desc{
			Name: name("unknown_receiver_notifications_total"), Type: metrics.Counter,
			Help: "Notifications to a receiver that webhook.yml does not have: its alerts are in the default chats.",
		},
		Coalesced: metrics.Desc{
			Name: name("notifications_coalesced_total"), Type: metrics.Counter,
			Labels: []metrics.Label{{Name: "reason", Values: []string{Twin, Late, Recorded, Unconfirmed}}},
			Help:   "Accepted notifications that reported nothing new and made no message of their own.",
		},
		Ends: metrics.Desc{
			Name: name("ends_total"), Type: metrics.Counter, Labels: []metrics.Label{{Name: "cause", Values: Ends()}},
			Help: "Alerts that ended, by the cause.",
		},
		ClockOffset: metrics.Desc{
			Name: name("prometheus_clock_offset_seconds"), Type: metrics.Gauge, Unit: metrics.Seconds, Labels: []metrics.Label{beats},
			Help: "How far the clock of a cluster's Prometheus is ahead of the webhook's, to within some seconds, as the last ten evaluations in heartbeats show.",
		},
		AcceptDuration: metrics.Desc{
			Name: name("accept_duration_seconds"), Type: metrics.Histogram, Unit: metrics.Seconds, Buckets: metrics.LatencyBuckets(),
			Help: "How long it took to commit a notification to the spool.",
		},
		Inbox: metrics.Desc{
			Name: name("inbox"), Type: metrics.Gauge,
			Help: "Accepted notifications that are not yet applied.",
		},
		InboxAge: metrics.Desc{
			Name: name("inbox_age_seconds"), Type: metrics.Gauge, Unit: metrics.Seconds,
			Help: "How long the oldest of the inbox has waited.",
		},
		SetAside: metrics.Desc{
			Name: name("items_set_aside_total"), Type: metrics.Counter,
			Labels: []metrics.Label{{Name: "kind", Values: AsideKinds()}},
			Help:   "Items that could not be read or applied. The others continued without them.",
		},
		Delivered: metrics.Desc{
			Name: name("messages_delivered_total"), Type: metrics.Counter,
			Labels: []metrics.Label{chat, {Name: "kind", Values: []string{"alert", "reminder", "resolution", "digest", "summary", "summary_reminder", "summary_ends", "flapping", "flap", "edit"}}},
			Help:   "Messages and edits that the chat's service confirmed.",
		},
		DeliveryDelay: metrics.Desc{
			Name: name("delivery_delay_seconds"), Type: metrics.Histogram, Unit: metrics.Seconds,
			Labels:  []metrics.Label{{Name: "priority"}},
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800},
			Help:    "Time from the acceptance of a new alert or its resolution until the chat's service confirmed the message.",
		},
		Failed: metrics.Desc{
			Name: name("messages_failed_total"), Type: metrics.Counter, Labels: []metrics.Label{chat},
			Help: "Messages whose text the chat's service refused, formatted and plain: the chat shows only the severity and the name of the alert.",
		},
		Retried: metrics.Desc{
			Name: name("deliveries_retried_total"), Type: metrics.Counter, Labels: []metrics.Label{chat, retry},
			Help: "Calls of the services of the chats that failed and are retried.",
		},
		AmbiguousCalls: metrics.Desc{
			Name: name("deliveries_ambiguous_total"), Type: metrics.Counter, Labels: []metrics.Label{chat},
			Help: "Messages sent without an answer: each can be in the chat once more.",
		},
		Duplicated: metrics.Desc{
			Name: name("messages_duplicated_total"), Type: metrics.Counter, Labels: []metrics.Label{chat},
			Help: "Messages of another replica about an alert that this one had delivered too, while the replicas did not know of each other.",
		},
		ReplicaState: metrics.Desc{
			Name: name("replica_state"), Type: metrics.Gauge, Unit: metrics.Bool,
			Labels: []metrics.Label{{Name: "state", Values: ReplicaStates()}},
			Help:   "1 for the state that the replica is in, 0 for the others.",
		},
		Backlog: metrics.Desc{
			Name: name("backlog"), Type: metrics.Gauge, Labels: []metrics.Label{chat},
			Help: "Alerts whose present state the chat has not been shown.",
		},
		BacklogAge: metrics.Desc{
			Name: name("backlog_age_seconds"), Type: metrics.Gauge, Unit: metrics.Seconds, Labels: []metrics.Label{chat},
			Help: "How long the oldest of the backlog has waited.",
		},
		ChatState: metrics.Desc{
			Name: name("chat_state"), Type: metrics.Gauge, Unit: metrics.Bool,
			Labels: []metrics.Label{chat, {Name: "state", Values: ChatStates()}},
			Help:   "1 for the state the chat is in, 0 for the others.",
		},
		Storms: metrics.Desc{
			Name: name("storms_total"), Type: metrics.Counter, Labels: []metrics.Label{chat},
			Help: "Times that more groups had news than the chat could be shown one by one, so that summaries named them.",
		},
		Storm: metrics.Desc{
			Name: name("storm"), Type: metrics.Gauge, Unit: metrics.Bool, Labels: []metrics.Label{chat},
			Help: "1 while summaries name the groups with news in the chat, else 0.",
		},
		Summarized: metrics.Desc{
			Name: name("alerts_summarized_total"), Type: metrics.Counter, Labels: []metrics.Label{chat},
			Help: "Alerts that a summary showed, or whose end or reminder one showed.",
		},
		FlappingEpisodes: metrics.Desc{
			Name: name("flapping_episodes_total"), Type: metrics.Counter, Labels: []metrics.Label{{Name: "alert"}},
			Help: "Episodes of alerts that flap, by the alert's name. After two hundred names further ones count as other.",
		},
		HistoryBacklog: metrics.Desc{
			Name: name("history_backlog"), Type: metrics.Gauge,
			Help: "Alerts whose present state is not yet in the history database.",
		},
		HistoryLag: metrics.Desc{
			Name: name("history_lag_seconds"), Type: metrics.Gauge, Unit: metrics.Seconds,
			Help: "Age of the oldest change of an alert that is not yet in the history database.",
		},
		SpoolWritable: metrics.Desc{
			Name: name("spool_writable"), Type: metrics.Gauge, Unit: metrics.Bool,
			Help: "1 when a write to the spool succeeds, else 0. Each collection tries it.",
		},
		SpoolReplaced: metrics.Desc{
			Name: name("spool_replaced_total"), Type: metrics.Counter,
			Help: "Times that the spool was damaged, deleted or replaced, and a new file was begun.",
		},
		SpoolDurable: metrics.Desc{
			Name: name("spool_durable"), Type: metrics.Gauge, Unit: metrics.Bool,
			Help: "1 when the spool is on a local disk, 0 in memory, on tmpfs, a network or FUSE, or in the layer of a container.",
		},
		Unprotected: metrics.Desc{
			Name: name("unprotected"), Type: metrics.Gauge, Unit: metrics.Bool,
			Help: "1 when other hosts can post notifications without a token or password, else 0.",
		},
		WatchdogTimestamp: metrics.Desc{
			Name: name("watchdog_timestamp_seconds"), Type: metrics.Gauge, Unit: metrics.Timestamp, Labels: []metrics.Label{beats},
			Help: "The receipt of a cluster's last heartbeat that reported a new evaluation of Prometheus; 0 before the first. The label is empty for a cluster without a name.",
		},
		Reloads: metrics.Desc{
			Name: name("reloads_total"), Type: metrics.Counter, Labels: []metrics.Label{{Name: "outcome", Values: []string{ReloadApplied, ReloadRefused}}},
			Help: "Reloads of the configuration, the secrets and the templates.",
		},
		ReloadSuccessful: metrics.Desc{
			Name: name("config_last_reload_successful"), Type: metrics.Gauge, Unit: metrics.Bool,
			Help: "1 when the last reload was applied, or there was none since the start, else 0.",
		},
		BuildInfo: metrics.Desc{
			Name: name("build_info"), Type: metrics.Gauge, Unit: metrics.Bool,
			Labels: []metrics.Label{{Name: "version"}, {Name: "goversion"}},
			Help:   "1, labelled with the version of the webhook and of Go.",
		},
	}
}

// All returns the families in a fixed order.
func (w Families) All() []metrics.Desc {
	return []metrics.Desc{
		w.Received, w.UnknownReceiver, w.Coalesced, w.Ends, w.ClockOffset, w.AcceptDuration, w.Inbox, w.InboxAge, w.SetAside, w.Delivered, w.DeliveryDelay, w.Failed, w.Retried, w.AmbiguousCalls,
		w.Duplicated, w.ReplicaState,
		w.Backlog, w.BacklogAge, w.ChatState, w.Storms, w.Storm, w.Summarized, w.FlappingEpisodes,
		w.SpoolWritable, w.SpoolReplaced, w.SpoolDurable, w.Unprotected, w.HistoryBacklog, w.HistoryLag, w.WatchdogTimestamp, w.Reloads, w.ReloadSuccessful, w.BuildInfo,
	}
}

// Metrics describes the metrics that the webhook exposes about itself.
func Metrics() []metrics.Desc { return NewFamilies().All() }
