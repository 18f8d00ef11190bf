package webhook

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alertnative/preflight/webhook/api"
	"github.com/alertnative/preflight/webhook/deliver"
	"github.com/alertnative/preflight/webhook/history"
	"github.com/alertnative/preflight/webhook/lease"
	"github.com/alertnative/preflight/webhook/transport"
)

// DefaultHeartbeatTimeout fits the shipped routing: one heartbeat may be lost,
// and the timeout ends before Alertmanager lets the first alert expire.
const DefaultHeartbeatTimeout = api.HeartbeatTimeout

// Transport shows messages in the chats of one service, such as Telegram.
type Transport = transport.Transport

// Config configures a [Service].
type Config struct {
	// Spool is the path of the local database, or [spool.InMemory].
	Spool string
	Settings
	Log      *slog.Logger
	Registry prometheus.Registerer
	// If AwaitHeartbeat is set, no heartbeat is expected before the first one
	// has arrived, here or at another replica.
	AwaitHeartbeat bool
	// LevelSounds applies if the URL of a notification names no sound: the
	// severities of the alerts decide the sound. Without it such a notification
	// is loud.
	LevelSounds bool
	// Alertmanagers are the clients that report which alerts fire. There may be
	// none.
	Alertmanagers []*Alertmanager
	// Prometheuses are the clients that report what became of an alert that
	// Alertmanager reports as resolved. There may be none.
	Prometheuses []*Prometheus
	// Replicas is the store shared with other replicas of the same bot. It is
	// nil if there are none.
	Replicas lease.Shared
	// Archive gets the history. If it is nil, the history is only in the spool.
	Archive history.Archive
	// Retention is the time for which an alert is kept after it ended. 0 means
	// 30 days.
	Retention time.Duration
	// Rates limit the rate of calls. The zero value means the limits of the
	// transports.
	Rates deliver.Rates
	// Drain is the maximum duration of a call of a transport when the service
	// stops. 0 means ten seconds.
	Drain time.Duration
}
