package message

import (
	"strings"

	"github.com/prometheus/alertmanager/template"
)

// Priority says how urgent an alert is.
type Priority struct {
	// Name is what a message calls it: "P0", or the severity of an alert that
	// has no priority; it can be empty.
	Name string
	// Rank orders deliveries: 0 goes first.
	Rank  int
	Emoji string
}

// PriorityOf reads the label "priority" (P0 to P3), or for alerts of other
// people's rules "severity", by the names in common use.
func PriorityOf(labels template.KV) Priority {
	switch p := strings.ToUpper(labels["priority"]); p {
	case "P0":
		return Priority{p, 0, "🚨"}
	case "P1":
		return Priority{p, 1, "⚠️"}
	case "P2":
		return Priority{p, 2, "🔔"}
	case "P3":
		return Priority{p, 3, "ℹ️"}
	}
	name := strings.ToUpper(shorten(labels["severity"], 20))
	switch strings.ToLower(labels["severity"]) {
	case "critical", "page", "emergency", "fatal":
		return Priority{name, 0, "🚨"}
	case "error", "high", "major", "warning":
		return Priority{name, 1, "⚠️"}
	case "info", "none", "debug":
		return Priority{name, 3, "ℹ️"}
	default:
		return Priority{name, 2, "🔔"}
	}
}
