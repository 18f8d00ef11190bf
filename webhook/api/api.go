// Package api holds the names that rules and the webhook share: the annotations and
// labels of an alert that the webhook reads, the paths that it serves, the sounds of
// its messages, and the metrics that it exposes. It links no engine.
package api

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Sound is the way in which a message arrives in a chat.
type Sound string

// The sounds.
const (
	Loud   Sound = "loud"   // the message rings
	Silent Sound = "silent" // the message does not ring
	None   Sound = "none"   // no message: an entry in the history only
)

// Sounds returns the sounds, the loudest first.
func Sounds() []Sound { return []Sound{Loud, Silent, None} }

// ParseSound reads the name of a sound.
func ParseSound(name string) (Sound, bool) {
	return Sound(name), slices.Contains(Sounds(), Sound(name))
}

// The annotations that the webhook reads. Each text can have a translation,
// whose name [In] returns.
const (
	Title      = "title"      // the first line of a message: "Preflight FAIL"
	Headline   = "headline"   // the line above the list: "Preflight failed (6/8 PASS, 2 FAIL)"
	ListTitle  = "list_title" // the heading of the list: "Failed Checks"; the summary is then the whole line
	Summary    = "summary"    // one line about an instance
	Reason     = "reason"     // why, from a closed set
	Actions    = "actions"    // recommended actions, one a line
	RunbookURL = "runbook_url"
	Dashboard  = "dashboard_url"
	SilenceURL = "silence_url" // a page that silences the alert
	ImageURL   = "image_url"   // a picture of the alert

	// Description is more about an instance: it stands below the summary, shortened.
	// Without a summary it is the line, and without it Message is.
	Description = "description"
	Message     = "message"
	Value       = "value" // the measured value, in brackets behind the line

	// EvaluatedAt is the time of the last evaluation that found the alert, in
	// Prometheus's clock: RFC 3339.
	EvaluatedAt = "evaluated_at"
	// ResolveWithin is the longest time from that evaluation to a real end of the
	// alert, such as 20s. An alert that ends later has only expired.
	ResolveWithin = "resolve_within"
	// ResolveAfter is the shortest time from that evaluation to a real end of an
	// alert with keep_firing_for, such as 10m.
	ResolveAfter = "resolve_after"
	// PostedTo is set by the webhook: the path of a notification that it does
	// not know.
	PostedTo = "posted_to"
	// LeftOut is set by the webhook: the number of labels and annotations that it
	// dropped, because the alert has too many.
	LeftOut = "left_out"
	// SentBy is set by the webhook for an alert that another program than
	// Alertmanager posted.
	SentBy  = "sent_by"
	Grafana = "grafana"
)

// In returns the name of the translation of a text annotation: "title_ko". An
// empty language is English, which has the plain name.
func In(annotation, language string) string {
	if language == "" || language == "en" {
		return annotation
	}
	return annotation + "_" + language
}

// The labels that the webhook reads.
const (
	Env         = "env"
	Cluster     = "cluster"     // of Alertmanagers, in the alert about its missing heartbeat
	Check       = "check"       // the check whose remedy a message shows
	Source      = "source"      // "pipeline": the alert is about the pipeline itself
	Undelivered = "undelivered" // the name of the undelivered alert for which UrgentUndelivered fires
	Delivery    = "delivery"    // "direct": the webhook may be unable to deliver it

	Direct   = "direct"
	Pipeline = "pipeline"
)

// The paths that Alertmanager posts to.
const (
	AlertsPath   = "/api/v1/alerts"
	PathPrefix   = "/api/v1/"
	WatchdogPath = "/api/v1/watchdog" // the heartbeat, no message
	// ReceiverPrefix precedes the name of a receiver; see [ReceiverPath].
	ReceiverPrefix = "/api/v1/receivers/"

	// NotifyParam is a parameter of AlertsPath: the sound.
	NotifyParam = "notify"
	// ClusterParam is a parameter of every path: the cluster of Alertmanagers, if
	// there are several.
	ClusterParam = "cluster"
)

// Watchdog is the name of the alert that always fires: the heartbeat.
const Watchdog = "Watchdog"

// HeartbeatTimeout is how long the webhook waits for a heartbeat, unless a flag
// says otherwise, before it reports that alerting does not work.
const HeartbeatTimeout = 150 * time.Second

// NotifyPath returns the path for notifications of a cluster with a sound: the
// path and query "/api/v1/alerts?cluster=main&notify=loud". With an empty sound
// each alert's severity decides.
func NotifyPath(s Sound, cluster string) string {
	params := url.Values{}
	if s != "" {
		params.Set(NotifyParam, string(s))
	}
	if cluster != "" {
		params.Set(ClusterParam, cluster)
	}
	return (&url.URL{Path: AlertsPath, RawQuery: params.Encode()}).String()
}

// HeartbeatPath returns the path for the heartbeats of a cluster: the path and
// query "/api/v1/watchdog?cluster=main".
func HeartbeatPath(cluster string) string { return WatchdogPath + clusterQuery(cluster) }

// ReceiverPath returns the path for notifications of a cluster to a receiver of
// webhook.yml: the path and query "/api/v1/receivers/team%20a?cluster=main".
func ReceiverPath(name, cluster string) string {
	return ReceiverPrefix + url.PathEscape(name) + clusterQuery(cluster)
}

func clusterQuery(cluster string) string {
	if cluster == "" {
		return ""
	}
	return "?" + url.Values{ClusterParam: {cluster}}.Encode()
}

// ReceiverOf returns the receiver that an escaped path of [ReceiverPath] names.
// It returns false for other paths. A proxy may have unescaped the path.
func ReceiverOf(escapedPath string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(escapedPath, ReceiverPrefix)
	if !ok || rest == "" {
		return "", false
	}
	if name, err := url.PathUnescape(rest); err == nil {
		return name, true
	}
	return rest, true
}
